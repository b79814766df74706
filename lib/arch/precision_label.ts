/** A precision as people see it: with what the weights were rounded to before, and what "stored" made of them. */
import type { PackedWeights } from "./packed_weights.ts";
import type { PackedLinear } from "./packer.ts";
import type { Precision } from "./model_ref.ts";

/**
 * "fp32", "fp32 (from Q4_K_M, 4.9 bits a weight)", "stored (Q4_K_M, 4.9 bits a weight, as int4 blocks + int8 blocks,
 * weight error 0)": that is against the file, since every format of GGUF fits our blocks number by number.
 *
 * @param storedAs The format of the weights' file; null for random weights.
 */
export function precisionLabel(precision: Precision, storedAs: string | null, weights: PackedWeights): string {
  if (precision !== "stored") return storedAs && storedAs !== "F32" ? `${precision} (from ${storedAs})` : precision;
  return storedAs ? `stored (${storedAs}, as ${formsOf(weights).join(" + ")}, weight error 0)` : "fp32";
}

/** The forms that matrices are multiplied in, the commonest first. */
function formsOf(weights: PackedWeights): string[] {
  const values = new Map<string, number>();
  const add = (form: string, count: number) => values.set(form, (values.get(form) ?? 0) + count);
  const visit = (value: unknown): void => {
    if (!isLinear(value)) Object.values(value ?? {}).forEach((inner) => typeof inner === "object" && visit(inner));
    else if (value.form === "blocks") add(`int${value.bits} blocks`, value.inputs * value.outputs);
    else add("fp32", value.weight.dims[0] * value.weight.dims[1]);
  };
  visit(weights);
  return [...values].sort((a, b) => b[1] - a[1]).map(([form]) => form);
}

/** The table of an embedding, which is looked up, has neither field. */
function isLinear(value: unknown): value is PackedLinear {
  return typeof value === "object" && value !== null && "form" in value && ("weight" in value || "outputs" in value);
}
