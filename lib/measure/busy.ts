/** Whether other work used the machine while rounds ran, and how much: from the counters that every sample carries. */
import { median } from "../stats/summary.ts";
import { DISTURBED_CORES, type Noise } from "./noise.ts";

/** The part of a `RoundSample` that is looked at. */
export interface NoisySample {
  latencyMs: number;
  noise: Noise;
  involuntarySwitches: number | null;
}

export interface Busy {
  samples: number;
  /** How many of them others disturbed, and cores that processes of others used in these, on average. */
  disturbed: number;
  othersCores: number;
  /** Cores that processes of others used, and that a hypervisor gave away, on average over all samples; null if not known. */
  othersCoresInAll: number | null;
  stolenCores: number | null;
  /** Times a second that a model lost the CPU, the median sample; null if not known. */
  switchesPerS: number | null;
}

/** Busy from this share of disturbed samples on. */
const DISTURBED_SHARE = 0.1;
/** Of the counters, for one sample. */
const RESOLUTION_MS = 40;
/**
 * Where the others' time cannot be read: a core that is shared with one other task is lost every 3 to 8 ms, the
 * scheduler's slice, so 125 to 330 times a second; alone, a few times.
 */
const BUSY_SWITCHES_PER_S = 50;

/** Null where the machine was quiet, or no counter is there to tell. */
export function busyDuring(samples: readonly NoisySample[]): Busy | null {
  if (!samples.length) return null;
  // Flags of earlier versions are of no use: they counted waits of our own threads as well.
  const disturbed = samples.filter(({ noise }) => noise.othersCpuMs !== undefined && noise.disturbed);
  const rates = samples.flatMap((s) =>
    s.involuntarySwitches === null ? [] : [1000 * s.involuntarySwitches / s.latencyMs]
  );
  const busy: Busy = {
    samples: samples.length,
    disturbed: disturbed.length,
    othersCores: cores(disturbed, "othersCpuMs") ?? 0,
    othersCoresInAll: cores(samples, "othersCpuMs"),
    stolenCores: cores(samples, "stealMs"),
    switchesPerS: rates.length ? median(rates) : null,
  };
  const overMs = samples.reduce((sum, { noise, latencyMs }) => sum + (noise.overMs ?? latencyMs), 0);
  // Short samples are within the counters' resolution one by one, and may not be in sum.
  const resolution = RESOLUTION_MS * Math.sqrt(samples.length) / overMs;
  const isBusy = disturbed.length >= DISTURBED_SHARE * samples.length ||
    Math.max(busy.othersCoresInAll ?? 0, busy.stolenCores ?? 0) > DISTURBED_CORES + resolution ||
    (busy.othersCoresInAll === null && (busy.switchesPerS ?? 0) > BUSY_SWITCHES_PER_S);
  return isBusy ? busy : null;
}

/** CPU time of a kind over the time in which it was counted: cores, on average. */
function cores(samples: readonly NoisySample[], key: "othersCpuMs" | "stealMs"): number | null {
  const known = samples.filter(({ noise }) => noise[key] != null);
  if (!known.length) return null;
  const sum = (of: (s: NoisySample) => number) => known.reduce((total, s) => total + of(s), 0);
  return Math.max(0, sum(({ noise }) => noise[key]!) / sum(({ noise, latencyMs }) => noise.overMs ?? latencyMs));
}
