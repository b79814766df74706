/** The machine's peaks, measured by probe graphs in hosts like a model's: FLOP/s, and bytes/s of weights and of a copy. */
import { MODEL_OPTIONS } from "../arch/ref_fields.ts";
import type { ModelOptions } from "../arch/model_ref.ts";
import { HOSTS, MOST_RUNS, SEED } from "../check/common.ts";
import { object, optional } from "../check/objects.ts";
import { checkOptions } from "../check/options.ts";
import { func, integer, list, oneOf } from "../check/rules.ts";
import type { Machine } from "../cost/hardware.ts";
import { startGraphHost } from "../model/host.ts";
import type { GraphHost } from "../model/protocol.ts";
import { threadWarnings } from "../model/open_options.ts";
import { progress } from "../progress.ts";
import type { Estimate } from "../stats/estimate.ts";
import { geometricMean } from "../stats/geometric_mean.ts";
import { seededRandom } from "../stats/random.ts";
import { captureEnvironment, type Environment } from "./environment.ts";
import { noiseBetween, readNoise } from "./noise.ts";
import { stoppable } from "./stoppable.ts";
import { copyProbe, type Probe, PROBED_FORMATS, type ProbedFormat, productProbe, readProbe } from "./probe_graphs.ts";

export interface PeaksOptions extends Pick<ModelOptions, "provider" | "threads"> {
  /** Fresh processes; the unit of the intervals, which two are needed for. Default 6. */
  hosts?: number;
  /** Runs of each probe in a process, in random order. Default 8. */
  repeats?: number;
  /** Untimed runs of each probe before them. Default 3. */
  warmups?: number;
  /** Default all three. */
  formats?: ProbedFormat[];
  /** Bytes of the matrix that is read and of the numbers that are copied. Default 8 times the largest cache, at least 256 MiB and at most 1 GiB. */
  bytes?: number;
  /** Seed of the order. Default 0. */
  seed?: number;
  /** How a host is started; tests give a fake one. */
  start?: () => Promise<GraphHost>;
}

export const PEAKS_OPTIONS = object<PeaksOptions>({
  provider: MODEL_OPTIONS.fields.provider,
  threads: MODEL_OPTIONS.fields.threads,
  hosts: optional(HOSTS),
  repeats: optional(integer({ min: 1, max: MOST_RUNS })),
  warmups: optional(integer({ min: 0, max: MOST_RUNS })),
  formats: optional(list(oneOf(...PROBED_FORMATS), { min: 1 })),
  bytes: optional(integer({ min: 1, max: 2 ** 40 })),
  seed: optional(SEED),
  start: optional(func()),
});

/** One run of a probe. */
export interface PeakSample {
  host: number;
  kind: Probe["kind"];
  format: ProbedFormat;
  ms: number;
  /** FLOP/s or bytes/s. */
  rate: number;
  disturbed: boolean;
}

export interface Peaks {
  /** FLOP/s of a large product, by format. */
  flopsPerS: Partial<Record<ProbedFormat, Estimate>>;
  /** Bytes/s of weights that a product with one row reads, by format. */
  readBytesPerS: Partial<Record<ProbedFormat, Estimate>>;
  /** Bytes/s read and written by a copy. */
  copyBytesPerS: Estimate;
  /** The points of the above, for `roofline` and `willItRun`. */
  machine: Machine;
  provider: string;
  threads: number;
  /** What to know before the figures are trusted, in sentences; absent: nothing. */
  warnings?: string[];
  /** Bytes of a matrix or of the copied numbers. */
  bytes: number;
  samples: PeakSample[];
  environment: Environment;
  startedAt: string;
  seconds: number;
}

/**
 * Measure the peaks: the best run of each process (a slower one was disturbed), averaged over processes (geometric
 * mean, t interval). Quantised formats have peaks of their own, since their products unpack weights: int4 reads fewer bytes/s.
 *
 * @throws {RangeError} For counts below 1, or an unknown format.
 * @example
 * ```ts ignore
 * const peaks = await measurePeaks({ threads: 2 });
 * console.log(peaks.flopsPerS.fp32, peaks.readBytesPerS.fp32); // { point: 1.8e11, ... } { point: 3.1e10, ... }
 * ```
 */
export async function measurePeaks(options: PeaksOptions = {}): Promise<Peaks> {
  checkOptions("Cannot measure peaks", options, PEAKS_OPTIONS);
  const { hosts = 6, repeats = 8, warmups = 3, formats = [...PROBED_FORMATS], seed = 0 } = options;
  const { start = startGraphHost, provider, threads } = options;
  const environment = await captureEnvironment(), began = performance.now(), startedAt = new Date().toISOString();
  const bytes = options.bytes ?? farBeyondCaches(environment);
  const probes = [...formats.map(productProbe), ...formats.map((f) => readProbe(f, bytes)), copyProbe(bytes)];
  const random = seededRandom(seed), samples: PeakSample[] = [];
  const ran = { provider: "", threads: 0 };
  const bar = progress("Peaks of this machine", hosts);
  try {
    for (let host = 0; host < hosts; host++) {
      const client = await start();
      try {
        const run = async ({ request }: Probe, repeats: number) => {
          const runs = await stoppable(
            client,
            client.graphRuns({ ...request, options: { provider, threads }, repeats }),
          );
          Object.assign(ran, { provider: runs.provider, threads: runs.threads });
          return runs.ms;
        };
        for (const probe of probes) await run(probe, Math.max(1, warmups));
        for (let repeat = 0; repeat < repeats; repeat++) {
          for (const probe of random.shuffle(probes)) {
            const before = readNoise([client.pid]), [ms] = await run(probe, 1);
            const { disturbed } = noiseBetween(before, readNoise([client.pid]));
            samples.push({ host, kind: probe.kind, format: probe.format, ms, rate: 1000 * probe.work / ms, disturbed });
          }
        }
      } finally {
        await client.close();
      }
      bar.update(host + 1, "processes");
    }
  } finally {
    bar.finish();
  }
  const best = (kind: Probe["kind"], format: ProbedFormat) => overHosts(samples, kind, format, hosts);
  const of = (kind: Probe["kind"]) =>
    Object.fromEntries(formats.map((f) => [f, best(kind, f)])) as Partial<Record<ProbedFormat, Estimate>>;
  const flopsPerS = of("flops"), readBytesPerS = of("read"), warnings = threadWarnings(ran.threads);
  return {
    flopsPerS,
    readBytesPerS,
    copyBytesPerS: best("copy", "fp32"),
    machine: machineOf(environment, ran, flopsPerS, readBytesPerS),
    ...ran,
    ...(warnings.length ? { warnings } : {}),
    bytes,
    samples,
    environment,
    startedAt,
    seconds: (performance.now() - began) / 1000,
  };
}

/** The best run of each process; a geometric mean, so that no bound is below zero. */
function overHosts(samples: PeakSample[], kind: Probe["kind"], format: ProbedFormat, hosts: number): Estimate {
  const own = samples.filter((s) => s.kind === kind && s.format === format);
  return geometricMean(
    Array.from({ length: hosts }, (_, host) => Math.max(...own.filter((s) => s.host === host).map((s) => s.rate))),
  );
}

const points = (estimates: Partial<Record<ProbedFormat, Estimate>>) =>
  Object.fromEntries(Object.entries(estimates).map(([format, { point }]) => [format, point]));

function machineOf(
  environment: Environment,
  { provider, threads }: { provider: string; threads: number },
  flopsPerS: Peaks["flopsPerS"],
  readBytesPerS: Peaks["readBytesPerS"],
): Machine {
  const { cpu, memoryGb, containerMemoryGb, onnxruntime } = environment;
  const fastest = Math.max(...Object.values(readBytesPerS).map((e) => e.point));
  return {
    name: `${cpu}, ${threads} ${threads === 1 ? "thread" : "threads"} (measured)`,
    kind: provider === "cpu" ? "cpu" : "gpu",
    flopsPerS: points(flopsPerS),
    bytesPerS: readBytesPerS.fp32?.point ?? fastest,
    weightBytesPerS: points(readBytesPerS),
    memoryBytes: 1e9 * Math.min(memoryGb, containerMemoryGb ?? Infinity),
    tdpWatts: null,
    measured: true,
    source: `probe graphs on onnxruntime ${onnxruntime}, ${provider}`,
  };
}

function farBeyondCaches({ caches }: Environment): number {
  const sizes = Object.values(caches ?? {}).map((text) => {
    const [, number, unit] = text.match(/^(\d+)([KMG])?$/) ?? [];
    return Number(number ?? 0) * { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 }[unit as "K" | "M" | "G"]! || 0;
  });
  return Math.min(2 ** 30, Math.max(2 ** 28, 8 * Math.max(0, ...sizes)));
}
