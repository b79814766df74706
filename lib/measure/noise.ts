/** What else the machine did meanwhile: pressure on the CPU and time stolen by the hypervisor. */

/** Counters since boot, in ms; null where the system has none. */
export interface NoiseReading {
  /** Time in which some task waited for a CPU (/proc/pressure/cpu). */
  cpuPressureMs: number | null;
  /** CPU time that a hypervisor gave to others (/proc/stat), summed over the cores. */
  stealMs: number | null;
}

/** Counters' growth over one sample. */
export interface Noise extends NoiseReading {
  /** Pressure or steal took more than a tenth of the sample's time: it is flagged, never dropped. */
  disturbed: boolean;
}

/** Share of a sample's time above which it counts as disturbed. */
const DISTURBED = 0.1;
/** /proc/stat counts in ticks of 10 ms on every common kernel. */
const TICK_MS = 10;

function readOrNull(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return null; // not Linux, or hidden from a container
  }
}

export function readNoise(read: (path: string) => string | null = readOrNull): NoiseReading {
  const pressure = read("/proc/pressure/cpu")?.match(/^some .*total=(\d+)/m);
  const steal = read("/proc/stat")?.match(/^cpu +(.*)$/m)?.[1].split(" ")[7];
  return {
    cpuPressureMs: pressure ? Number(pressure[1]) / 1000 : null,
    stealMs: steal === undefined ? null : Number(steal) * TICK_MS,
  };
}

export function noiseBetween(before: NoiseReading, after: NoiseReading, elapsedMs: number): Noise {
  const grown = (key: keyof NoiseReading) =>
    before[key] === null || after[key] === null ? null : after[key] - before[key];
  const cpuPressureMs = grown("cpuPressureMs"), stealMs = grown("stealMs");
  const disturbed = (cpuPressureMs ?? 0) > DISTURBED * elapsedMs || (stealMs ?? 0) > DISTURBED * elapsedMs + TICK_MS;
  return { cpuPressureMs, stealMs, disturbed };
}
