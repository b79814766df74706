/** The process's own memory and time counters. */
import process from "node:process";
import type { ProcessCounters } from "./protocol.ts";

/** Read the counters of this process; on Linux from /proc, elsewhere by a named fallback. */
export function readCounters(): ProcessCounters {
  const cpu = process.cpuUsage();
  const cpuTimeMs = (cpu.user + cpu.system) / 1000;
  let status: string;
  try {
    status = Deno.readTextFileSync("/proc/self/status");
  } catch {
    const { rss } = process.memoryUsage();
    return {
      peakResidentBytes: rss,
      residentBytes: rss,
      residentAnonymousBytes: null,
      residentFileBytes: null,
      memoryMethod: "rss",
      cpuTimeMs,
      voluntarySwitches: null,
      involuntarySwitches: null,
    };
  }
  const number = (key: string) => Number(status.match(new RegExp(`^${key}:\\s+(\\d+)`, "m"))?.[1]);
  return {
    peakResidentBytes: number("VmHWM") * 1024,
    residentBytes: number("VmRSS") * 1024,
    residentAnonymousBytes: number("RssAnon") * 1024,
    residentFileBytes: number("RssFile") * 1024,
    memoryMethod: "VmHWM",
    cpuTimeMs,
    voluntarySwitches: number("voluntary_ctxt_switches"),
    involuntarySwitches: number("nonvoluntary_ctxt_switches"),
  };
}

/**
 * Give back what JavaScript no longer needs, where the process was started with --expose-gc. V8 frees the memory of typed
 * arrays beside the program after a collection; the next collection waits for that.
 */
export function collectGarbage(): void {
  const { gc } = globalThis as { gc?: () => void };
  gc?.();
  gc?.();
}

/**
 * Start a new peak: what JavaScript no longer needs is collected, then writing 5 to /proc/self/clear_refs sets VmHWM
 * to what is resident now (proc(5)). Without /proc there is no peak to reset.
 */
export function resetPeak(): ProcessCounters {
  collectGarbage();
  try {
    Deno.writeTextFileSync("/proc/self/clear_refs", "5");
  } catch {
    // Not Linux: `memoryMethod` says "rss".
  }
  return readCounters();
}
