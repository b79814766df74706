/** Evaluate a generated task: programs are sampled, run while others are still being written, and saved as they end. */
import type { ModelHost } from "../../model/protocol.ts";
import { checkStop, type Progress, withPartial } from "../../progress.ts";
import type { SavedItems } from "../../store/saved_items.ts";
import { sha256 } from "../hashes.ts";
import type { Sandbox } from "../sandbox/program.ts";
import type { SelectedRow } from "../select_rows.ts";
import type { GenerateTask } from "../task.ts";
import type { EvalItem, FailedRow, ProgramSample } from "../types.ts";
import { judge } from "./judge.ts";
import type { CheckedGenerate } from "./facts.ts";
import { batchesOf, failedRow, type ReadProblem, readProblems, type Run } from "./plan.ts";
import { requestsOf, sampleBatches } from "./sample.ts";

export interface GeneratedWork {
  task: GenerateTask;
  rows: SelectedRow[];
  options: CheckedGenerate;
  /** Share the work; none is needed where all is saved. They are closed if it ends early: a busy host cannot be interrupted otherwise. */
  hosts: ModelHost[];
  sandbox: Sandbox;
  /** Counts programs; `programCount` is its total. */
  bar: Progress;
  /** Where finished runs are kept, under a key of all that they depend on but the model and the task's version. */
  saved?: Pick<SavedItems, "get" | "put">;
}

export interface GeneratedItems {
  items: EvalItem[];
  failed: FailedRow[];
  /** Tokens that were generated now; saved runs add none. */
  generatedTokens: number;
  /** What else there is to know about the items, in sentences. */
  notes: string[];
}

/** How often Stop is looked for, ms. */
const STOP_EVERY_MS = 100;

/** Programs of a whole evaluation: the total of its bar. */
export function programCount(rows: SelectedRow[], { samples, seeds }: CheckedGenerate): number {
  return rows.length * samples * seeds.length;
}

/** Problems that can be read, and how many of them are saved with all their programs: where all are, no host is needed. */
export function savedProblems(
  { task, rows, options, saved }: Pick<GeneratedWork, "task" | "rows" | "options" | "saved">,
): { problems: number; saved: number } {
  const { problems } = readProblems(task, rows);
  const runs = batchesOf(problems, options).flat(), outcomes = savedOutcomes(runs, options, saved);
  const missing = new Set(runs.filter((run) => !outcomes.has(run)).map((run) => run.problem));
  return { problems: problems.length, saved: problems.length - missing.size };
}

/**
 * Sample and judge all programs. Each finished run is saved at once, with its verdicts; what is saved is not run again,
 * but for the batch that an interrupted evaluation was at. A resumed evaluation gives the same programs.
 *
 * @returns An item for each problem, and the rows that cannot be read or that the model refuses.
 * @throws {TypeError} If no row can be read or none can be continued.
 * @throws {RangeError} If `maxNewTokens` leave no room for a prompt.
 * @throws {StopError} After Stop. It, and the error of a host or sandbox that failed, holds the `GeneratedItems` of the
 * problems that were finished, where there are any (`partialOf`).
 */
export async function evaluateGenerated(work: GeneratedWork): Promise<GeneratedItems> {
  const { task, rows, options, hosts, sandbox, bar, saved } = work;
  const { problems, failed } = readProblems(task, rows);
  const batches = batchesOf(problems, options), runs = batches.flat();
  const outcomes = savedOutcomes(runs, options, saved);
  const todo = batches.filter((batch) => batch.some((run) => !outcomes.has(run)));
  const { requests, cut } = todo.length
    ? await requestsOf(hosts[0], todo.flat(), options)
    : { requests: new Map(), cut: [] };
  let generatedTokens = 0;
  const result = (): GeneratedItems => ({
    ...itemsOf(task, problems, runs, outcomes),
    generatedTokens,
    notes: cutNotes(cut),
  });
  let over = failed.length * options.seeds.length * options.samples, passed = 0;
  const count = (outcome: Outcome) => {
    over += options.samples;
    if ("samples" in outcome) passed += outcome.samples.filter((s) => s.verdict === "passed").length;
    bar.update(over, `${passed} passed`);
  };
  outcomes.forEach(count);

  const ended = new AbortController();
  const broken = Promise.withResolvers<never>();
  const settle = (run: Run, outcome: Outcome) => {
    if (ended.signal.aborted) return;
    if ("samples" in outcome) saved?.put(run.key, outcome.samples);
    outcomes.set(run, outcome);
    count(outcome);
  };
  const generate = async () => {
    const judging: Promise<void>[] = [];
    await sampleBatches(hosts, todo, requests, options, (run, result) => {
      if ("refused" in result) return settle(run, result);
      generatedTokens += result.reduce((sum, { ids }) => sum + ids.length, 0);
      if (outcomes.has(run)) return; // saved already; it was written again for those beside it
      const judged = judge(sandbox, run, result).then((samples) => settle(run, { samples }));
      judging.push(judged.catch(broken.reject)); // at once, not when all is generated
    });
    await Promise.all(judging);
  };
  try {
    await Promise.race([generate(), broken.promise, untilStopped(ended.signal)]);
  } catch (cause) {
    ended.abort();
    for (const host of hosts) void host.close();
    const partial = result();
    throw partial.items.length ? withPartial(cause, { ...partial, failed: [...failed, ...partial.failed] }) : cause;
  } finally {
    ended.abort();
  }
  const all = result();
  if (!all.items.length) {
    throw new TypeError(`Cannot evaluate ${task.name}: no problem was continued; ${all.failed[0].reason}`);
  }
  return { ...all, failed: [...failed, ...all.failed] };
}

/** What a run gave. */
type Outcome = { samples: ProgramSample[] } | { refused: string };

/** What is saved of these runs. */
function savedOutcomes(runs: Run[], { samples }: CheckedGenerate, saved: GeneratedWork["saved"]): Map<Run, Outcome> {
  const outcomes = new Map<Run, Outcome>();
  for (const run of saved ? runs : []) {
    const value = saved!.get(run.key);
    if (Array.isArray(value) && value.length === samples) outcomes.set(run, { samples: value as ProgramSample[] });
  }
  return outcomes;
}

function cutNotes(cut: Run[]): string[] {
  const rows = [...new Set(cut.map((run) => run.problem.row))];
  return rows.length ? [`prompts that were cut on their left to fit the context: row ${rows.join(", ")}`] : [];
}

/** Items of the problems whose runs are all finished, in order. */
function itemsOf(
  task: GenerateTask,
  problems: ReadProblem[],
  runs: Run[],
  outcomes: Map<Run, Outcome>,
): { items: EvalItem[]; failed: FailedRow[] } {
  const ofProblem = Map.groupBy(runs, (run) => run.problem);
  const items: EvalItem[] = [], failed: FailedRow[] = [];
  for (const problem of problems) {
    const got = ofProblem.get(problem)!.map((run) => outcomes.get(run));
    const refused = got.find((outcome) => outcome && "refused" in outcome) as { refused: string } | undefined;
    if (refused) failed.push(failedRow(task, problem.row, refused.refused));
    else if (got.every((outcome) => outcome)) {
      items.push(itemOf(problem, got.flatMap((outcome) => (outcome as { samples: ProgramSample[] }).samples)));
    }
  }
  return { items, failed };
}

function itemOf({ row, prompt }: ReadProblem, samples: ProgramSample[]): EvalItem {
  return {
    row,
    correct: samples.filter((s) => s.verdict === "passed").length / samples.length,
    samples,
    tokens: samples.reduce((sum, s) => sum + s.tokens, 0),
    promptHash: sha256(prompt),
  };
}

/** Rejects when the user stops the work, until `signal` says that it is over. */
function untilStopped(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setInterval(() => {
    try {
      checkStop();
    } catch (stop) {
      reject(stop);
    }
  }, STOP_EVERY_MS);
  signal.addEventListener("abort", () => clearInterval(timer));
  return promise;
}
