/** Peak memory of a running model, in a fresh process of its own. */
import type { AnySource } from "../arch/foreign/resolved_graph.ts";
import type { ModelOptions, Precision } from "../arch/model_ref.ts";
import { type Subject, subjectOf } from "../cost/subject.ts";
import type { ProcessCounters, StartHost } from "../model/protocol.ts";
import type { Estimate } from "../stats/estimate.ts";
import { meanInterval } from "../stats/mean_interval.ts";
import { mean } from "../stats/summary.ts";
import { type RunOptions, runSetting } from "./run_setting.ts";
import { startStoppable } from "./stoppable.ts";
import { graphOf, isGeneration, type ModelSetting, settingName } from "./setting.ts";

/** All in GB (10^9 bytes), means over hosts. */
export interface MemoryResult {
  /** What ran, e.g. "p5_l64". */
  config: string;
  /** Peak resident memory while running (cleared after loading) minus what the process held before loading. */
  memoryGb: Estimate;
  /** The weights that the graph reads. */
  weightsGb: number;
  /** Peak resident memory while loading, minus what the process held before. */
  loadPeakGb: number;
  /** Peak resident memory while running, the bare process included. */
  runPeakGb: number;
  /** What the process held before loading. */
  bareGb: number;
  /** Resident after the run, minus what the process held before loading. */
  steadyGb: number;
  /** Resident after the run, by kind; null where the system does not tell. */
  anonymousGb: number | null;
  fileGb: number | null;
  /** "VmHWM", or the fallback "rss": sampled, so it may miss the peak. */
  method: ProcessCounters["memoryMethod"];
  /** What `willItRun` says of this setting: `memory.runBytes`. */
  predictedGb: number;
  /** Measured minus predicted. */
  residualGb: number;
  /** The peak of each host. */
  samplesGb: number[];
}

export interface MemoryOptions extends RunOptions {
  /** Fresh hosts; below three there are no bounds. Default 1. */
  hosts?: number;
  /** What the setting is called. Default: its own name. */
  config?: string;
  onHost?: (done: number) => void;
}

/**
 * Start a host, clear its peak, run a setting once and read the peak; as often as asked.
 */
export async function measureMemory(
  start: StartHost,
  ref: AnySource,
  modelOptions: ModelOptions,
  setting: ModelSetting,
  options: MemoryOptions = {},
): Promise<MemoryResult> {
  const { hosts = 1, config = settingName(setting), onHost } = options;
  const seen: { bare: number; load: number; run: number; after: ProcessCounters; weights: number }[] = [];
  let precision: Precision = "fp32";
  for (let i = 0; i < hosts; i++) {
    const host = await startStoppable(start, ref, { ...modelOptions, graphs: [graphOf(setting)] });
    try {
      const { before, loaded, info } = host.open;
      precision = info.precision as Precision;
      await host.resetPeak();
      const { counters } = await runSetting(host, setting, options);
      const run = Math.max(counters.peakResidentBytes, counters.residentBytes);
      seen.push({
        bare: before.residentBytes,
        load: loaded.peakResidentBytes,
        run,
        after: counters,
        weights: info.weightBytes,
      });
    } finally {
      await host.close();
    }
    onHost?.(i + 1);
  }
  const gb = (of: (s: typeof seen[number]) => number) => mean(seen.map(of)) / 1e9;
  const known = (key: "residentAnonymousBytes" | "residentFileBytes") =>
    seen.every((s) => s.after[key] !== null) ? gb((s) => s.after[key]!) : null;
  const samplesGb = seen.map((s) => (s.run - s.bare) / 1e9);
  // A folder may hold graphs in several precisions; the one that was asked for ran.
  const subject = await subjectOf(ref, modelOptions.precision);
  const predictedGb = await predictedBytes(subject, precision, setting) / 1e9;
  return {
    config,
    memoryGb: samplesGb.length >= 3
      ? meanInterval(samplesGb)
      : { point: mean(samplesGb), low: null, high: null, level: 0.95, n: samplesGb.length },
    weightsGb: gb((s) => s.weights),
    loadPeakGb: gb((s) => s.load - s.bare),
    runPeakGb: gb((s) => s.run),
    bareGb: gb((s) => s.bare),
    steadyGb: gb((s) => s.after.residentBytes - s.bare),
    anonymousGb: known("residentAnonymousBytes"),
    fileGb: known("residentFileBytes"),
    method: seen[0].after.memoryMethod,
    predictedGb,
    residualGb: mean(samplesGb) - predictedGb,
    samplesGb,
  };
}

async function predictedBytes(subject: Subject, precision: Precision, setting: ModelSetting): Promise<number> {
  const lengths = isGeneration(setting)
    // The last token is never read.
    ? { promptTokens: setting.promptTokens, contextLength: setting.promptTokens + setting.newTokens - 1 }
    : { promptTokens: setting.seqLen, contextLength: setting.seqLen, batch: setting.batch, logits: setting.logits };
  return (await subject.plan({ precision, ...lengths })).runBytes;
}
