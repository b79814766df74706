/** The parameters of an architecture as one vector: their names in a weights file, their places, their first values. */
import { layerParameters, modelParameters } from "../arch/blocks/layer.ts";
import type { Parameter } from "../arch/blocks/block.ts";
import { dequantise } from "../arch/quant_blocks.ts";
import { randomWeights } from "../arch/random_weights.ts";
import type { ArchSpec } from "../arch/spec.ts";
import { size } from "./ops.ts";

export interface PlacedParameter {
  /** As in a weights file: "embedding", "layers.0.q". */
  name: string;
  /** [cols] of a vector, else [rows, cols]. */
  dims: number[];
  /** Index of its first number in the vector. */
  offset: number;
  /** Whether weight decay applies: to matrices and kernels, not to norms, biases and decays. */
  decays: boolean;
}

export interface ParameterPlan {
  parameters: PlacedParameter[];
  /** Numbers in the vector. */
  count: number;
}

/** Where each parameter stands; layers that take their weights from the same one share them. */
export function planParameters(spec: ArchSpec): ParameterPlan {
  const parameters = new Map<string, PlacedParameter>();
  let count = 0;
  const place = (prefix: string, { name, role, rows, cols }: Parameter) => {
    if (parameters.has(prefix + name)) return;
    const dims = role === "vector" && rows === 1 ? [cols] : [rows, cols];
    parameters.set(prefix + name, { name: prefix + name, dims, offset: count, decays: dims.length > 1 });
    count += size(dims);
  };
  for (const parameter of modelParameters(spec)) place("", parameter);
  spec.layers.forEach((layer, i) => {
    for (const parameter of layerParameters(spec, layer)) place(`layers.${layer.weightsLayer ?? i}.`, parameter);
  });
  return { parameters: [...parameters.values()], count };
}

/**
 * Seeded first values: `randomWeights`, with what writes to the residual stream divided by sqrt(2 * layers), so that the
 * stream does not grow with depth (Radford et al. 2019, section 2.3).
 */
export async function initialParameters(spec: ArchSpec, seed: number): Promise<Float32Array> {
  const { parameters, count } = planParameters(spec), source = randomWeights(spec, seed);
  const values = new Float32Array(count), residual = (2 * spec.layers.length) ** -0.5;
  for (const { name, offset } of parameters) {
    const [, layer, inLayer] = /^layers\.(\d+)\.(.+)$/.exec(name) ?? [];
    const own = dequantise(layer === undefined ? await source.model(name) : await source.layer(Number(layer), inLayer));
    values.set(inLayer === "o" || inLayer === "down" ? own.map((w) => w * residual) : own, offset);
  }
  return values;
}
