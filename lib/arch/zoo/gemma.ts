/** Gemma 1 to 3: GeGLU, scaled embeddings, wide heads; from 2 on local and global layers in turn. */
import type { AttentionSpec, LayerSpec, PositionSpec } from "../spec.ts";
import { attention, cycle, type Family, rmsnorm, rope } from "./parts.ts";

interface Gemma {
  family: string;
  vocabSize: number;
  hiddenSize: number;
  contextLength: number;
  position: PositionSpec;
  layers: LayerSpec[];
  logitSoftcap?: number;
}

function gemma(model: Gemma): Family[string] {
  return { ...model, norm: rmsnorm(1e-6), tiedHead: true, embeddingScale: Math.sqrt(model.hiddenSize) };
}

/** Mesnard et al. 2024, arXiv 2403.08295. */
function gemma1(hiddenSize: number, layers: number, mixer: AttentionSpec, intermediateSize: number): Family[string] {
  return gemma({
    family: "gemma",
    vocabSize: 256_000,
    hiddenSize,
    contextLength: 8192,
    position: rope(10_000),
    layers: cycle(layers, [{ mixer, channel: { kind: "geglu", intermediateSize } }]),
  });
}

/**
 * Riviere et al. 2024, arXiv 2408.00118: every other layer sees 4096 tokens, the first one too.
 *
 * @param queryScalar Scores are divided by its square root.
 */
function gemma2(
  hiddenSize: number,
  layers: number,
  mixer: AttentionSpec,
  intermediateSize: number,
  queryScalar: number,
): Family[string] {
  const layer = (window?: number): LayerSpec => ({
    mixer: { ...mixer, softcap: 50, scale: queryScalar ** -0.5, ...(window && { window }) },
    channel: { kind: "geglu", intermediateSize },
    placement: "sandwich",
  });
  return gemma({
    family: "gemma2",
    vocabSize: 256_000,
    hiddenSize,
    contextLength: 8192,
    position: rope(10_000),
    layers: cycle(layers, [layer(4096), layer()]),
    logitSoftcap: 30,
  });
}

/** Kamath et al. 2025, arXiv 2503.19786: five layers of 512 tokens, then one of all; q and k are normed. */
function gemma3(hiddenSize: number, layers: number, intermediateSize: number): Family[string] {
  const layer = (more: Partial<AttentionSpec>): LayerSpec => ({
    mixer: attention(4, 1, 256, { qkNorm: "head", ...more }),
    channel: { kind: "geglu", intermediateSize },
    placement: "sandwich",
  });
  const local = layer({ window: 512, position: rope(10_000) }), global = layer({});
  return gemma({
    family: "gemma3_text",
    vocabSize: 262_144,
    hiddenSize,
    contextLength: 32_768,
    position: rope(1_000_000),
    layers: cycle(layers, [local, local, local, local, local, global]),
  });
}

export const GEMMA: Family = {
  "gemma-2b": gemma1(2048, 18, attention(8, 1, 256), 16_384),
  "gemma-7b": gemma1(3072, 28, attention(16, 16, 256), 24_576),
  "gemma-2-2b": gemma2(2304, 26, attention(8, 4, 256), 9216, 256),
  "gemma-2-9b": gemma2(3584, 42, attention(16, 8, 256), 14_336, 256),
  "gemma-2-27b": gemma2(4608, 46, attention(32, 16, 128), 36_864, 144),
  "gemma-3-270m": gemma3(640, 18, 2048),
  "gemma-3-1b": gemma3(1152, 26, 6912),
};
