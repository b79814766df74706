/**
 * Attention over two parts: a cache that stays where it is, and the keys and values that this run has made so far. The
 * fused operator copies its whole past once for every head and step; here the cache is only read, and only the new part
 * grows. A token that comes alone multiplies the cache row by row, without the packing of a matrix product, which takes
 * longer than so few rows are worth; several tokens, a prompt, go to the fused operator.
 */
import { GraphBuilder, MS } from "../onnx/graph_builder.ts";
import type { AttentionOperands } from "./blocks/block.ts";
import type { Decoder } from "./decoder.ts";
import { Nodes } from "./nodes.ts";
import type { AttentionSpec } from "./spec.ts";

type CachedKind = "key" | "value";

/** Names of the values that the attention reads and gives. */
export interface SplitAttentionInputs {
  /** bool []: whether the rows have one token each. */
  alone: string;
  /** int64 [batch, tokens]: where each token stands in its sequence. */
  positions: string;
  /** float32 [batch, 1, 1, capacity]: 0 where a slot of the cache holds a token of the row, the lowest float elsewhere. */
  cacheBias: string;
  /** int64 [2]: slots of the cache, and new tokens with this one; for tokens that come alone. */
  widths: string;
  /** int32 [batch] and int32 []: as the fused operator reads them. */
  seqlens: string;
  totalLength: string;
  /** int64 [1] each: the slots of a prompt's tokens behind those of the cache, the same for all its rows. */
  promptSlots: { start: string; end: string };
  /** Key or value of a layer, float32 [batch, kvHeads, capacity, headDim]. */
  cache(layer: number, kind: CachedKind): string;
  /** The same values as [batch, kvHeads, 1, capacity, headDim]. */
  cacheForGroups(layer: number, kind: CachedKind): string;
  /** Those of the new tokens before this turn, [batch, kvHeads, new tokens, headDim]; none before a prompt. */
  before(layer: number, kind: CachedKind): string;
  /** The name that those of this run get. */
  after(layer: number, kind: CachedKind): string;
}

/** The `attend` of a decoder. */
export function splitAttention(
  root: GraphBuilder,
  g: GraphBuilder,
  decoder: Decoder,
  inputs: SplitAttentionInputs,
): (layer: number, operands: AttentionOperands) => string {
  return (layer, given) => {
    const attended = g.fresh("attended"), made = [inputs.after(layer, "key"), inputs.after(layer, "value")];
    g.node("If", [inputs.alone], {
      then_branch: { graph: oneToken(layer, given) },
      else_branch: { graph: prompt(layer, given) },
    }, { outputs: [attended, ...made] });
    return attended;
  };

  function branch(name: string, layer: number, emit: (nodes: Nodes) => [string, string, string]): GraphBuilder {
    const { heads, kvHeads, headDim } = mixerOf(layer), b = new GraphBuilder(name, `${name}_${layer}/`);
    const [attended, ...made] = emit(new Nodes(root, b));
    b.output(attended, "float32", ["batch", "tokens", heads * headDim]);
    for (const one of made) b.output(one, "float32", ["batch", kvHeads, "made", headDim]);
    return b;
  }

  function mixerOf(layer: number): AttentionSpec {
    return decoder.spec.layers[layer].mixer as AttentionSpec;
  }

  /** Rotary positions of the first `dims` of each head; [batch, tokens, heads * size] or [batch, heads, tokens, size]. */
  function rotated(b: GraphBuilder, x: string, layer: number, heads: number): string {
    const { cos, sin, dims } = decoder.rope(layer)!;
    return b.node("RotaryEmbedding", [x, inputs.positions, cos, sin], {
      num_heads: heads,
      rotary_embedding_dim: dims,
    }, { domain: MS });
  }

  function oneToken(layer: number, given: AttentionOperands): GraphBuilder {
    const { heads, kvHeads, headDim, softcap, scale = 1 / Math.sqrt(headDim) } = mixerOf(layer),
      group = heads / kvHeads;
    return branch("one_token", layer, (nodes) => {
      const { g: b } = nodes;
      const { query, key, value } = turned(nodes, layer, given);
      const grown = (kind: CachedKind, x: string) => b.node("Concat", [inputs.before(layer, kind), x], { axis: 2 });
      const keys = grown("key", key), values = grown("value", value);

      const scaled = b.node("Mul", [query, nodes.float(scale)]);
      const capped = (scores: string) =>
        softcap === undefined
          ? scores
          : b.node("Mul", [b.node("Tanh", [b.node("Div", [scores, nodes.float(softcap)])]), nodes.float(softcap)]);
      const products = b.node("MatMul", [
        inputs.cacheForGroups(layer, "key"),
        nodes.reshape(scaled, [0, kvHeads, group, headDim, 1]),
      ]); // [batch, kvHeads, group, capacity, 1]
      const old = b.node("Add", [capped(nodes.reshape(products, [0, kvHeads, group, -1])), inputs.cacheBias]);
      const rows = nodes.reshape(scaled, [0, kvHeads, group, headDim]);
      const fresh = capped(b.node("FusedMatMul", [rows, keys], { transB: 1 }, { domain: MS }));
      const p = b.node("Softmax", [b.node("Concat", [old, fresh], { axis: 3 })], { axis: 3 });
      const pOld = b.fresh("p_old"), pNew = b.fresh("p_new");
      b.node("Split", [p, inputs.widths], { axis: 3 }, { outputs: [pOld, pNew] });
      const fromCache = b.node("MatMul", [
        nodes.reshape(pOld, [0, kvHeads, group, 1, -1]),
        inputs.cacheForGroups(layer, "value"),
      ]); // [batch, kvHeads, group, 1, headDim]
      const joined = (x: string) => nodes.reshape(x, [0, 1, heads * headDim]);
      const sum = b.node("Add", [joined(fromCache), joined(b.node("MatMul", [pNew, values]))]);
      return [sum, keys, values];
    });
  }

  /** Queries and keys with their rotary positions, and values, of one token: [batch, heads, 1, headDim] each. */
  function turned(nodes: Nodes, layer: number, { query, key, value }: AttentionOperands): AttentionOperands {
    const { heads, kvHeads, headDim } = mixerOf(layer);
    // With one token, its heads follow each other as they would after a transposition.
    const byHead = (x: string, count: number) => nodes.reshape(x, [0, count, 1, headDim]);
    if (key !== "") {
      return {
        query: rotated(nodes.g, byHead(query, heads), layer, heads),
        key: rotated(nodes.g, byHead(key, kvHeads), layer, kvHeads),
        value: byHead(value, kvHeads),
      };
    }
    const [turning, v] = nodes.split(byHead(query, heads + 2 * kvHeads), [heads + kvHeads, kvHeads], 1);
    const [q, k] = nodes.split(rotated(nodes.g, turning, layer, heads + kvHeads), [heads, kvHeads], 1);
    return { query: q, key: k, value: v };
  }

  function prompt(layer: number, { query, key, value }: AttentionOperands): GraphBuilder {
    const { heads, kvHeads, headDim, scale, softcap } = mixerOf(layer), { cos, sin, dims } = decoder.rope(layer)!;
    return branch("prompt", layer, (nodes) => {
      const { g: b } = nodes;
      // The kernel's own rotation takes only whole multiples of 16 dimensions.
      const itself = dims % 16 === 0;
      let operands = [query, key, value];
      if (!itself) {
        const [q, k, v] = key !== ""
          ? operands
          : nodes.split(query, [heads * headDim, kvHeads * headDim, kvHeads * headDim], 2);
        operands = [rotated(b, q, layer, heads), rotated(b, k, layer, kvHeads), v];
      }
      const attended = b.fresh("attended"), present = [b.fresh("keys"), b.fresh("values")];
      b.node("GroupQueryAttention", [
        ...operands,
        inputs.cache(layer, "key"),
        inputs.cache(layer, "value"),
        inputs.seqlens,
        inputs.totalLength,
        ...(itself ? [cos, sin] : []),
      ], {
        num_heads: heads,
        kv_num_heads: kvHeads,
        do_rotary: itself ? 1 : 0,
        ...(scale === undefined ? {} : { scale: { float: scale } }),
        ...(softcap === undefined ? {} : { softcap: { float: softcap } }),
      }, { domain: MS, outputs: [attended, ...present] });
      const { start, end } = inputs.promptSlots;
      const [keys, values] = present.map((all) => b.node("Slice", [all, start, end, nodes.int64([2])]));
      return [attended, keys, values];
    });
  }
}
