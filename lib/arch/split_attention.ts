/**
 * Attention by plain operators over two parts: a cache that stays where it is, and the keys and values that this run has
 * made so far. The fused operator copies its whole past once for every head and step; here the cache is read once for
 * all heads that share it, and only the new part grows.
 */
import { type GraphBuilder, MS } from "../onnx/graph_builder.ts";
import type { AttentionOperands } from "./blocks/block.ts";
import type { Decoder } from "./decoder.ts";
import type { AttentionSpec } from "./spec.ts";

/** Names of the values that the attention reads and gives. */
export interface SplitAttentionInputs {
  /** int64 [batch, tokens]: where each token stands in its sequence. */
  positions: string;
  /** float32 [batch, 1, 1, capacity]: 0 where a slot of the cache holds a token of the row, the lowest float elsewhere. */
  cacheBias: string;
  /** float32 [1, 1, 1, tokens, new tokens]: 0 where a token sees a new one. */
  newBias: string;
  /** Key or value of a layer, float32 [batch, kvHeads, capacity, headDim]. */
  cache(layer: number, kind: "key" | "value"): string;
  /** The same of the new tokens before this turn, [batch, kvHeads, new tokens, headDim]. */
  before(layer: number, kind: "key" | "value"): string;
  /** The name that those of this run get. */
  after(layer: number, kind: "key" | "value"): string;
}

/** The `attend` of a decoder. */
export function splitAttention(
  root: GraphBuilder,
  g: GraphBuilder,
  decoder: Decoder,
  inputs: SplitAttentionInputs,
): (layer: number, operands: AttentionOperands) => string {
  const int64 = (values: number[]) =>
    root.constant(`i64_${values.join("_").replaceAll("-", "m")}`, "int64", [values.length], values);
  const rowBiases = new Map<number, string>();

  return (layer, { query: qkv }) => {
    const { heads, kvHeads, headDim } = decoder.spec.layers[layer].mixer as AttentionSpec;
    const { cos, sin, dims } = decoder.rope(layer)!;
    const group = heads / kvHeads;
    const q = g.fresh("q"), k = g.fresh("k"), v = g.fresh("v");
    g.node("Split", [qkv, int64([heads * headDim, kvHeads * headDim, kvHeads * headDim])], { axis: 2 }, {
      outputs: [q, k, v],
    });
    const rotated = (x: string, count: number) =>
      g.node("RotaryEmbedding", [x, inputs.positions, cos, sin], {
        num_heads: count,
        rotary_embedding_dim: dims,
      }, { domain: MS });
    const byHead = (x: string, count: number) =>
      g.node("Transpose", [g.node("Reshape", [x, int64([0, 0, count, headDim])])], { perm: [0, 2, 1, 3] });
    const grown = (kind: "key" | "value", x: string) =>
      g.node("Concat", [inputs.before(layer, kind), x], { axis: 2 }, { outputs: [inputs.after(layer, kind)] });
    const keys = grown("key", byHead(rotated(k, kvHeads), kvHeads));
    const values = grown("value", byHead(v, kvHeads));
    // The query heads that share a key head are rows of one matrix product: [batch, kvHeads, group * tokens, headDim].
    const rows = g.node("Reshape", [byHead(rotated(q, heads), heads), int64([0, kvHeads, -1, headDim])]);

    const scores = (to: string) =>
      g.node("FusedMatMul", [rows, to], { transB: 1, alpha: { float: 1 / Math.sqrt(headDim) } }, { domain: MS });
    const old = g.node("Add", [scores(inputs.cache(layer, "key")), inputs.cacheBias]);
    const fresh = g.node("Add", [scores(keys), rowBias(group)]);
    const p = g.node("Softmax", [g.node("Concat", [old, fresh], { axis: 3 })], { axis: 3 });
    const pOld = g.fresh("p_old"), pNew = g.fresh("p_new");
    const widths = g.node("Concat", [
      g.node("Shape", [inputs.cacheBias], { start: 3, end: 4 }),
      g.node("Shape", [keys], { start: 2, end: 3 }),
    ], { axis: 0 });
    g.node("Split", [p, widths], { axis: 3 }, { outputs: [pOld, pNew] });
    const sum = g.node("Add", [
      g.node("MatMul", [pOld, inputs.cache(layer, "value")]),
      g.node("MatMul", [pNew, values]),
    ]);
    const tokens = g.node("Shape", [qkv], { start: 1, end: 2 });
    const split = g.node("Concat", [int64([0, heads]), tokens, int64([headDim])], { axis: 0 });
    const perToken = g.node("Transpose", [g.node("Reshape", [sum, split])], { perm: [0, 2, 1, 3] });
    return g.node("Reshape", [perToken, int64([0, 0, heads * headDim])]);
  };

  /** The bias of new tokens for `group` query heads after one another: [1, 1, group * tokens, new tokens]. */
  function rowBias(group: number): string {
    let bias = rowBiases.get(group);
    if (!bias) {
      const repeated = g.node("Expand", [inputs.newBias, int64([1, 1, group, 1, 1])]);
      const width = g.node("Shape", [inputs.newBias], { start: 4, end: 5 });
      bias = g.node("Reshape", [repeated, g.node("Concat", [int64([1, 1, -1]), width], { axis: 0 })]);
      rowBiases.set(group, bias);
    }
    return bias;
  }
}
