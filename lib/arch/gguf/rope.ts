/** Rotary positions as GGUF describes them, and as llama.cpp reads that: `load_hparams`, `llama_context`, `rope_yarn`. */
import { dequantise } from "../quant_blocks.ts";
import { ropeFrequencies } from "../rope_tables.ts";
import type { PositionSpec, RopeScaling } from "../spec.ts";
import type { GgufKeys } from "./keys.ts";

type Rope = Extract<PositionSpec, { kind: "rope" }>;

/** A tensor of divisors, one for each pair of dimensions, and another one that may lie beside it without use. */
interface Divisors {
  used: string;
  /** For sequences beyond the trained context, which are not run. */
  unused?: string;
}

/** Llama 3's scaling, worked out by the converter. */
const FREQS: Divisors = { used: "rope_freqs.weight" };
/** Phi 3's two sets. */
const LONG: Divisors = { used: "rope_factors_short.weight", unused: "rope_factors_long.weight" };

/** Where llama.cpp looks for divisors: not every architecture has them. */
function divisorsOf(keys: GgufKeys): Divisors | null {
  if (keys.architecture === "phi3") return LONG;
  if (keys.architecture === "llama") return scalingType(keys) === "longrope" ? LONG : FREQS;
  return null;
}

/** The tensors of a file that its rotary positions are described by. */
export function ropeTensors(keys: GgufKeys): string[] {
  const divisors = divisorsOf(keys);
  return divisors ? [divisors.used, ...(divisors.unused ? [divisors.unused] : [])] : [];
}

/** The positions, and the longest context for which they hold. */
export async function ropeOf(keys: GgufKeys, headDim: number): Promise<{ position: Rope; contextLength: number }> {
  const contextLength = keys.count("context_length"), dims = keys.count("rope.dimension_count", headDim);
  if (keys.architecture === "llama" && dims !== headDim) {
    keys.refuse(`llama.rope.dimension_count is ${dims}, and its heads have ${headDim} dimensions: all must be rotated`);
  }
  const divisors = divisorsOf(keys), held = divisors && keys.holds(divisors.used) ? divisors : null;
  const theta = keys.number("rope.freq_base", 10000);
  const scaling = scalingOf(keys, theta, dims, held && dequantise(await keys.file.read(held.used)));
  return {
    position: { kind: "rope", theta, ...(dims === headDim ? {} : { dims }), ...(scaling ? { scaling } : {}) },
    contextLength: held === LONG ? Math.min(contextLength, originalContext(keys)) : contextLength,
  };
}

/** Positions of the layers with a window, where they are not the others': a base of their own, never stretched. */
export function windowRope(keys: GgufKeys, theta: number, headDim: number): Rope {
  const attentionFactor = keys.number("rope.scaling.attn_factor", 1);
  const scaling = spread(1, attentionFactor, headDim / 2);
  return { kind: "rope", theta, ...(scaling ? { scaling } : {}) };
}

function scalingOf(
  keys: GgufKeys,
  theta: number,
  dims: number,
  divisors: Float32Array | null,
): RopeScaling | undefined {
  if (divisors && divisors.length !== dims / 2) {
    keys.refuse(`its rotary divisors are ${divisors.length} numbers, and heads have ${dims / 2} pairs`);
  }
  // The yarn_* keys (ext_factor, attn_factor, beta_fast, beta_slow, log_multiplier) count for other architectures only.
  const type = scalingType(keys), attention = keys.number("rope.scaling.attn_factor", 1);
  const factor = type === "none" ? 1 : scalingFactor(keys);
  if (type !== "yarn" || factor === 1) {
    if (!divisors) return spread(factor, attention, dims / 2);
    return { kind: "factors", factors: Array.from(divisors, (d) => d * factor), ...unlessOne(attention) };
  }
  const attentionFactor = (1 + 0.1 * Math.log(Math.max(1, factor))) * attention;
  const yarn: RopeScaling = {
    kind: "yarn",
    factor,
    originalContext: originalContext(keys),
    betaFast: 32,
    betaSlow: 1,
    ...(attention === 1 ? {} : { attentionFactor }),
  };
  if (!divisors) return yarn;
  const frequencies = (scaling?: RopeScaling) =>
    ropeFrequencies({ rope: { kind: "rope", theta, ...(scaling ? { scaling } : {}) }, dims });
  const plain = frequencies(), slowed = frequencies(yarn);
  return { kind: "factors", factors: plain.map((f, i) => divisors[i] * f / slowed[i]), attentionFactor };
}

/** One factor for all pairs of dimensions. */
function spread(factor: number, attention: number, pairs: number): RopeScaling | undefined {
  if (attention !== 1) return { kind: "factors", factors: new Array(pairs).fill(factor), attentionFactor: attention };
  return factor === 1 ? undefined : { kind: "linear", factor };
}

const unlessOne = (attentionFactor: number) => attentionFactor === 1 ? {} : { attentionFactor };

/** Absent is linear: older files have a factor alone. "longrope" without its tensors is linear too. */
function scalingType(keys: GgufKeys): string {
  const type = keys.text("rope.scaling.type", "linear");
  if (["none", "linear", "yarn", "longrope"].includes(type)) return type;
  return keys.refuse(`rope.scaling.type is "${type}"; this version builds: none, linear, yarn, longrope`);
}

/** Under its name of today, or else of before; 0 says that there is none. */
function scalingFactor(keys: GgufKeys): number {
  const key = keys.has("rope.scaling.factor") ? "rope.scaling.factor" : "rope.scale_linear";
  const factor = keys.number(key, 0) || 1;
  return factor > 0 ? factor : keys.refuse(`${key} is ${factor}, not a positive number`);
}

function originalContext(keys: GgufKeys): number {
  return keys.count("rope.scaling.original_context_length", 0) || keys.count("context_length");
}
