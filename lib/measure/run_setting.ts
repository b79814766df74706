/** Run one setting once on a host. */
import type { ModelHost, ProcessCounters } from "../model/protocol.ts";
import type { DecodeWay } from "../model/info.ts";
import { generationGraph, isGeneration, type ModelSetting } from "./setting.ts";
import { batchSample, generationSample, type SpeedSample } from "./speed_sample.ts";
import { stoppable } from "./stoppable.ts";

export interface RunOptions {
  /** Decode inside the graph ("loop") or token by token ("step"). Default "loop". */
  way?: DecodeWay;
  /** Seed of the random prompt or batch: the same in every repeat. Default 0. */
  seed?: number;
}

export interface TimedRun {
  sample: SpeedSample;
  /** The tokens of a generation, or the most probable next ones of a forward pass: the same in every repeat. */
  ids: number[];
  counters: ProcessCounters;
  /** Times that the host lost its CPU to others during the counted run; null where not known. */
  involuntarySwitches: number | null;
}

/** One repeat; `fresh` runs an uncounted step first, for a model that was idle. */
export async function runSetting(
  host: ModelHost,
  setting: ModelSetting,
  options: RunOptions & { fresh?: boolean } = {},
): Promise<TimedRun> {
  const { way = "loop", seed = 0, fresh = false } = options;
  if (isGeneration(setting)) {
    const prompt = setting.promptIds ? { ids: setting.promptIds } : { tokens: setting.promptTokens, seed };
    const request = { prompt, way, repeats: 1, graph: generationGraph(setting) }; // the same for the uncounted step
    const idle = fresh ? (await stoppable(host, host.generateRuns({ ...request, newTokens: 2 })))[0] : null;
    const [raw] = await stoppable(host, host.generateRuns({ ...request, newTokens: setting.newTokens }));
    const involuntarySwitches = switchesBetween(idle?.counters, raw.counters);
    return { sample: generationSample(raw, setting), ids: raw.ids, counters: raw.counters, involuntarySwitches };
  }
  const runs = await stoppable(host, host.forwardRuns({ ...setting, seed, repeats: fresh ? 2 : 1 }));
  const raw = runs.at(-1)!;
  const involuntarySwitches = switchesBetween(fresh ? runs[0].counters : undefined, raw.counters);
  return { sample: batchSample(raw, setting), ids: raw.ids, counters: raw.counters, involuntarySwitches };
}

function switchesBetween(before: ProcessCounters | undefined, after: ProcessCounters): number | null {
  if (before?.involuntarySwitches == null || after.involuntarySwitches === null) return null;
  return after.involuntarySwitches - before.involuntarySwitches;
}

/**
 * Guards against fast but wrong: one prompt, or one batch, gives the same tokens in every repeat.
 *
 * @throws {Error} Naming the first token that differs.
 */
export function checkSameTokens(model: string, first: number[] | null, now: number[]): void {
  if (!first) return;
  const at = first.findIndex((id, i) => id !== now[i]);
  if (at >= 0) {
    throw new Error(
      `${model} gave token ${now[at]} at position ${at} where its first run gave ${
        first[at]
      }: the same input must give the same tokens`,
    );
  }
}
