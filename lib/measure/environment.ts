/** Where a measurement was made: the facts that numbers depend on. */
import { cpus, loadavg, release, totalmem } from "node:os";
import { projectRoot } from "../store/paths.ts";
import { readNoise } from "./noise.ts";

export interface Environment {
  cpu: string;
  logicalCores: number;
  /** In GB (10^9 bytes). */
  memoryGb: number;
  os: string;
  arch: string;
  kernel: string;
  deno: string;
  onnxruntime: string;
  /** Runnable tasks, averaged over 1, 5 and 15 minutes. */
  loadAverage: number[];
  /** CPU frequency governor, e.g. "performance". */
  governor: string | null;
  /** Cores that the container may use; null without a limit. */
  containerCores: number | null;
  /** Memory that the container may use, in GB (10^9 bytes); null without a limit. */
  containerMemoryGb: number | null;
  /** CPU pressure and steal since boot, in ms. */
  cpuPressureMs: number | null;
  stealMs: number | null;
  /** Sources of noise that this system does not show. */
  missing: string[];
  capturedAt: string;
}

/** Read the machine's facts. What can't be read is null and named in `missing`. */
export async function captureEnvironment(): Promise<Environment> {
  const processors = cpus();
  const noise = readNoise();
  const governor = await text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  const [quota, period] = (await text("/sys/fs/cgroup/cpu.max"))?.split(" ").map(Number) ?? [];
  const memory = Number(await text("/sys/fs/cgroup/memory.max") ?? NaN);
  return {
    cpu: processors[0]?.model.trim() || "unknown",
    logicalCores: processors.length,
    memoryGb: totalmem() / 1e9,
    os: Deno.build.os,
    arch: Deno.build.arch,
    kernel: release(),
    deno: Deno.version.deno,
    onnxruntime: await onnxruntimeVersion(),
    loadAverage: loadavg(),
    governor,
    containerCores: quota > 0 && period > 0 ? quota / period : null,
    containerMemoryGb: Number.isFinite(memory) ? memory / 1e9 : null,
    ...noise,
    missing: [
      ...(noise.cpuPressureMs === null ? ["CPU pressure (/proc/pressure/cpu)"] : []),
      ...(noise.stealMs === null ? ["steal (/proc/stat)"] : []),
      ...(governor === null ? ["CPU frequency governor"] : []),
    ],
    capturedAt: new Date().toISOString(),
  };
}

async function text(path: string): Promise<string | null> {
  try {
    return (await Deno.readTextFile(path)).trim();
  } catch {
    return null;
  }
}

async function onnxruntimeVersion(): Promise<string> {
  const file = await text(`${projectRoot()}/node_modules/onnxruntime-node/package.json`);
  return file ? JSON.parse(file).version : "unknown";
}
