/** One line beside the verdicts where the machine was busy while they were measured: with what, and how much. */
import { type Busy, busyDuring, type NoisySample } from "../measure/busy.ts";
import type { Environment } from "../measure/environment.ts";
import { formatNumber } from "./format.ts";

/** The part of a comparison's raw data, or of a `RoundsResult`, that is looked at. */
export interface NoisyRounds {
  rounds: readonly { samples: Record<string, Partial<NoisySample>> }[];
  environment?: Pick<Environment, "loadAverage" | "logicalCores">;
}

/** One sentence, or none where the machine was quiet or nothing tells. */
export function busySentence(run: NoisyRounds | null): string[] {
  const { rounds, environment } = run ?? { rounds: [] };
  const samples = rounds.flatMap((r) => Object.values(r.samples)).filter((s): s is NoisySample =>
    s.noise !== undefined && s.latencyMs !== undefined
  );
  const busy = busyDuring(samples.map((s) => ({ ...s, involuntarySwitches: s.involuntarySwitches ?? null })));
  if (!busy) return [];
  const { stolenCores, switchesPerS } = busy, cores = environment?.logicalCores, load = environment?.loadAverage[0];
  const of = cores === undefined ? "" : ` of ${cores}`;
  const how = [
    ...others(busy, of),
    ...(stolenCores && tenths(stolenCores) ? [`the hypervisor took ${tenths(stolenCores)}${of} cores`] : []),
    ...(switchesPerS !== null && switchesPerS >= 1
      ? [`the models lost their CPU ${Math.round(switchesPerS)} times a second`]
      : []),
  ];
  const before = load === undefined || cores === undefined
    ? ""
    : `; load before the run ${formatNumber(load)} on ${cores} cores`;
  return [
    `The machine was busy during the run: ${how.join(", ")}${before}. Speeds may be lower for it, and are less sure.`,
  ];
}

/** In the samples in which it was much, and in all of them: each may be too short to tell. */
function others({ samples, disturbed, othersCores, othersCoresInAll }: Busy, of: string): string[] {
  const inAll = tenths(othersCoresInAll ?? 0);
  if (!tenths(othersCores)) return inAll ? [`other processes used ${inAll}${of} cores on average`] : [];
  const during = `other processes used ${tenths(othersCores)}${of} cores during ${disturbed} of ${samples} samples`;
  return [inAll === tenths(othersCores) ? during : `${during} (${inAll} over all)`];
}

const tenths = (cores: number) => Number(cores.toFixed(1));
