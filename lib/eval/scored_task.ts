/** Evaluate a task whose answers are log-likelihoods: rows to requests, requests to hosts, scores to metrics. */
import type { ModelInfo } from "../model/info.ts";
import type { ScoreSettings } from "../model/score_options.ts";
import { progress, withPartial } from "../progress.ts";
import type { SavedItems } from "../store/saved_items.ts";
import { evalEnvironment } from "./environment.ts";
import { itemsNearFlip } from "./margins.ts";
import { aggregate, chanceLevel, higherIsBetter } from "./metrics.ts";
import { MODEL_KEY } from "./saved_run.ts";
import { type Question, questionKey, readQuestions, requestsOf, scoredItems } from "./questions.ts";
import { sanity } from "./sanity.ts";
import { PartialScoresError, scoreInBatches, type UnitScores } from "./score_in_batches.ts";
import type { Selection } from "./select_rows.ts";
import type { ScoredTask } from "./task.ts";
import type { TaskHosts } from "./task_hosts.ts";
import type { EvalResult, EvalSplit } from "./types.ts";

export interface ScoredWork {
  task: ScoredTask;
  selection: Selection;
  shots: number;
  level: number;
  scoring: ScoreSettings;
  hosts: TaskHosts;
  saved?: SavedItems;
}

/**
 * Score what is not saved yet, and make the result of all.
 *
 * @throws {TypeError} If no row can be read as a question of this task. No host is started.
 */
export async function evaluateScored(work: ScoredWork): Promise<EvalResult> {
  const { task, selection, shots, scoring, hosts, saved } = work;
  const { questions, failed: unread } = await readQuestions(task, selection.rows, shots);
  const found = questions.map((question) => saved?.get(questionKey(question)) as UnitScores | undefined);
  const reused = found.filter((scores) => scores !== undefined).length;
  const startedAt = new Date().toISOString();
  const known = reused === questions.length ? saved?.get(MODEL_KEY) as ModelInfo | undefined : undefined;
  if (known) {
    const run = { startedAt, seconds: 0, reused, scoring };
    return await resultOf(work, unread, questions, found as UnitScores[], known, run);
  }
  const { hosts: open, split } = await hosts.open(task.name, questions, scoring);
  const { info } = open[0].open;
  saved?.put(MODEL_KEY, info);
  const start = performance.now();
  const bar = progress(`${task.name}, ${info.name} ${info.precisionLabel}`, questions.length);
  const result = (questions: Question[], scores: UnitScores[]) => {
    const seconds = (performance.now() - start) / 1000;
    return resultOf(work, unread, questions, scores, info, { startedAt, seconds, reused, split, scoring });
  };
  try {
    return await result(
      questions,
      await scoreInBatches(open, await requestsOf(open[0], questions), { bar, settings: scoring, saved }),
    );
  } catch (error) {
    if (!(error instanceof PartialScoresError)) throw error;
    throw await withPartialResult(error, questions, result);
  } finally {
    bar.finish();
  }
}

interface RunFacts {
  startedAt: string;
  seconds: number;
  reused: number;
  split?: EvalSplit;
  scoring: ScoreSettings;
}

async function resultOf(
  { task, selection, shots, level }: ScoredWork,
  unread: EvalResult["failed"],
  questions: Question[],
  scores: UnitScores[],
  info: ModelInfo,
  run: RunFacts,
): Promise<EvalResult> {
  const { items, failed } = scoredItems(task, questions, scores);
  const { metrics, groups } = aggregate(task, items, level);
  return {
    task: task.name,
    version: task.version,
    shots,
    n: items.length,
    metrics,
    groups,
    higherIsBetter: Object.fromEntries(task.metrics.map((m) => [m, higherIsBetter(m)])),
    chance: chanceLevel(task, items),
    sanity: sanity(items),
    nearFlips: itemsNearFlip({ items, metrics }),
    failed: [...unread, ...failed],
    items,
    notes: [],
    data: selection.data,
    environment: await evalEnvironment(info, run),
  };
}

/** The cause of an early end, with a result of the items that were finished, where there are any (`partialOf`). */
async function withPartialResult(
  { cause, scores }: PartialScoresError,
  questions: Question[],
  resultOf: (questions: Question[], scores: UnitScores[]) => Promise<EvalResult>,
): Promise<unknown> {
  const done = questions.map((_, i) => i).filter((i) => scores[i] !== undefined);
  const good = done.some((i) => {
    const got = scores[i]!;
    return !("refused" in got) && got.every((s) => Number.isFinite(s.logLikelihood));
  });
  if (!(cause instanceof Error) || !good) return cause;
  const value = await resultOf(done.map((i) => questions[i]), done.map((i) => scores[i]!));
  return withPartial(cause, value);
}
