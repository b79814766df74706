/**
 * The step graph, for other runtimes: one forward pass with the names that onnxruntime-genai and transformers.js feed.
 *
 * Inputs: `input_ids` int64 [batch, tokens]; `attention_mask` int64 [batch, total], 1 for every token so far, on the left
 * (rows padded on the right only); `past_key_values.L.key|value` float [batch, kvHeads, past, headDim].
 * Outputs: `logits` float [batch, tokens, vocab]; `present.L.key|value`.
 */
import { DATA_TYPES, GraphBuilder } from "../onnx/graph_builder.ts";
import type { StateShape } from "./blocks/block.ts";
import { layerStates } from "./blocks/layer.ts";
import { Decoder, type GraphWeights } from "./decoder.ts";
import { fusedAttention } from "./fused_attention.ts";
import type { ArchSpec } from "./spec.ts";
import { forEachState, grows, stateDims } from "./states.ts";
import { causalPlaces } from "./visible.ts";

/** transformers.js makes the empty caches by these symbols. */
const BATCH = "batch_size", TOKENS = "sequence_length", TOTAL = "total_sequence_length";

/** Names as optimum gives them; `%d` stands for the layer in genai's configuration. */
const past = (layer: number | "%d", state: StateShape["name"]) => `past_key_values.${layer}.${state}`;
const present = (layer: number | "%d", state: StateShape["name"]) => `present.${layer}.${state}`;
export const STEP_NAMES = { past, present };

/**
 * Whether another runtime can carry the states: keys and values of softmax attention only, in fp32, alike in all layers.
 *
 * @returns The reason against it, or null.
 */
export function whyNoStepGraph(spec: ArchSpec): string | null {
  const shapes = new Set<string>();
  const notCarried = (layer: number, kind: string) =>
    `layer ${layer} is ${kind}, and onnxruntime-genai and transformers.js carry keys and values only`;
  for (const [i, layer] of spec.layers.entries()) {
    const { mixer, channel } = layer;
    if (mixer.kind !== "attention") return notCarried(i, mixer.kind);
    if (!layerStates(spec, layer).every(grows)) return notCarried(i, channel.kind);
    shapes.add(`${mixer.heads} heads, ${mixer.kvHeads} of keys, size ${mixer.headDim}`);
  }
  if (shapes.size > 1) {
    return `its layers differ (${[...shapes].join("; ")}), and their configurations have one number for all`;
  }
  return spec.kvCache === "int8" ? "its keys and values are int8, and they carry floats" : null;
}

export function stepGraph(spec: ArchSpec, data: GraphWeights): GraphBuilder {
  const g = new GraphBuilder("step");
  g.input("input_ids", "int64", [BATCH, TOKENS]);
  g.input("attention_mask", "int64", [BATCH, TOTAL]);
  forEachState(spec, (layer, state) => {
    g.input(past(layer, state.name), state.type, stateDims(state, BATCH, "past_sequence_length"));
  });

  const decoder = new Decoder(g, g, spec, data), { nodes } = decoder;
  const counts = g.node("ReduceSum", ["attention_mask", nodes.int64([1])], { keepdims: 0 });
  const last = g.node("Sub", [counts, g.literal("int64", [], [1])]);
  const seqlens = g.node("Cast", [last], { to: DATA_TYPES.int32 });
  const width = g.node("Squeeze", [g.node("Shape", ["attention_mask"], { start: 1, end: 2 })]);
  const totalLength = g.node("Cast", [width], { to: DATA_TYPES.int32 });
  const inputs = {
    ...causalPlaces(g, g, { ids: "input_ids", seqlens, totalLength }),
    state: (layer: number, name: StateShape["name"]) => ({ past: past(layer, name), present: present(layer, name) }),
  };
  const attend = fusedAttention(decoder, inputs, { seqlens, totalLength, tree: false });
  const hidden = decoder.hidden({ ...inputs, ids: "input_ids", attend });
  g.node("Identity", [decoder.head(hidden, 3)], {}, { outputs: ["logits"] });

  g.output("logits", "float32", [BATCH, TOKENS, spec.vocabSize]);
  forEachState(spec, (layer, state) => {
    g.output(present(layer, state.name), state.type, stateDims(state, BATCH, TOTAL));
  });
  return g;
}
