/** Speeds of every model against the baseline's: in tokens, and in bytes of the same text where tokenizers differ. */
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
import type { Unjudged } from "./rows.ts";
import { wayNote } from "./way_note.ts";

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
  const { judged, primary, note } = standingOf(raw, name, speed);
  const stoppedByWidth = raw.settings.find((s) => s.config === config)?.stoppedBy === "width";
  const units = blockLogRatios(pairs), enough = units.length >= 2;
  const wide = usableScaledInterval(units, factor, { level: 0.95, comparisons, stoppedByWidth });
  const narrow = usableScaledInterval(units, factor, { level: 0.9, comparisons, stoppedByWidth });
  const overBlocks = (key: "candidate" | "baseline", model: string) => {
    const own = blockLogRatios(pairs.map((p) => ({ block: p.block, candidate: p[key], baseline: 1 })));
    return geometricMean(own.map(Math.exp)).point * (bytes ? Math.exp(byteFactor(raw, speed, model)!.log) : 1);
  };
  const verdict = judged !== true
    ? judged
    : wide && narrow
    ? speedVerdict({ wide, narrow }, raw.band.speed)
    : "unclear";
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
    signFlipP: enough && judged === true ? signFlipTest(units.map((unit) => unit + factor.log)).p : null,
    roundsNeeded: needed && Math.ceil(needed * pairs.length / units.length),
  };
}

interface Standing {
  /** Whether a speed compares two models, or why not. */
  judged: true | Unjudged;
  /** Whether it answers which is faster. */
  primary: boolean;
  note: string | null;
}

/** By the ways in which the two decoded, and by their tokens. */
function standingOf(raw: ComparisonRaw, name: string, speed: Speed): Standing {
  const ofTokens = standing(raw, name, speed), ways = wayNote(raw, name, speed.config);
  const judged = ways?.differ && ofTokens.judged === true ? "ways differ" : ofTokens.judged;
  return { ...ofTokens, judged, note: [ofTokens.note, ways?.note].filter((note) => note).join("; ") || null };
}

function standing(raw: ComparisonRaw, name: string, { bytes, primary, config, metric }: Speed): Standing {
  if (bytes || !inBytes(raw, config)) return { judged: true, primary, note: null };
  const without = [name, raw.baseline].filter((model) => raw.text && !raw.text.models[model]);
  if (without.length) {
    const note = `${without.join(" and ")} ${without.length > 1 ? "have" : "has"} no tokenizer: tokens are compared, ` +
      "whatever text they stand for";
    return { judged: true, primary: metric === primarySpeed(settingOf(raw, config)), note };
  }
  if (sameTokens(raw, name)) return { judged: true, primary, note: null };
  return { judged: "not comparable", primary, note: "tokens of different tokenizers; bytes of the same text compare" };
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
