/** One line beside the verdicts where the machine was busy while they were measured: with what, and how much. */
import { busyDuring, type NoisySample } from "../measure/busy.ts";
import type { Environment } from "../measure/environment.ts";
import { formatNumber } from "./format.ts";

/** The part of a comparison's raw data, or of a `RoundsResult`, that is looked at. */
export interface NoisyRounds {
  rounds: readonly { samples: Record<string, Partial<NoisySample>> }[];
  environment?: Pick<Environment, "loadAverage" | "logicalCores" | "containerCores">;
}

/** One sentence, or none where the machine was quiet or nothing tells. */
export function busySentence(run: NoisyRounds | null): string[] {
  const { rounds, environment } = run ?? { rounds: [] };
  const samples = rounds.flatMap((r) => Object.values(r.samples)).filter((s): s is NoisySample =>
    s.noise !== undefined && s.latencyMs !== undefined
  );
  const busy = busyDuring(samples.map((s) => ({ ...s, involuntarySwitches: s.involuntarySwitches ?? null })));
  if (!busy) return [];
  const { disturbed, waitingShare, stolenShare, switchesPerS } = busy, percent = (x: number) => Math.round(100 * x);
  const how = [
    ...(disturbed ? [`other work took the CPU in ${disturbed} of ${busy.samples} samples`] : []),
    ...(waitingShare ? [`tasks waited for it ${percent(waitingShare)} % of the time`] : []),
    ...(stolenShare ? [`the hypervisor took ${percent(stolenShare)} %`] : []),
    ...(switchesPerS !== null && switchesPerS >= 1
      ? [`the models lost it ${Math.round(switchesPerS)} times a second`]
      : []),
  ];
  const cores = environment?.containerCores ?? environment?.logicalCores, load = environment?.loadAverage[0];
  const before = load === undefined || cores === undefined
    ? ""
    : `; load before the run ${formatNumber(load)} on ${cores} cores`;
  return [`The machine was busy during the run: ${how.join(", ")}${before}. Speeds are lower and less sure for it.`];
}
