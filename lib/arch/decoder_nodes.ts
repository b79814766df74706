/** The nodes that every graph of a decoder shares: embedding, layers, final norm, head. */
import { type GraphBuilder, MS } from "../onnx/graph_builder.ts";
import type { PackedBlocks, PackedLinear, PackedTensor, PackedWeights } from "./packed_weights.ts";
import type { ArchSpec } from "./spec.ts";

/** What one forward pass reads. */
export interface DecoderInputs {
  /** int64 [batch, tokens] */
  ids: string;
  /** Emits a layer's attention: packed queries, keys and values [batch, tokens, (heads + 2 kvHeads) * headDim] in, heads out. */
  attend(layer: number, qkv: string): string;
}

/**
 * Emits nodes into `g`, while weights and constants go to `root` (the same builder, or the outer one of a subgraph).
 */
export class DecoderNodes {
  readonly #blockSums = new Map<string, string>();

  constructor(
    readonly root: GraphBuilder,
    readonly g: GraphBuilder,
    readonly spec: ArchSpec,
    readonly weights: PackedWeights,
  ) {}

  /** Embedding, layers and final norm: float32 [batch, tokens, hidden]. */
  hidden(inputs: DecoderInputs): string {
    const { g, spec, weights } = this;
    const epsilon = { float: spec.norm.epsilon };
    let residual = this.#embed(inputs.ids);
    let delta: string | null = null; // the last block's output, not yet added
    const norm = (weight: PackedTensor): string => {
      if (delta === null) {
        return g.node("SimplifiedLayerNormalization", [residual, this.#weight(weight)], { axis: -1, epsilon });
      }
      const sum = g.fresh("residual"), normed = g.fresh("normed");
      g.node("SkipSimplifiedLayerNormalization", [residual, delta, this.#weight(weight)], { epsilon }, {
        domain: MS,
        outputs: [normed, "", "", sum],
      });
      residual = sum;
      return normed;
    };
    spec.layers.forEach((_, i) => {
      const layer = weights.layers[i];
      const attended = inputs.attend(i, this.linear(norm(layer.attentionNorm), layer.qkv));
      delta = this.linear(attended, layer.o);
      const x = norm(layer.mlpNorm);
      // QuickGelu with alpha 1 is x * sigmoid(x), SiLU, in one pass.
      const gate = g.node("QuickGelu", [this.linear(x, layer.gate)], { alpha: { float: 1 } }, { domain: MS });
      delta = this.linear(g.node("Mul", [gate, this.linear(x, layer.up)]), layer.down);
    });
    return norm(weights.finalNorm);
  }

  /** Tables of the rotary positions, [contextLength, headDim / 2] each. */
  rotaryTables(): { cos: string; sin: string } {
    return { cos: this.#weight(this.weights.cos), sin: this.#weight(this.weights.sin) };
  }

  /** Logits of rows of the hidden state: [rows, hidden] -> [rows, vocabSize]. */
  head(rows: string): string {
    return this.linear(rows, this.weights.head, 2);
  }

  /** x times a matrix; `rank` is the number of x's axes. */
  linear(x: string, linear: PackedLinear, rank = 3): string {
    switch (linear.form) {
      case "dense":
        return this.g.node("MatMul", [x, this.#weight(linear.weight)]);
      case "transposed":
        return this.g.node("FusedMatMul", [x, this.#weight(linear.weight)], { transB: 1 }, { domain: MS });
      case "blocks":
        return this.#matMulBlocks(x, linear, rank);
    }
  }

  #matMulBlocks(x: string, m: PackedBlocks, rank: number): string {
    const { g } = this;
    const operands = [x, this.#weight(m.q), this.#weight(m.scales)];
    if (m.zeroPoints) operands.push(this.#weight(m.zeroPoints));
    // accuracy_level 4 (int8 activations): the other levels dequantise on every call.
    const product = g.node("MatMulNBits", operands, {
      K: m.inputs,
      N: m.outputs,
      bits: m.bits,
      block_size: m.blockSize,
      accuracy_level: 4,
    }, { domain: MS });
    if (!m.minima) return product;
    const sums = this.#sumsOfBlocks(x, rank, m.inputs, m.blockSize);
    return g.node("Add", [product, g.node("MatMul", [sums, this.#weight(m.minima)])]);
  }

  /** The sum of every block of the last axis; the matrices that read the same input share it. */
  #sumsOfBlocks(x: string, rank: number, inputs: number, blockSize: number): string {
    const key = `${x}/${blockSize}`;
    const known = this.#blockSums.get(key);
    if (known) return known;
    const dims = [...new Array(rank - 1).fill(0), inputs / blockSize, blockSize]; // 0 keeps an axis
    const shape = this.root.constant(`blocks_${dims.join("x")}`, "int64", [dims.length], dims);
    const axis = this.root.constant("last_axis", "int64", [1], [-1]);
    const sums = this.g.node("ReduceSum", [this.g.node("Reshape", [x, shape]), axis], { keepdims: 0 });
    this.#blockSums.set(key, sums);
    return sums;
  }

  #embed(ids: string): string {
    const e = this.weights.embedding;
    if (e.form === "dense") return this.g.node("Gather", [this.#weight(e.table), ids]);
    return this.g.node("GatherBlockQuantized", [this.#weight(e.q), ids, this.#weight(e.scales)], {
      bits: e.bits,
      block_size: e.blockSize,
      gather_axis: 0,
      quantize_axis: 1,
    }, { domain: MS });
  }

  #weight(t: PackedTensor): string {
    return this.root.weight(t.name, t.type, t.dims, t);
  }
}

/** What a mask adds to a score that must not count: the lowest float, as transformers does. */
export const HIDDEN = -3.4028234663852886e38;

/** Element type of the caches. */
export function cacheType(spec: ArchSpec): "float32" | "int8" {
  return spec.kvCache === "int8" ? "int8" : "float32";
}

/** Declare the scales of an int8 cache as inputs, float32 [1, kvHeads, 1, headDim] for every layer and kind. */
export function scaleInputs(g: GraphBuilder, spec: ArchSpec): void {
  if (spec.kvCache !== "int8") return;
  forEachCache(spec, (layer, kind, kvHeads, headDim) => {
    g.input(scaleName(layer, kind), "float32", [1, kvHeads, 1, headDim]);
  });
}

/** Name of the input that holds the scales of an int8 cache. */
export function scaleName(layer: number, kind: "key" | "value"): string {
  return `scale.${layer}.${kind}`;
}

/** Name of a cache input or output, the same in every graph. */
export function cacheName(which: "past" | "present", layer: number, kind: "key" | "value"): string {
  return `${which}.${layer}.${kind}`;
}

/** Calls `visit` for the key and the value of every layer, in the order of the graphs' inputs. */
export function forEachCache(
  spec: ArchSpec,
  visit: (layer: number, kind: "key" | "value", kvHeads: number, headDim: number) => void,
): void {
  spec.layers.forEach(({ mixer }, layer) => {
    for (const kind of ["key", "value"] as const) visit(layer, kind, mixer.kvHeads, mixer.headDim);
  });
}
