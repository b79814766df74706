/** How time grows with length: TTFT over prompts, TPOT over contexts, and where one model overtakes another. */
import { MODELS } from "../arch/ref_fields.ts";
import type { ModelRef } from "../arch/model_ref.ts";
import { TOKENS } from "../check/common.ts";
import { object, optional, without } from "../check/objects.ts";
import { checkArgument, checkOptions, noOptions } from "../check/options.ts";
import { integer, list } from "../check/rules.ts";
import { type Crossover, crossover } from "../stats/crossover.ts";
import { fitScaling, type ScalingFit, type ScalingSample } from "../stats/scaling_fit.ts";
import { waysDiffer } from "./decode_ways.ts";
import { measureRounds, ROUNDS_OPTIONS, type RoundsOptions } from "./rounds.ts";
import { ROUNDS_RESULT, type RoundsResult } from "./rounds_result.ts";
import { type LengthUnit, lengthUnit, scalingPoint, scalingSettings } from "./scaling_unit.ts";
import { generationGraph, isRequest } from "./setting.ts";

export interface ScalingOptions extends Omit<RoundsOptions, "rounds" | "comparisons"> {
  /** Prompt tokens; at least three different ones. Default 64, 128, 256, 512 and 1024. */
  lengths?: number[];
  /** Output tokens of each request. Default 17: 16 decode steps. */
  newTokens?: number;
  /** Blocks of fresh processes, the unit of the intervals. Default 6. */
  blocks?: number;
}

export const SCALING_OPTIONS = object<ScalingOptions>({
  ...without(ROUNDS_OPTIONS.fields, "rounds", "comparisons"),
  lengths: optional(list(TOKENS)),
  newTokens: optional(TOKENS),
  blocks: optional(integer({ min: 2, max: 10_000 })),
});

/**
 * TTFT(S) = a + b S + c S^2 and TPOT(context) = a + b context of one model, in ms and tokens; in the unit "bytes" lengths
 * are bytes of one text, and `tpotMs` is the time a byte.
 */
export interface ModelScaling {
  ttftMs: ScalingFit;
  tpotMs: ScalingFit;
}

export interface ScalingCrossover {
  time: "ttftMs" | "tpotMs";
  /** "bytes" where tokenizers differ. Absent: tokens. */
  unit?: LengthUnit;
  first: string;
  second: string;
  /** Of identical models always `indistinguishable`: what the data alone would say is noise. */
  crossover: Crossover;
  /** Given if both are the same model: their largest difference at a measured length, a share, shows how much noise there is. */
  identical?: { apart: number };
}

export interface Scaling {
  /** Of lengths, and of what a time is counted for. Absent in results of earlier versions: tokens. */
  unit?: LengthUnit;
  /** The baseline first; its twin among them, whose distance from the baseline shows what noise alone gives. */
  models: Record<string, ModelScaling>;
  baseline: string;
  twin: string;
  /** Of every other model with the baseline, and TTFT and TPOT each; no TPOT of models that decode in different ways. */
  crossovers: ScalingCrossover[];
  rounds: RoundsResult;
}

/**
 * Measure every model at every length, in rounds: one round a block, so that each block is a fresh process that has seen
 * all lengths. One request gives both times: TTFT of its prompt, and TPOT at its mean context.
 *
 * Where tokenizers differ, all models read the same text: `lengths` are then tokens of the baseline, or of the first model
 * that has a tokenizer, and the result is in as many bytes.
 *
 * @throws {RangeError} For fewer than three lengths or two blocks, or a length that a model's context does not hold.
 */
export async function measureScaling(models: Record<string, ModelRef>, options: ScalingOptions = {}): Promise<Scaling> {
  checkArgument("Cannot measure scaling", "models", models, MODELS);
  checkOptions("Cannot measure scaling", options, SCALING_OPTIONS);
  const { lengths = [64, 128, 256, 512, 1024], newTokens = 17, blocks = 6, ...rest } = options;
  if (new Set(lengths).size < 3) {
    throw new RangeError(`Cannot measure scaling: needs at least 3 different lengths, got ${lengths.join(", ")}`);
  }
  // One graph for all lengths, the longest one's: a line through two of them would be of neither.
  const graph = generationGraph({ promptTokens: Math.max(...lengths), newTokens });
  const inTokens = [...new Set(lengths)].map((promptTokens) => ({ promptTokens, newTokens, graph }));
  const settings = await scalingSettings(models, inTokens, rest);
  return scalingOf(await measureRounds(models, settings, { ...rest, rounds: blocks }));
}

/**
 * Fits and crossovers of rounds over several lengths. Blocks that lack a length (a stopped run) and models that failed are
 * left out.
 *
 * @throws {RangeError} If there are fewer than three lengths or two whole blocks.
 */
export function scalingOf(rounds: RoundsResult): Scaling {
  noOptions("scalingOf", arguments, 1);
  checkArgument("Cannot fit the scaling", "rounds", rounds, ROUNDS_RESULT);
  const { baseline, twin, identical = [] } = rounds;
  const same = (name: string) =>
    name === twin || identical.some((group) => group.includes(baseline) && group.includes(name));
  const unit = lengthUnit(rounds), lengths = rounds.settings.filter((s) => isRequest(s.setting)).length;
  const names = Object.keys(rounds.models).filter((name) => !rounds.failures.some((f) => f.model === name));
  const ordered = [baseline, ...names.filter((name) => name !== baseline)];
  const models = Object.fromEntries(ordered.map((name): [string, ModelScaling] => {
    const fit = (time: "ttftMs" | "tpotMs", degree: 1 | 2) =>
      fitScaling(wholeBlocks(samplesOf(rounds, name, time), lengths), degree);
    return [name, { ttftMs: fit("ttftMs", 2), tpotMs: fit("tpotMs", 1) }];
  }));
  const crossovers = ordered.slice(1).flatMap((second) =>
    (waysDiffer(rounds, baseline, second) ? ["ttftMs"] as const : ["ttftMs", "tpotMs"] as const).map((
      time,
    ): ScalingCrossover => ({
      time,
      first: baseline,
      second,
      ...(unit === "bytes" ? { unit } : {}),
      ...crossoverOf(models[baseline][time], models[second][time], same(second)),
    }))
  );
  return { unit, models, baseline, twin, crossovers, rounds };
}

function crossoverOf(
  first: ScalingFit,
  second: ScalingFit,
  identical: boolean,
): Pick<ScalingCrossover, "crossover" | "identical"> {
  const found = crossover(first, second);
  if (!identical) return { crossover: found };
  const apart = Math.max(...first.points.map(({ value }, i) => Math.abs(second.points[i].value / value - 1)));
  return {
    identical: { apart },
    crossover: {
      ...found,
      kind: "indistinguishable",
      crossings: [],
      told: [],
      unclear: [{ low: 0, high: Infinity }],
      fasterAtStart: null,
      fasterAtEnd: null,
      extrapolated: false,
    },
  };
}

function samplesOf(
  { rounds, settings, baseline, twin }: RoundsResult,
  model: string,
  time: "ttftMs" | "tpotMs",
): ScalingSample[] {
  return rounds.flatMap(({ config, block, samples }) => {
    const setting = settings.find((s) => s.config === config)!, sample = samples[model];
    const point = sample ? scalingPoint(setting, model === twin ? baseline : model, time, sample) : null;
    return point ? [{ block, ...point }] : [];
  });
}

function wholeBlocks(samples: ScalingSample[], lengths: number): ScalingSample[] {
  const seen = new Map<number, Set<number>>();
  for (const { block, length } of samples) seen.set(block, (seen.get(block) ?? new Set()).add(length));
  return samples.filter(({ block }) => seen.get(block)!.size === lengths);
}
