/** Speeds of every model against the baseline's: in tokens, and in bytes of the same text where tokenizers differ. */
import { wayOf } from "../measure/decode_ways.ts";
import { pairedSpeeds, primarySpeed, type SpeedMetric } from "../measure/rounds_result.ts";
import { isRequest } from "../measure/setting.ts";
import { byteFactor, inBytes } from "../measure/text_speed.ts";
import { geometricMean } from "../stats/geometric_mean.ts";
import { exactFactor, type LogFactor, usableScaledInterval } from "../stats/log_factor.ts";
import { tInterval } from "../stats/mean_interval.ts";
import { signFlipTest } from "../stats/permutation.ts";
import { unitsForWidth } from "../stats/planning.ts";
import { blockLogRatios } from "../stats/ratio.ts";
import { speedVerdict } from "../stats/verdict.ts";
import type { Finding } from "./finding.ts";
import type { ComparisonRaw } from "./raw.ts";
import type { NoVerdict } from "./rows.ts";

const COLUMN: Record<SpeedMetric, string> = {
  decodeTokensPerS: "decode",
  prefillTokensPerS: "prefill",
  throughputTokensPerS: "throughput",
};

/** A speed of a setting: in tokens, or in bytes of the same text. */
export interface Speed {
  config: string;
  metric: SpeedMetric;
  bytes: boolean;
  primary: boolean;
}

/** The name of a speed in the summary: `decode_tok_s`, `decode_bytes_s`. */
export function speedColumn(metric: SpeedMetric, bytes: boolean): string {
  return `${COLUMN[metric]}_${bytes ? "bytes_s" : "tok_s"}`;
}

/** In bytes first, where the setting is told in them. */
export function speedsOf(raw: ComparisonRaw, { setting, config }: ComparisonRaw["settings"][number]): Speed[] {
  const metrics: SpeedMetric[] = isRequest(setting)
    ? ["decodeTokensPerS", "prefillTokensPerS", "throughputTokensPerS"]
    : ["throughputTokensPerS"];
  const told = inBytes(raw, config);
  return (told ? [true, false] : [false]).flatMap((bytes) =>
    metrics.map((metric) => ({ config, metric, bytes, primary: bytes === told && metric === primarySpeed(setting) }))
  );
}

/** Null where the two did not run in a round, or a token of one stands for no text. */
export function speedFinding(raw: ComparisonRaw, name: string, speed: Speed, comparisons: number): Finding | null {
  const { config, metric, bytes } = speed;
  const pairs = pairedSpeeds(raw.rounds, config, metric, name, raw.baseline);
  const factor = bytes ? byteFactor(raw, speed, name, raw.baseline) : exactFactor(1);
  if (!pairs.length || !factor) return null;
  const { unjudged, primary, note } = standing(raw, name, speed);
  const stoppedByWidth = raw.settings.find((s) => s.config === config)?.stoppedBy === "width";
  const units = blockLogRatios(pairs), enough = units.length >= 2;
  const wide = usableScaledInterval(units, factor, { level: 0.95, comparisons, stoppedByWidth });
  const narrow = usableScaledInterval(units, factor, { level: 0.9, comparisons, stoppedByWidth });
  const overBlocks = (key: "candidate" | "baseline", model: string) => {
    const own = blockLogRatios(pairs.map((p) => ({ block: p.block, candidate: p[key], baseline: 1 })));
    return geometricMean(own.map(Math.exp)).point * (bytes ? Math.exp(byteFactor(raw, speed, model)!.log) : 1);
  };
  const verdict = unjudged ?? (wide && narrow ? speedVerdict({ wide, narrow }, raw.band.speed) : "unclear");
  const value = overBlocks("candidate", name), baseline = overBlocks("baseline", raw.baseline);
  const needed = verdict === "unclear" && enough ? blocksNeeded(units, factor, raw.band.speed / 2, comparisons) : null;
  return {
    row: {
      architecture: name,
      config,
      metric: speedColumn(metric, bytes),
      value,
      baseline_value: baseline,
      speedup: wide?.point ?? value / baseline,
      difference: null,
      low: wide?.low ?? null,
      high: wide?.high ?? null,
      n: pairs.length,
      verdict,
      note,
    },
    kind: "speed",
    primary,
    comparisons,
    wide,
    narrow,
    signFlipP: enough && !unjudged ? signFlipTest(units.map((unit) => unit + factor.log)).p : null,
    roundsNeeded: needed && Math.ceil(needed * pairs.length / units.length),
  };
}

/** Why a speed compares no two models, if so, and whether it answers which is faster. */
interface Standing {
  unjudged: NoVerdict | null;
  primary: boolean;
  note: string | null;
}

function standing(raw: ComparisonRaw, name: string, speed: Speed): Standing {
  const [own, other] = [wayOf(raw, name), wayOf(raw, raw.baseline)], { primary } = speed;
  // A prefill is one run either way.
  if (own !== other && isRequest(settingOf(raw, speed.config)) && speed.metric !== "prefillTokensPerS") {
    return { unjudged: "ways differ", primary, note: `${name} decodes by ${own}, ${raw.baseline} by ${other}` };
  }
  return tokensStanding(raw, name, speed);
}

function tokensStanding(raw: ComparisonRaw, name: string, { bytes, primary, config, metric }: Speed): Standing {
  if (bytes || !inBytes(raw, config)) return { unjudged: null, primary, note: null };
  const without = [name, raw.baseline].filter((model) => raw.text && !raw.text.models[model]);
  if (without.length) {
    const note = `${without.join(" and ")} ${without.length > 1 ? "have" : "has"} no tokenizer: tokens are compared, ` +
      "whatever text they stand for";
    return { unjudged: null, primary: metric === primarySpeed(settingOf(raw, config)), note };
  }
  if (sameTokens(raw, name)) return { unjudged: null, primary, note: null };
  return {
    unjudged: "not comparable",
    primary,
    note: "tokens of different tokenizers; bytes of the same text compare",
  };
}

function settingOf(raw: ComparisonRaw, config: string) {
  return raw.settings.find((s) => s.config === config)!.setting;
}

/** Whether a model's tokens are those of the baseline: without a count of the sample, all tokenizers are alike. */
function sameTokens({ text, baseline }: ComparisonRaw, name: string): boolean {
  return !text || String(text.models[name]?.tokens) === String(text.models[baseline]?.tokens);
}

/** Blocks in all after which the interval would be so wide; null if the texts alone make it wider. */
function blocksNeeded(units: number[], { stderr, df }: LogFactor, width: number, comparisons: number): number | null {
  const fixed = stderr && tInterval(0, stderr, df, df + 1, { comparisons }).high;
  const left = width ** 2 - fixed ** 2;
  return left > 0 ? unitsForWidth(units, Math.sqrt(left), { comparisons, stoppedByWidth: true }) : null;
}
