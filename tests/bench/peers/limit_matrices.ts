/** The matrices that a decode step of a model reads: what is left of it as the machine's limit. */
import { layerBlocks, modelParameters } from "../../../lib/arch/blocks/layer.ts";
import type { Parameter } from "../../../lib/arch/blocks/block.ts";
import type { ArchSpec } from "../../../lib/arch/spec.ts";

/** A row of so many numbers times a matrix: [inputs, outputs]. */
export type LimitMatrix = [inputs: number, outputs: number];

/** Of every layer in order, queries, keys and values as one; then the head. Of a mixture's experts, as many as a token has. */
export function matricesOf(spec: ArchSpec): LimitMatrix[] {
  const head = modelParameters(spec).find(({ name }) => name === (spec.tiedHead ? "embedding" : "head"))!;
  return [
    ...spec.layers.flatMap((layer) => {
      const { mixer, channel } = layerBlocks(spec, layer);
      return [...products(mixer.parameters), ...products(channel.parameters)];
    }),
    [head.cols, head.rows],
  ];
}

function products(parameters: Parameter[]): LimitMatrix[] {
  const found: LimitMatrix[] = [];
  let packed: LimitMatrix | null = null;
  for (const { name, rows, cols, role, share = 1 } of parameters) {
    if (role !== "matrix" && role !== "exact") continue;
    const outputs = Math.round(rows * share);
    if (packed && (name === "k" || name === "v")) {
      packed[1] += outputs;
      continue;
    }
    const matrix: LimitMatrix = [cols, outputs];
    packed = name === "q" ? matrix : packed;
    found.push(matrix);
  }
  return found;
}
