/** Rotary positions in the spellings of config.json: transformers 5 (rope_parameters) and before (rope_scaling). */
import type { PositionSpec, RopeScaling } from "../spec.ts";
import type { HfConfig } from "./config.ts";

export interface RopeDefaults {
  /** Default 10000. */
  theta?: number;
  /** The part of each head that is rotated, where the configuration does not say. Default 1. */
  part?: number;
  /** Name of the field that says it in older files. */
  partKey?: string;
  /** What describes the positions; default: `ropeFields`. */
  given?: HfConfig;
  /** Where "max_position_embeddings" does not say it. */
  contextLength?: number;
  /** The trained context of scaled positions, where "original_max_position_embeddings" does not say it beside them. */
  originalContext?: number;
}

type Rope = Extract<PositionSpec, { kind: "rope" }>;

/**
 * The rotary positions that a configuration describes.
 *
 * @param headDim Dimensions of a head.
 * @returns With the longest context for which they are what transformers computes: "dynamic" and "longrope" change with
 * the length of a sequence once it passes the context that the model was trained with.
 */
export function ropeOf(
  config: HfConfig,
  headDim: number,
  { theta = 10_000, part = 1, partKey = "partial_rotary_factor", ...defaults }: RopeDefaults = {},
): { position: Rope; contextLength: number } {
  const contextLength = config.whole("max_position_embeddings", defaults.contextLength);
  const given = defaults.given ?? ropeFields(config);
  const base = given?.has("rope_theta") ? given : config;
  const rotated = given?.has("partial_rotary_factor")
    ? given.number("partial_rotary_factor")
    : config.number(partKey, part);
  const dims = Math.trunc(headDim * rotated);
  const original = () =>
    config.whole(
      "original_max_position_embeddings",
      defaults.originalContext ?? given?.whole("original_max_position_embeddings", contextLength),
    );
  const { scaling, trained = contextLength } = given ? scalingOf(given, contextLength, original) : {};
  const position: Rope = {
    kind: "rope",
    theta: base.number("rope_theta", theta),
    ...(dims === headDim ? {} : { dims }),
    ...(scaling ? { scaling } : {}),
  };
  return { position, contextLength: Math.min(contextLength, trained) };
}

/** The fields that describe rotary positions; as in transformers, the older name counts where a file has both. */
export function ropeFields(config: HfConfig): HfConfig | null {
  const older = config.inner("rope_scaling");
  return older && Object.keys(older.values).length > 0 ? older : config.inner("rope_parameters");
}

/** The scaling, and the trained context where it holds only up to there. */
function scalingOf(
  given: HfConfig,
  contextLength: number,
  original: () => number,
): { scaling?: RopeScaling; trained?: number } {
  const kind = given.text("rope_type", given.text("type", "default"));
  switch (kind) {
    case "default":
      return {};
    case "linear":
      return { scaling: { kind, factor: given.number("factor") } };
    case "dynamic":
      return { trained: contextLength };
    case "llama3":
      return {
        scaling: {
          kind,
          factor: given.number("factor"),
          lowFrequency: given.number("low_freq_factor"),
          highFrequency: given.number("high_freq_factor"),
          originalContext: original(),
        },
      };
    case "yarn": {
      given.only("truncate", true);
      const originalContext = original(), factor = given.number("factor", contextLength / originalContext);
      return {
        scaling: {
          kind,
          factor,
          originalContext,
          ...other("betaFast", given.number("beta_fast", 32), 32),
          ...other("betaSlow", given.number("beta_slow", 1), 1),
          ...yarnAttention(given, factor),
        },
      };
    }
    case "longrope":
    case "su": {
      const trained = original(), factor = given.number("factor", contextLength / trained);
      const usual = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(trained));
      const attentionFactor = given.number("attention_factor", usual);
      return { scaling: { kind: "factors", factors: given.numbers("short_factor"), attentionFactor }, trained };
    }
    default:
      return given.refuse(
        `rope_type is "${kind}"; this version builds: default, linear, dynamic, llama3, yarn, longrope`,
      );
  }
}

/** A field, where its value is not the one that it has anyway. */
function other<K extends string>(key: K, value: number, usual: number): { [key in K]?: number } {
  return value === usual ? {} : { [key]: value } as { [key in K]?: number };
}

/** DeepSeek's two factors (mscale) divide one another; without them ArchSpec's own default holds. */
function yarnAttention(given: HfConfig, factor: number): { attentionFactor?: number } {
  if (given.has("attention_factor")) return { attentionFactor: given.number("attention_factor") };
  const [mscale, all] = [given.number("mscale", 0), given.number("mscale_all_dim", 0)];
  if (!mscale || !all) return {};
  const at = (m: number) => factor <= 1 ? 1 : 0.1 * m * Math.log(factor) + 1;
  return { attentionFactor: at(mscale) / at(all) };
}
