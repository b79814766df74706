/** Models with LayerNorm and plain MLPs: GPT-2, Pythia, Phi, Falcon, BLOOM; and OLMo 2, which norms after its blocks. */
import { attention, cycle, type Family, layernorm, rmsnorm, rope } from "./parts.ts";

const biases = { qkvBias: true, outputBias: true };

/** Radford et al. 2019: learned positions, a tied head. */
function gpt2(hiddenSize: number, layers: number): Family[string] {
  return {
    family: "gpt2",
    vocabSize: 50_257,
    hiddenSize,
    contextLength: 1024,
    layers: cycle(layers, [{
      mixer: attention(hiddenSize / 64, hiddenSize / 64, 64, biases),
      channel: { kind: "gelu", intermediateSize: 4 * hiddenSize, bias: true },
    }]),
    norm: layernorm(1e-5),
    position: { kind: "learned" },
    tiedHead: true,
  };
}

/** Biderman et al. 2023, arXiv 2304.01373: GPT-NeoX's parallel blocks, a quarter of each head rotated. */
function pythia(hiddenSize: number, layers: number, heads: number, vocabSize = 50_304): Family[string] {
  const headDim = hiddenSize / heads;
  return {
    family: "gpt_neox",
    vocabSize,
    hiddenSize,
    contextLength: 2048,
    layers: cycle(layers, [{
      mixer: attention(heads, heads, headDim, biases),
      channel: { kind: "gelu_erf", intermediateSize: 4 * hiddenSize, bias: true },
      placement: "parallel",
    }]),
    norm: layernorm(1e-5),
    position: rope(10_000, { dims: headDim / 4 }),
    tiedHead: false,
  };
}

/** Li et al. 2023, arXiv 2309.05463: attention and MLP read one norm, and the head has a bias. */
function phi(hiddenSize: number, layers: number, dims: number): Family[string] {
  return {
    family: "phi",
    vocabSize: 51_200,
    hiddenSize,
    contextLength: 2048,
    layers: cycle(layers, [{
      mixer: attention(32, 32, hiddenSize / 32, biases),
      channel: { kind: "gelu", intermediateSize: 4 * hiddenSize, bias: true },
      placement: "parallel_shared",
    }]),
    norm: layernorm(1e-5),
    position: rope(10_000, { dims }),
    tiedHead: false,
    headBias: true,
  };
}

/** OLMo Team 2024, arXiv 2501.00656: norms behind the blocks, and on q and k over all heads. */
function olmo2(hiddenSize: number, layers: number, heads: number, intermediateSize: number): Family[string] {
  return {
    family: "olmo2",
    vocabSize: 100_352,
    hiddenSize,
    contextLength: 4096,
    layers: cycle(layers, [{
      mixer: attention(heads, heads, 128, { qkNorm: "full" }),
      channel: { kind: "swiglu", intermediateSize },
      placement: "post",
    }]),
    norm: rmsnorm(1e-6),
    position: rope(500_000),
    tiedHead: false,
  };
}

export const GPT: Family = {
  "gpt2": gpt2(768, 12),
  "gpt2-medium": gpt2(1024, 24),
  "gpt2-large": gpt2(1280, 36),
  "gpt2-xl": gpt2(1600, 48),
  "pythia-70m": pythia(512, 6, 8),
  "pythia-160m": pythia(768, 12, 12),
  "pythia-410m": pythia(1024, 24, 16),
  "pythia-1b": pythia(2048, 16, 8),
  "pythia-1.4b": pythia(2048, 24, 16),
  "pythia-2.8b": pythia(2560, 32, 32),
  "pythia-6.9b": pythia(4096, 32, 32, 50_432),
  "pythia-12b": pythia(5120, 36, 40, 50_688),
  "phi-1.5": phi(2048, 24, 32),
  "phi-2": phi(2560, 32, 32),
  "olmo-2-1b": olmo2(2048, 16, 16, 8192),
  "olmo-2-7b": olmo2(4096, 32, 32, 11_008),
  "olmo-2-13b": olmo2(5120, 40, 40, 13_824),
  // Almazrouei et al. 2023, arXiv 2311.16867: one head of keys and values for 71 of queries
  "falcon-7b": {
    family: "falcon",
    vocabSize: 65_024,
    hiddenSize: 4544,
    contextLength: 2048,
    layers: cycle(32, [{
      mixer: attention(71, 1, 64),
      channel: { kind: "gelu_erf", intermediateSize: 4 * 4544 },
      placement: "parallel_shared",
    }]),
    norm: layernorm(1e-5),
    position: rope(10_000),
    tiedHead: true,
  },
  // BigScience Workshop 2022, arXiv 2211.05100: penalties on distance in place of positions, a norm of the embeddings
  "bloom-560m": {
    family: "bloom",
    vocabSize: 250_880,
    hiddenSize: 1024,
    contextLength: 2048,
    layers: cycle(24, [{
      mixer: attention(16, 16, 64, biases),
      channel: { kind: "gelu", intermediateSize: 4 * 1024, bias: true },
    }]),
    norm: layernorm(1e-5),
    position: { kind: "alibi" },
    tiedHead: true,
    embeddingNorm: true,
  },
};
