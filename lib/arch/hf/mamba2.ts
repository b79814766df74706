/** Mamba-2: layers of mixers alone, without positions. */
import type { Mamba2Spec } from "../spec.ts";
import { SILU } from "./activations.ts";
import type { HfConfig } from "./config.ts";
import { layersOf } from "./decoder.ts";
import type { HfFamily } from "./family.ts";
import { sliceRows, tensor } from "./recipe.ts";

/** Nothing in the model bounds a sequence. */
const CONTEXT_LENGTH = 2 ** 20;

export const mamba2: HfFamily = {
  modelTypes: ["mamba2"],
  spec(config) {
    config.only("use_bias", false);
    config.only("use_conv_bias", true);
    config.choice("hidden_act", SILU, "silu");
    const mixer = mixerOf(config), hiddenSize = config.whole("hidden_size");
    if (mixer.heads * mixer.headDim !== hiddenSize * config.number("expand", 2)) {
      config.refuse(`num_heads ${mixer.heads} times head_dim ${mixer.headDim} is not expand times hidden_size`);
    }
    return {
      vocabSize: config.whole("vocab_size"),
      hiddenSize,
      contextLength: CONTEXT_LENGTH,
      layers: layersOf(config, "num_hidden_layers", () => ({ mixer, channel: { kind: "none" } })),
      norm: { kind: "rmsnorm", epsilon: config.number("layer_norm_epsilon", 1e-5) },
      position: { kind: "none" },
      tiedHead: config.flag("tie_word_embeddings", false),
    };
  },
  layers: "backbone.layers.",
  model: () => ({
    embedding: "backbone.embeddings.weight",
    finalNorm: "backbone.norm_f.weight",
    head: "lm_head.weight",
  }),
  layer({ mixer }, { hiddenSize }) {
    const { heads, headDim, stateDim, groups = 1, convolution = 4 } = mixer as Mamba2Spec;
    const inner = heads * headDim, channels = inner + 2 * groups * stateDim;
    const projection = tensor("mixer.in_proj.weight", inner + channels + heads, hiddenSize);
    return {
      mixerNorm: "norm.weight",
      z: sliceRows(projection, 0, inner),
      xbc: sliceRows(projection, inner, channels),
      dt: sliceRows(projection, inner + channels, heads),
      convolution: tensor("mixer.conv1d.weight", channels, 1, convolution),
      convolutionBias: "mixer.conv1d.bias",
      dtBias: "mixer.dt_bias",
      aLog: "mixer.A_log",
      skip: "mixer.D",
      norm: "mixer.norm.weight",
      o: "mixer.out_proj.weight",
    };
  },
};

function mixerOf(config: HfConfig): Mamba2Spec {
  const limit = config.list("time_step_limit") ?? [0, Infinity];
  const [low, high] = limit;
  if (limit.length !== 2 || typeof low !== "number" || typeof high !== "number") {
    config.wrong("time_step_limit", "two numbers");
  }
  const unlimited = low === 0 && high === Infinity;
  return {
    kind: "mamba2",
    heads: config.whole("num_heads"),
    headDim: config.whole("head_dim"),
    stateDim: config.whole("state_size", 128),
    groups: config.whole("n_groups", 8),
    convolution: config.whole("conv_kernel", 4),
    // JSON has no infinity, and no fp32 step is larger.
    ...(unlimited ? {} : { timeStepLimit: [low, Math.min(high, 3e38)] }),
  };
}
