/** RWKV-6 ("Finch"), by the names of its authors' Hugging Face folders and of their own files. */
import type { Rwkv6Spec } from "../spec.ts";
import type { HfConfig } from "./config.ts";
import { layersOf } from "./decoder.ts";
import type { HfFamily } from "./family.ts";
import { type Recipe, sliceRows, stackRows, tensor, transposed } from "./recipe.ts";

/** Nothing in the model bounds a sequence. */
const CONTEXT_LENGTH = 2 ** 20;
/** From this width on the ranks are twice as large (RWKV-LM, RWKV-v5/src/model.py, D_MIX_LORA and D_DECAY_LORA). */
const WIDE = 4096;
/** The inputs that have a share of the token before, in the order of time_maa_w2. */
const MIXES = ["w", "k", "v", "r", "g"];

export const rwkv6: HfFamily = {
  modelTypes: ["rwkv6"],
  spec(config) {
    const hiddenSize = config.whole("hidden_size"), intermediateSize = widthOf(config, hiddenSize);
    config.only("attention_hidden_size", hiddenSize);
    config.only("head_size_divisor", 8);
    const mixer = mixerOf(config, hiddenSize);
    return {
      vocabSize: config.whole("vocab_size"),
      hiddenSize,
      contextLength: CONTEXT_LENGTH,
      layers: layersOf(config, "num_hidden_layers", () => ({ mixer, channel: { kind: "rwkv", intermediateSize } })),
      norm: { kind: "layernorm", epsilon: config.number("layer_norm_epsilon", 1e-5) },
      position: { kind: "none" },
      tiedHead: config.flag("tie_word_embeddings", false),
      embeddingNorm: true,
    };
  },
  layers: "rwkv.blocks.",
  model: () => ({
    embedding: "rwkv.embeddings.weight",
    embeddingNorm: "rwkv.blocks.0.pre_ln.weight",
    embeddingNormBias: "rwkv.blocks.0.pre_ln.bias",
    finalNorm: "rwkv.ln_out.weight",
    finalNormBias: "rwkv.ln_out.bias",
    head: "head.weight",
  }),
  layer({ mixer }, { hiddenSize }) {
    const { heads, headDim, mixRank = 32, decayRank = 64 } = mixer as Rwkv6Spec;
    const perChannel = (name: string) => tensor(name, 1, 1, hiddenSize);
    return {
      mixerNorm: "ln1.weight",
      mixerNormBias: "ln1.bias",
      shiftMix: perChannel("attention.time_maa_x"),
      mix: stackRows(MIXES.map((input) => perChannel(`attention.time_maa_${input}`))),
      mixDown: transposed(tensor("attention.time_maa_w1", hiddenSize, MIXES.length * mixRank)),
      mixUp: transposedEach(tensor("attention.time_maa_w2", MIXES.length, mixRank, hiddenSize), mixRank),
      r: "attention.receptance.weight",
      k: "attention.key.weight",
      v: "attention.value.weight",
      outputGate: "attention.gate.weight",
      decayDown: transposed(tensor("attention.time_decay_w1", hiddenSize, decayRank)),
      decayUp: transposed(tensor("attention.time_decay_w2", decayRank, hiddenSize)),
      decayBias: perChannel("attention.time_decay"),
      bonus: tensor("attention.time_faaaa", heads, headDim),
      norm: "attention.ln_x.weight",
      normBias: "attention.ln_x.bias",
      o: "attention.output.weight",
      channelNorm: "ln2.weight",
      channelNormBias: "ln2.bias",
      upMix: perChannel("feed_forward.time_maa_k"),
      receptanceMix: perChannel("feed_forward.time_maa_r"),
      up: "feed_forward.key.weight",
      receptance: "feed_forward.receptance.weight",
      down: "feed_forward.value.weight",
    };
  },
  original: (name) =>
    name.replace(/^rwkv\./, "").replace(/^embeddings\./, "emb.").replace(".pre_ln.", ".ln0.")
      .replace(".attention.", ".att.").replace(".feed_forward.", ".ffn."),
};

function mixerOf(config: HfConfig, hiddenSize: number): Rwkv6Spec {
  const headDim = config.whole("head_size", 64);
  if (hiddenSize % headDim !== 0) config.refuse(`head_size ${headDim} does not divide hidden_size ${hiddenSize}`);
  const ranks = hiddenSize < WIDE ? {} : { mixRank: 64, decayRank: 128 };
  return { kind: "rwkv6", heads: hiddenSize / headDim, headDim, ...ranks };
}

/** Published configurations leave it out. */
function widthOf(config: HfConfig, hiddenSize: number): number {
  return config.whole("intermediate_size", Math.floor(3.5 * hiddenSize / 32) * 32);
}

/** Matrices [parts][inputs][outputs] in one tensor, each transposed, below one another. */
function transposedEach(stored: Recipe, inputs: number): Recipe {
  const flat = { ...stored, rows: stored.rows * inputs, cols: stored.cols / inputs };
  return stackRows(
    Array.from({ length: stored.rows }, (_, i) => transposed(sliceRows(flat, i * inputs, inputs))),
  );
}
