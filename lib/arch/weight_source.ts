/** Where an architecture's numbers come from, by names that every file format is mapped to. */
import type { ArchSpec, LayerSpec } from "./spec.ts";
import type { Matrix } from "./quant_blocks.ts";

export type LayerMatrix = "attentionNorm" | "q" | "k" | "v" | "o" | "mlpNorm" | "gate" | "up" | "down";

export interface WeightSource {
  /** As shown to people: a file's name, or "random, seed 0". */
  label: string;
  /** The format most weights are stored in, e.g. "Q4_1"; null where they are plain fp32. */
  storedAs: string | null;
  embedding(): Promise<Matrix>;
  /** The output matrix, [vocabSize][hiddenSize]; asked only of an untied model. */
  head(): Promise<Matrix>;
  finalNorm(): Promise<Matrix>;
  /** A matrix of layer `index` of the file, [out][in]. */
  layer(index: number, matrix: LayerMatrix): Promise<Matrix>;
}

/** [rows, cols] that a layer's matrix must have. */
export function layerMatrixShape(spec: ArchSpec, layer: LayerSpec, matrix: LayerMatrix): [number, number] {
  const { heads, kvHeads, headDim } = layer.mixer;
  const hidden = spec.hiddenSize, inner = layer.channel.intermediateSize;
  switch (matrix) {
    case "q":
      return [heads * headDim, hidden];
    case "k":
    case "v":
      return [kvHeads * headDim, hidden];
    case "o":
      return [hidden, heads * headDim];
    case "gate":
    case "up":
      return [inner, hidden];
    case "down":
      return [hidden, inner];
    case "attentionNorm":
    case "mlpNorm":
      return [1, hidden];
  }
}
