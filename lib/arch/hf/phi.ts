/** Phi (1, 1.5 and 2) and Phi 3. */
import type { AttentionSpec, GatedMlpSpec } from "../spec.ts";
import { PLAIN_ACTIVATIONS } from "./activations.ts";
import { decoderSpec, headsOf } from "./decoder.ts";
import type { HfFamily } from "./family.ts";
import { llama, LLAMA_LAYER, plainSpec, ROTARY_TABLES, windowOf } from "./llama.ts";
import { sliceRows, tensor } from "./recipe.ts";
import { ropeOf } from "./rope.ts";

/** Parallel blocks that share one LayerNorm, biases everywhere, partly rotated heads. */
export const phi: HfFamily = {
  modelTypes: ["phi"],
  spec(config) {
    config.only("qk_layernorm", false);
    const heads = headsOf(config), intermediateSize = config.whole("intermediate_size");
    const kind = config.choice("hidden_act", PLAIN_ACTIVATIONS, "gelu_new");
    return {
      ...decoderSpec(config, {
        tiedHead: false,
        layer: () => ({
          mixer: { kind: "attention", ...heads, qkvBias: true, outputBias: true },
          channel: { kind, intermediateSize, bias: true },
          placement: "parallel_shared",
        }),
      }),
      ...ropeOf(config, heads.headDim, { part: 0.5, contextLength: 2048 }),
      norm: { kind: "layernorm", epsilon: config.number("layer_norm_eps", 1e-5) },
      headBias: true,
    };
  },
  layers: "model.layers.",
  model: () => ({
    embedding: "model.embed_tokens.weight",
    finalNorm: "model.final_layernorm.weight",
    finalNormBias: "model.final_layernorm.bias",
    head: "lm_head.weight",
    headBias: "lm_head.bias",
  }),
  layer: () => ({
    mixerNorm: "input_layernorm.weight",
    mixerNormBias: "input_layernorm.bias",
    q: "self_attn.q_proj.weight",
    k: "self_attn.k_proj.weight",
    v: "self_attn.v_proj.weight",
    o: "self_attn.dense.weight",
    qBias: "self_attn.q_proj.bias",
    kBias: "self_attn.k_proj.bias",
    vBias: "self_attn.v_proj.bias",
    oBias: "self_attn.dense.bias",
    up: "mlp.fc1.weight",
    upBias: "mlp.fc1.bias",
    down: "mlp.fc2.weight",
    downBias: "mlp.fc2.bias",
  }),
  unused: ROTARY_TABLES,
};

/** As Llama, with q, k and v in one matrix, gate and up in another. */
export const phi3: HfFamily = {
  ...llama,
  modelTypes: ["phi3"],
  spec: (config) =>
    plainSpec(config, () => windowOf(config, true), {
      ...{ epsilon: 1e-5, contextLength: 4096, originalContext: 4096 },
    }),
  layer({ mixer, channel }, { hiddenSize }) {
    const { heads, kvHeads, headDim } = mixer as AttentionSpec, { intermediateSize } = channel as GatedMlpSpec;
    const queries = heads * headDim, keys = kvHeads * headDim;
    const qkv = tensor("self_attn.qkv_proj.weight", queries + 2 * keys, hiddenSize);
    const gateUp = tensor("mlp.gate_up_proj.weight", 2 * intermediateSize, hiddenSize);
    return {
      ...LLAMA_LAYER,
      q: sliceRows(qkv, 0, queries),
      k: sliceRows(qkv, queries, keys),
      v: sliceRows(qkv, queries + keys, keys),
      gate: sliceRows(gateUp, 0, intermediateSize),
      up: sliceRows(gateUp, intermediateSize, intermediateSize),
    };
  },
};
