/** Attention by onnxruntime's fused operator, which copies the past in front of the new keys and values. */
import { type GraphBuilder, MS } from "../onnx/graph_builder.ts";
import { type DecoderNodes, scaleName } from "./decoder_nodes.ts";

/** Names of the values that the fused attention reads and gives. */
export interface FusedAttentionInputs {
  /** int32 [batch]: total length - 1, the past included. */
  seqlens: string;
  /** int32, a scalar: the longest total length. */
  totalLength: string;
  /** Past key or value of a layer, [batch, kvHeads, past, headDim]. */
  past(layer: number, kind: "key" | "value"): string;
  /** The names that the present keys and values get. */
  present(layer: number, kind: "key" | "value"): string;
  /**
   * Explicit positions and attention bias instead of causal order: int64 [batch, tokens] and float32
   * [1, 1, tokens, total], for tree scoring. A window is then in the bias, since the kernel's own window counts cache
   * slots, not positions.
   */
  tree?: { positions: string; bias(window: number | undefined): string };
}

/** Attributes when keys and values are kept as int8, with a scale for each channel. */
const INT8_CACHE = { kv_cache_bit_width: 8, k_quant_type: "PER_CHANNEL", v_quant_type: "PER_CHANNEL" };

/** The `attend` of a decoder. */
export function fusedAttention(
  g: GraphBuilder,
  decoder: DecoderNodes,
  inputs: FusedAttentionInputs,
): (layer: number, qkv: string) => string {
  const { spec } = decoder;
  const { cos, sin } = decoder.rotaryTables();
  return (layer, qkv) => {
    const { heads, kvHeads, window } = spec.layers[layer].mixer;
    const attended = g.fresh("attended");
    g.node(
      "GroupQueryAttention",
      [
        qkv,
        "",
        "",
        inputs.past(layer, "key"),
        inputs.past(layer, "value"),
        inputs.seqlens,
        inputs.totalLength,
        cos,
        sin,
        ...optionalInputs(decoder, inputs, layer),
      ],
      {
        num_heads: heads,
        kv_num_heads: kvHeads,
        do_rotary: 1,
        ...(spec.kvCache === "int8" ? INT8_CACHE : {}),
        ...(window !== undefined && !inputs.tree ? { local_window_size: window } : {}),
      },
      { domain: MS, outputs: [attended, inputs.present(layer, "key"), inputs.present(layer, "value")] },
    );
    return attended;
  };
}

/** Positions and bias of tree scoring, and the scales of an int8 cache; an input that is not used is "". */
function optionalInputs({ spec }: DecoderNodes, { tree }: FusedAttentionInputs, layer: number): string[] {
  const window = spec.layers[layer].mixer.window;
  const treeInputs = tree ? [tree.positions, tree.bias(window)] : [];
  if (spec.kvCache !== "int8") return treeInputs;
  const headSink = "";
  return [...(tree ? treeInputs : ["", ""]), headSink, scaleName(layer, "key"), scaleName(layer, "value")];
}
