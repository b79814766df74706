/** Where a measurement was made: the facts that numbers depend on. */
import { cpus, loadavg, release, totalmem } from "node:os";
import { onnxruntimeVersion } from "../model/runtime_version.ts";
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
  /** Cache sizes of one core by level and kind, e.g. { "L1 Data": "32K" }; null where the system does not tell. */
  caches: Record<string, string> | null;
  /** Commit of this library's checkout; null outside one. */
  commit: string | null;
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

/** What speed depends on besides the model: runs with the same are those of one machine. */
export function machineOf(e: Environment): string {
  return [e.cpu, e.containerCores ?? e.logicalCores, e.os, e.arch, `onnxruntime ${e.onnxruntime}`].join(", ");
}

/** Read the machine's facts. What can't be read is null and named in `missing`. */
export async function captureEnvironment(): Promise<Environment> {
  const processors = cpus();
  const { cpuPressureMs, stealMs, allCpuMs } = readNoise();
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
    caches: await caches(),
    commit: await commit(),
    governor,
    containerCores: quota > 0 && period > 0 ? quota / period : null,
    containerMemoryGb: Number.isFinite(memory) ? memory / 1e9 : null,
    cpuPressureMs,
    stealMs,
    missing: [
      ...(cpuPressureMs === null ? ["CPU pressure (/proc/pressure/cpu)"] : []),
      ...(stealMs === null ? ["steal (/proc/stat)"] : []),
      ...(allCpuMs === null ? ["CPU time of others (/proc/stat)"] : []),
      ...(await text("/sys/class/powercap/intel-rapl:0/energy_uj") === null ? ["energy (RAPL)"] : []),
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

async function caches(): Promise<Record<string, string> | null> {
  const found: Record<string, string> = {};
  for (let i = 0;; i++) {
    const of = (what: string) => text(`/sys/devices/system/cpu/cpu0/cache/index${i}/${what}`);
    const [level, type, size] = await Promise.all([of("level"), of("type"), of("size")]);
    if (level === null || type === null || size === null) break;
    found[`L${level} ${type}`] = size;
  }
  return Object.keys(found).length ? found : null;
}

/** Read from git's own files: no program is run for it. */
async function commit(): Promise<string | null> {
  const git = `${projectRoot()}/.git`, head = await text(`${git}/HEAD`);
  const ref = head?.match(/^ref: (.+)$/)?.[1];
  if (!ref) return head;
  const packed = (await text(`${git}/packed-refs`))?.match(new RegExp(`^([0-9a-f]{40,}) ${ref}$`, "m"));
  return await text(`${git}/${ref}`) ?? packed?.[1] ?? null;
}
