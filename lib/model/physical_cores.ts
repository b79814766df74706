/** The cores of this machine, without opening a model. */
import { readFileSync } from "node:fs";

/** Default thread count: the physical cores, since two threads on one core only share its arithmetic. */
export function physicalCores(): number {
  try {
    const cores = new Set<string>();
    for (const cpu of readFileSync("/proc/cpuinfo", "utf8").split("\n\n")) {
      const id = (key: string) => cpu.match(new RegExp(`^${key}\\s*:\\s*(\\d+)`, "m"))?.[1];
      if (id("processor") !== undefined) cores.add(`${id("physical id") ?? 0}/${id("core id") ?? id("processor")}`);
    }
    if (cores.size > 0) return Math.min(cores.size, navigator.hardwareConcurrency);
  } catch {
    // Not Linux: fall through to what the system counts.
  }
  return navigator.hardwareConcurrency;
}
