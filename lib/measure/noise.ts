/** What else the machine did meanwhile: CPU time that other processes used, and that the hypervisor gave to others. */

/** Counters since boot, in ms; null where the system has none. */
export interface NoiseReading {
  /** Clock of this process. */
  atMs: number;
  /** Time in which some task waited for a CPU (/proc/pressure/cpu): also one of ours for another of ours. */
  cpuPressureMs: number | null;
  /** CPU time that a hypervisor gave to others (/proc/stat), summed over the cores. */
  stealMs: number | null;
  /** CPU time of all processes, summed over the cores of the machine (/proc/stat, in a container too). */
  allCpuMs: number | null;
  /** Of it: this process's and its hosts' (/proc/PID/stat). */
  ownCpuMs: number | null;
  cores: number | null;
}

/** Counters' growth over one sample. */
export interface Noise {
  cpuPressureMs: number | null;
  stealMs: number | null;
  /**
   * CPU time that processes other than ours used, summed over the cores. The counters it is the difference of go in ticks
   * of 10 ms, so it is below 0 at times: to be summed over samples. Null where the system does not tell; absent in
   * results of earlier versions.
   */
  othersCpuMs?: number | null;
  /** Time between the two readings: a little more than the sample's latency. */
  overMs?: number;
  /** Others had more than a tenth of a core, or a hypervisor took as much: it is flagged, never dropped. */
  disturbed: boolean;
}

/** Cores in the hands of others, averaged over a sample, above which it counts as disturbed. */
export const DISTURBED_CORES = 0.1;
/** /proc/stat counts in ticks of 10 ms on every common kernel. */
const TICK_MS = 10;
/** A file of /proc is read in a fraction of this. */
const PROMPT_MS = 2;

export interface NoiseSources {
  /** The contents of a file of /proc, or null. */
  read?: (path: string) => string | null;
  now?: () => number;
}

function readOrNull(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return null; // not Linux, or hidden from a container
  }
}

/** @param pids Of our processes beside this one: the model hosts that are there. */
export function readNoise(pids: readonly number[] = [], sources: NoiseSources = {}): NoiseReading {
  const { read = readOrNull, now = () => performance.now() } = sources;
  let atMs = now(), stat = read("/proc/stat") ?? "";
  for (let again = 0; now() - atMs > PROMPT_MS && again < 3; again++) { // it waited for a core: when was that read?
    atMs = now();
    stat = read("/proc/stat") ?? "";
  }
  const pressure = read("/proc/pressure/cpu")?.match(/^some .*total=(\d+)/m);
  const ticks = stat.match(/^cpu +(.*)$/m)?.[1].split(" ").map(Number);
  // Fields: user (guests in it), nice, system, idle, iowait, irq, softirq, steal. Interrupts are nobody's.
  const all = ticks && ticks[0] + ticks[1] + ticks[2];
  const own = [...new Set([Deno.pid, ...pids])].map((pid) => ticksOf(read(`/proc/${pid}/stat`)));
  return {
    atMs,
    cpuPressureMs: pressure ? Number(pressure[1]) / 1000 : null,
    stealMs: ticks?.[7] === undefined ? null : ticks[7] * TICK_MS,
    allCpuMs: all ? all * TICK_MS : null, // a sandbox may show a file of zeros
    ownCpuMs: own.every((ticks) => ticks !== null) ? own.reduce((a, b) => a + b, 0) * TICK_MS : null,
    cores: stat.match(/^cpu\d/gm)?.length ?? null,
  };
}

/** utime and stime of a process, all its threads: the 14th and 15th field, after a name that may hold anything. */
function ticksOf(stat: string | null): number | null {
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields ? Number(fields[11]) + Number(fields[12]) : null;
}

export function noiseBetween(before: NoiseReading, after: NoiseReading): Noise {
  const grown = (key: keyof NoiseReading) =>
    before[key] === null || after[key] === null ? null : after[key] - before[key];
  const overMs = after.atMs - before.atMs, stealMs = grown("stealMs");
  const all = grown("allCpuMs"), own = grown("ownCpuMs");
  const resolutionMs = TICK_MS * (2 + Math.sqrt(after.cores ?? 1)); // the kernel samples each core's use on its own
  // Where all are said to have used clearly less than we did, or more than there is, the counter is not the machine's.
  const most = (after.cores ?? Infinity) * overMs + resolutionMs;
  const known = all !== null && own !== null && all > 0.9 * own - resolutionMs && all - own <= most;
  const othersCpuMs = known ? all - own : null;
  const disturbed = (othersCpuMs ?? 0) > DISTURBED_CORES * overMs + resolutionMs ||
    (stealMs ?? 0) > DISTURBED_CORES * overMs + TICK_MS;
  return { cpuPressureMs: grown("cpuPressureMs"), stealMs, othersCpuMs, overMs, disturbed };
}
