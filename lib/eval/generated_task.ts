/** Evaluate a task whose answers are programs: sampled by hosts, run in a sandbox, counted as pass@k. */
import type { ModelInfo } from "../model/info.ts";
import { partialOf, progress, withPartial } from "../progress.ts";
import type { SavedItems } from "../store/saved_items.ts";
import { evalEnvironment } from "./environment.ts";
import { evaluateGenerated, type GeneratedItems, programCount, savedProblems } from "./generated/evaluate.ts";
import type { CheckedGenerate } from "./generated/facts.ts";
import { summariseGenerated } from "./generated/summary.ts";
import { itemsNearFlip } from "./margins.ts";
import type { Sandbox } from "./sandbox/program.ts";
import { openSandbox } from "./sandbox/sandbox.ts";
import { MODEL_KEY } from "./saved_run.ts";
import type { Selection } from "./select_rows.ts";
import type { GenerateTask } from "./task.ts";
import type { TaskHosts } from "./task_hosts.ts";
import type { EvalEnvironment, EvalResult } from "./types.ts";

export interface GeneratedTaskWork {
  task: GenerateTask;
  selection: Selection;
  settings: CheckedGenerate;
  hosts: TaskHosts;
  saved?: SavedItems;
}

/** A finished evaluation runs nothing: it needs neither a host nor a sandbox. */
const NO_SANDBOX: Sandbox = {
  run: () => Promise.reject(new Error("a finished evaluation ran a program")),
  close: () => Promise.resolve(),
};

/**
 * Sample and run what is not saved yet, and make the result of all.
 *
 * @throws As `evaluateGenerated`; what is thrown after some problems were finished holds their `EvalResult` (`partialOf`).
 */
export async function evaluateGeneratedTask(work: GeneratedTaskWork): Promise<EvalResult> {
  const { task, selection, settings, hosts, saved } = work;
  const problems = { task, rows: selection.rows, options: settings, saved };
  const done = savedProblems(problems);
  const startedAt = new Date().toISOString();
  const known = done.saved === done.problems ? saved?.get(MODEL_KEY) as ModelInfo | undefined : undefined;
  const opened = known ? null : await hosts.open(task.name);
  const info = known ?? opened!.hosts[0].open.info;
  saved?.put(MODEL_KEY, info);
  const sandbox = known ? NO_SANDBOX : await openSandbox(task.language, settings.sandbox);
  const bar = progress(`${task.name}, ${info.name} ${info.precisionLabel}`, programCount(selection.rows, settings));
  const start = performance.now();
  const result = (found: GeneratedItems) => {
    const seconds = known ? 0 : (performance.now() - start) / 1000;
    return resultOf(work, found, info, { startedAt, seconds, reused: done.saved, split: opened?.split });
  };
  try {
    return await result(await evaluateGenerated({ ...problems, hosts: opened?.hosts ?? [], sandbox, bar }));
  } catch (error) {
    const partial = partialOf<GeneratedItems>(error);
    throw partial ? withPartial(error, await result(partial)) : error;
  } finally {
    bar.finish();
    await sandbox.close();
  }
}

async function resultOf(
  { task, selection, settings }: GeneratedTaskWork,
  { items, failed, generatedTokens, notes: found }: GeneratedItems,
  info: ModelInfo,
  run: Pick<EvalEnvironment, "startedAt" | "seconds" | "reused" | "split">,
): Promise<EvalResult> {
  const { metrics, variance, completions, notes } = summariseGenerated(items, settings);
  const tokensPerS = generatedTokens ? generatedTokens / run.seconds : null;
  return {
    task: task.name,
    version: task.version,
    shots: 0,
    n: items.length,
    metrics,
    higherIsBetter: Object.fromEntries(Object.keys(metrics).map((metric) => [metric, true])),
    chance: {},
    sanity: null,
    nearFlips: itemsNearFlip({ items, metrics }),
    groups: {},
    failed,
    items,
    generated: { settings, variance, completions, generatedTokens, tokensPerS },
    notes: [...notes, ...found],
    data: selection.data,
    environment: await evalEnvironment(info, run),
  };
}
