/** Warm-up in blocks until the time of a step is flat. */
import type { ModelHost } from "../model/protocol.ts";
import { isFlat } from "../stats/series.ts";
import { type RunOptions, runSetting } from "./run_setting.ts";
import { generationGraph, isGeneration, type ModelSetting } from "./setting.ts";

export interface WarmUpOptions extends RunOptions {
  /** Steps at least: decode steps of a generation, forward passes of a batch. Default 20. */
  minSteps?: number;
  /** Steps at most, flat or not. Default 80. */
  maxSteps?: number;
  /** Forward passes of a large batch end after this time, with fewer steps. Default 60 s. */
  maxSeconds?: number;
  /** Clock in ms. Default `performance.now`. */
  now?: () => number;
  onStep?: (steps: number) => void;
}

/** How the warm-up went; printed with every result. */
export interface WarmUp {
  steps: number;
  /** Time a step of each block, in ms. */
  blockMs: number[];
  /** Whether the last two blocks were within 5 % of the two before. */
  flat: boolean;
  seconds: number;
}

/** Decode steps, or forward passes, of one block. */
const GENERATION_BLOCK = 10, BATCH_BLOCK = 5;

/** Run a setting without counting it, until blocks of steps take the same time. */
export async function warmUp(
  host: ModelHost,
  setting: ModelSetting,
  options: WarmUpOptions = {},
): Promise<WarmUp> {
  const { minSteps = 20, maxSteps = 80, maxSeconds = 60, now = () => performance.now(), onStep } = options;
  const start = now(), blockMs: number[] = [];
  const late = () => now() - start > 1000 * maxSeconds;
  const generation = isGeneration(setting);
  const short = generation
    ? { ...setting, newTokens: Math.min(setting.newTokens, GENERATION_BLOCK + 1), graph: generationGraph(setting) }
    : setting;
  const stepsOfRun = isGeneration(short) ? short.newTokens - 1 : 1;
  let steps = 0;
  do {
    let ms = 0, inBlock = 0;
    do {
      const { sample } = await runSetting(host, short, options);
      ms += isGeneration(short) ? sample.tpotMs! * stepsOfRun : sample.latencyMs;
      inBlock += stepsOfRun;
      onStep?.(steps + inBlock);
    } while (inBlock < (generation ? GENERATION_BLOCK : BATCH_BLOCK) && !(late() && !generation));
    steps += inBlock;
    blockMs.push(ms / inBlock);
    if (late() && (!generation || steps >= minSteps)) break;
  } while (steps < minSteps || (!isFlat(blockMs) && steps < maxSteps));
  return { steps, blockMs, flat: isFlat(blockMs), seconds: (now() - start) / 1000 };
}
