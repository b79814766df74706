/**
 * How far this machine puts identical models apart, over all comparisons that were run on it: a flag beside every
 * speed-up, not a veto.
 */
import { machineOf } from "../measure/environment.ts";
import { pairedSpeeds, primarySpeed } from "../measure/rounds_result.ts";
import { blockLogRatios } from "../stats/ratio.ts";
import { mean } from "../stats/summary.ts";
import type { ResultStore, TwinRun } from "../store/results.ts";
import type { ComparisonRaw, Trust } from "./raw.ts";

/** The twins of a comparison, to be kept. */
export function twinRuns(raw: ComparisonRaw): TwinRun[] {
  if (!raw.twin) return [];
  const { twin, baseline, startedAt } = raw;
  const model = raw.models[baseline].info;
  return raw.settings.map(({ setting, config }) => {
    const metric = primarySpeed(setting);
    return {
      startedAt,
      machine: machineOf(raw.environment),
      model: model ? `${model.name} ${model.precisionLabel}` : baseline,
      config,
      metric,
      pairs: pairedSpeeds(raw.rounds, config, metric, twin.name, baseline),
    };
  });
}

/** Keep the twins of a comparison and tell what is known of the machine with them; null without any. */
export function keepTwins(raw: ComparisonRaw, store: ResultStore): Trust | null {
  store.saveTwins(twinRuns(raw));
  return trustOf(store.twins(machineOf(raw.environment)), raw.band.speed);
}

/**
 * @param runs Of one machine.
 * @param band Of the speed verdict, e.g. 0.01.
 */
export function trustOf(runs: readonly TwinRun[], band: number): Trust | null {
  const ratios = runs.filter((r) => r.pairs.length > 0).map((r) => Math.exp(mean(blockLogRatios(r.pairs))));
  if (ratios.length === 0) return null;
  const apart = Math.max(...ratios.map((ratio) => Math.abs(ratio - 1)));
  return {
    runs: ratios.length,
    pairs: runs.reduce((n, r) => n + r.pairs.length, 0),
    apart,
    withinBand: apart <= band,
  };
}
