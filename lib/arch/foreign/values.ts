/** Inputs and outputs of a graph, as layouts look at them and errors name them. */
import type { Dim, OnnxValue } from "../../onnx/onnx_model.ts";

export function isInt({ type }: OnnxValue): boolean {
  return type === "int64" || type === "int32";
}

export function isFloat({ type }: OnnxValue): boolean {
  return type === "float32" || type === "float16";
}

/** -1 where the file gives no shape. */
export function rank({ dims }: OnnxValue): number {
  return dims?.length ?? -1;
}

/** Name, type and shape: `"pixels" (float32 [batch, 3, 8, 8])`. */
export function shownValue({ name, type, dims }: OnnxValue): string {
  return `"${name}" (${type} [${dims?.map((d: Dim) => d === "" ? "?" : d).join(", ") ?? "of any shape"}])`;
}
