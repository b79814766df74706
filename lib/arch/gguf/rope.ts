/** Rotary positions as GGUF describes them. */
import { dequantise } from "../quant_blocks.ts";
import type { PositionSpec, RopeScaling } from "../spec.ts";
import type { GgufKeys } from "./keys.ts";

type Rope = Extract<PositionSpec, { kind: "rope" }>;

/** The positions, and the longest context for which they hold. */
export async function ropeOf(keys: GgufKeys, headDim: number): Promise<{ position: Rope; contextLength: number }> {
  const dims = keys.number("rope.dimension_count", headDim), contextLength = keys.number("context_length");
  const { scaling, trained = contextLength } = await scalingOf(keys, contextLength);
  const position: Rope = {
    kind: "rope",
    theta: keys.number("rope.freq_base", 10000),
    ...(dims === headDim ? {} : { dims }),
    ...(scaling ? { scaling } : {}),
  };
  return { position, contextLength: Math.min(contextLength, trained) };
}

async function scalingOf(
  keys: GgufKeys,
  contextLength: number,
): Promise<{ scaling?: RopeScaling; trained?: number }> {
  const factors = async (tensor: string) => [...dequantise(await keys.file.read(tensor))];
  // Llama 3's scaling is kept as one divisor a pair.
  if (keys.holds("rope_freqs.weight")) {
    return { scaling: { kind: "factors", factors: await factors("rope_freqs.weight") } };
  }
  const originalContext = keys.number("rope.scaling.original_context_length", contextLength);
  // Phi 3's two sets of divisors: the other one is for sequences beyond the trained context.
  if (keys.holds("rope_factors_short.weight")) {
    const attentionFactor = keys.number("rope.scaling.attn_factor", 1);
    return {
      scaling: { kind: "factors", factors: await factors("rope_factors_short.weight"), attentionFactor },
      trained: originalContext,
    };
  }
  const kind = keys.text("rope.scaling.type", "none");
  switch (kind) {
    case "none":
      return {};
    case "linear":
      return { scaling: { kind, factor: keys.number("rope.scaling.factor") } };
    case "yarn":
      if (keys.has("rope.scaling.attn_factor")) keys.refuse("YaRN with an attn_factor of its own is not built");
      return {
        scaling: {
          kind,
          factor: keys.number("rope.scaling.factor"),
          originalContext,
          betaFast: keys.number("rope.scaling.yarn_beta_fast", 32),
          betaSlow: keys.number("rope.scaling.yarn_beta_slow", 1),
        },
      };
    default:
      return keys.refuse(`rope.scaling.type is "${kind}"; this version builds: none, linear, yarn, longrope`);
  }
}
