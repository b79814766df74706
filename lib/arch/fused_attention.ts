/** Attention by onnxruntime's fused operator, which copies the past in front of the new keys and values. */
import { MS } from "../onnx/graph_builder.ts";
import type { AttentionOperands, DecoderInputs } from "./blocks/block.ts";
import type { Decoder } from "./decoder.ts";
import { scaleName } from "./states.ts";
import type { AttentionSpec } from "./spec.ts";
import { alibiSlopes, visibleOf } from "./visible.ts";

/** Names of the values that the fused attention reads beside the decoder's inputs. */
export interface FusedAttentionInputs {
  /** int32 [batch]: total length - 1, the past included. */
  seqlens: string;
  /** int32, a scalar: the longest total length. */
  totalLength: string;
  /**
   * Whether positions and masks are the decoder's inputs instead of causal order, for tree scoring. A window is then in
   * the bias, since the kernel's own window counts cache slots, not positions.
   */
  tree: boolean;
}

/** Attributes when keys and values are kept as int8, with a scale for each channel. */
const INT8_CACHE = { kv_cache_bit_width: 8, k_quant_type: "PER_CHANNEL", v_quant_type: "PER_CHANNEL" };

/** The `attend` of a decoder. */
export function fusedAttention(
  decoder: Decoder,
  inputs: Omit<DecoderInputs, "attend" | "ids">,
  { seqlens, totalLength, tree }: FusedAttentionInputs,
): DecoderInputs["attend"] {
  const { nodes, spec } = decoder;
  const { g } = nodes;
  return (layer, given: AttentionOperands) => {
    const mixer = spec.layers[layer].mixer as AttentionSpec;
    const tables = decoder.rope(layer), position = mixer.position ?? spec.position;
    // The kernel's own rotation takes only whole multiples of 16 dimensions.
    const rope = tables && tables.dims % 16 === 0 ? tables : null;
    const { query, key, value } = tables && !rope ? rotated(given, mixer, tables) : given;
    const byBias = tree || Boolean(mixer.sinks) || position.kind === "alibi";
    const k = inputs.state(layer, "key"), v = inputs.state(layer, "value");
    const int8 = spec.kvCache === "int8";
    const operands = [
      ...[query, key, value, k.past, v.past, seqlens, totalLength],
      ...(rope ? [rope.cos, rope.sin] : ["", ""]),
      tree && rope ? inputs.positions() : "",
      byBias ? bias(mixer, position.kind === "alibi") : "",
      "", // head sink
      ...(int8 ? [scaleName(layer, "key"), scaleName(layer, "value")] : []),
    ];
    while (operands.at(-1) === "") operands.pop();
    const attended = g.fresh("attended");
    g.node("GroupQueryAttention", operands, {
      num_heads: mixer.heads,
      kv_num_heads: mixer.kvHeads,
      do_rotary: rope ? 1 : 0,
      ...(mixer.scale === undefined ? {} : { scale: { float: mixer.scale } }),
      ...(mixer.softcap === undefined ? {} : { softcap: { float: mixer.softcap } }),
      ...(int8 ? INT8_CACHE : {}),
      ...(mixer.window !== undefined && !byBias ? { local_window_size: mixer.window } : {}),
    }, { domain: MS, outputs: [attended, k.present, v.present] });
    return attended;
  };

  /** Queries and keys turned before they go to the kernel. */
  function rotated(
    { query, key, value }: AttentionOperands,
    { heads, kvHeads, headDim }: AttentionSpec,
    { cos, sin, dims }: { cos: string; sin: string; dims: number },
  ): AttentionOperands {
    const [q, k, v] = key === ""
      ? nodes.split(query, [heads * headDim, kvHeads * headDim, kvHeads * headDim])
      : [query, key, value];
    const turned = (x: string, count: number) =>
      g.node("RotaryEmbedding", [x, inputs.positions(), cos, sin], {
        num_heads: count,
        rotary_embedding_dim: dims,
      }, { domain: MS });
    return { query: turned(q, heads), key: turned(k, kvHeads), value: v };
  }

  /** The mask of a layer; with ALiBi also its heads' penalties on distance. */
  function bias(mixer: AttentionSpec, alibi: boolean): string {
    const mask = inputs.bias(visibleOf(mixer));
    if (!alibi) return mask;
    const slopes = alibiSlopes(mixer.heads), { root } = nodes;
    const perHead = root.literal("float32", [1, mixer.heads, 1, 1], slopes);
    const key = g.node("Unsqueeze", [inputs.keyPositions(), nodes.int64([1, 2])]);
    const query = g.node("Unsqueeze", [inputs.positions(), nodes.int64([1, 3])]);
    const distance = nodes.toFloat(g.node("Sub", [key, query])); // 0 or less
    return g.node("Add", [g.node("Mul", [distance, perHead]), mask]);
  }
}
