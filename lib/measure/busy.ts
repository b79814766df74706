/** Whether other work used the machine while rounds ran, and how much: from the counters that every sample carries. */
import { median } from "../stats/summary.ts";
import type { Noise } from "./noise.ts";

/** The part of a `RoundSample` that is looked at. */
export interface NoisySample {
  latencyMs: number;
  noise: Noise;
  involuntarySwitches: number | null;
}

export interface Busy {
  samples: number;
  /** Samples in which others took the CPU for more than a tenth of the time. */
  disturbed: number;
  /** Share of the measured time in which some task waited for a CPU, and in which a hypervisor took it; null if not known. */
  waitingShare: number | null;
  stolenShare: number | null;
  /** Times a second that a model lost the CPU, the median sample; null if not known. */
  switchesPerS: number | null;
}

/** Busy from this share of disturbed samples on. */
const DISTURBED_SHARE = 0.1;
/**
 * Where neither pressure nor steal can be read: a core that is shared with one other task is lost every 3 to 8 ms, the
 * scheduler's slice, so 125 to 330 times a second; alone, a few times.
 */
const BUSY_SWITCHES_PER_S = 50;

/** Null where the machine was quiet, or no counter is there to tell. */
export function busyDuring(samples: readonly NoisySample[]): Busy | null {
  if (!samples.length) return null;
  const disturbed = samples.filter((s) => s.noise.disturbed).length;
  const share = (key: "cpuPressureMs" | "stealMs") => {
    const known = samples.filter((s) => s.noise[key] !== null);
    if (!known.length) return null;
    const sum = (of: (s: NoisySample) => number) => known.reduce((total, s) => total + of(s), 0);
    return Math.min(1, sum((s) => s.noise[key]!) / sum((s) => s.latencyMs)); // the counters began a little before
  };
  const rates = samples.flatMap((s) =>
    s.involuntarySwitches === null ? [] : [1000 * s.involuntarySwitches / s.latencyMs]
  );
  const busy: Busy = {
    samples: samples.length,
    disturbed,
    waitingShare: share("cpuPressureMs"),
    stolenShare: share("stealMs"),
    switchesPerS: rates.length ? median(rates) : null,
  };
  const blind = busy.waitingShare === null && busy.stolenShare === null;
  const isBusy = disturbed >= DISTURBED_SHARE * samples.length ||
    (blind && (busy.switchesPerS ?? 0) > BUSY_SWITCHES_PER_S);
  return isBusy ? busy : null;
}
