/** Evaluate a model on a task: rows to requests, requests to a model host, log-likelihoods to metrics. */
import type { ModelOptions, ModelRef } from "../arch/spec.ts";
import { startHost } from "../model/host.ts";
import type { ModelHost, ScoreResult, StartHost } from "../model/protocol.ts";
import { progress } from "../progress.ts";
import { choiceItem } from "./choice_item.ts";
import { evalEnvironment } from "./environment.ts";
import { FieldError } from "./fields.ts";
import { aggregate } from "./metrics.ts";
import { type ChoicePrompt, choicePrompt } from "./prompt.ts";
import { findTask } from "./registry.ts";
import { rollingWindows } from "./rolling.ts";
import { scoreInBatches, type Unit } from "./score_in_batches.ts";
import { type SelectedRow, type Selection, selectRows } from "./select_rows.ts";
import type { ChoiceTask, Task, TextTask } from "./task.ts";
import { textItem } from "./text_item.ts";
import type { EvalItem, EvalResult, FailedRow, Row, TaskOptions } from "./types.ts";
import { workedExamples } from "./worked_examples.ts";

export interface EvaluateOptions extends TaskOptions {
  /** A host that is open already, with its score graph; it stays open. Default: one is started and closed. */
  host?: ModelHost;
}

/** A row that was read: what is scored, and how its scores become an item. */
interface Question {
  index: number;
  subject?: string;
  /** Text to be tokenised by the host into windows, or a prompt with its choices. */
  prompt: ChoicePrompt | { text: string; cluster?: string };
}

/**
 * The quality of one model. Each task runs in a process of its own, so the caller stays free.
 *
 * @example
 * ```ts ignore
 * const quality = new QualityBenchmark({ ref: "smollm2-135m", precision: "int4" });
 * const { metrics } = await quality.evaluateTask("hellaswag", undefined, { limit: 200 });
 * console.log(metrics.acc_norm); // { point: 0.41, low: 0.34, high: 0.48, level: 0.95, n: 200, stderr: 0.035 }
 * ```
 */
export class QualityBenchmark {
  readonly #ref: ModelRef;
  readonly #options: ModelOptions;
  readonly #startHost: StartHost;

  /** @param start How a host is started; tests give a fake one. */
  constructor(ref: ModelRef, options: ModelOptions = {}, start: StartHost = startHost) {
    this.#ref = ref;
    this.#options = options;
    this.#startHost = start;
  }

  /**
   * Evaluate one task by lm-eval's rules.
   *
   * @param name A task's name; `taskNames()` lists them.
   * @param dataset Rows with the task's fields, or for a text task the text itself. Default: the task's dataset from the cache.
   * @returns Metrics with intervals, all items, and the rows that failed.
   * @throws {RangeError} For an unknown task, and for a limit, rows or shots that there are not; before a model is opened.
   * @throws {TypeError} If no row at all can be read as a question of this task.
   */
  async evaluateTask(name: string, dataset?: Row[] | string, options: EvaluateOptions = {}): Promise<EvalResult> {
    const task = findTask(name);
    const level = options.level ?? 0.95;
    if (!(level > 0 && level < 1)) throw new RangeError(`Cannot evaluate ${name}: level must be between 0 and 1, got ${level}`);
    const selection = await selectRows(task, dataset, options);
    const shots = options.shots ?? (task.kind === "choice" ? task.shots : 0);
    const { questions, failed } = await readQuestions(task, selection, shots);

    const host = options.host ?? await this.#startHost(this.#ref, { ...this.#options, graphs: ["score"] });
    const bar = progress(`${name}, ${host.open.info.name} ${host.open.info.precisionLabel}`, questions.length);
    const startedAt = new Date(), start = performance.now();
    try {
      const scores = await scoreInBatches(host, await requestsOf(host, questions), bar);
      const items: EvalItem[] = [];
      questions.forEach((question, i) => {
        const reason = notANumber(scores[i]);
        if (reason) failed.push({ row: question.index, ...subjectOf(question), reason: `${at(task, question)}: ${reason}` });
        else items.push(itemOf(question, scores[i]));
      });
      if (!items.length) throw new TypeError(`Cannot evaluate ${name}: no row gave a number; ${failed[0].reason}`);
      return {
        task: name,
        version: task.version,
        shots,
        n: items.length,
        ...aggregate(task, items, level),
        higherIsBetter: Object.fromEntries(task.metrics.map((m) => [m, task.kind === "choice"])),
        chance: task.kind === "choice" ? Object.fromEntries(task.metrics.map((m) => [m, task.chance])) : {},
        failed,
        items,
        data: selection.data,
        environment: evalEnvironment(host.open.info, startedAt, (performance.now() - start) / 1000),
      };
    } finally {
      bar.finish();
      if (!options.host) await host.close();
    }
  }
}

/** Read all rows; those that are no questions of the task fail alone, unless all do. */
async function readQuestions(task: Task, { rows }: Selection, shots: number): Promise<{ questions: Question[]; failed: FailedRow[] }> {
  const examples = await workedExamples(task, shots, subjectsOf(task, rows));
  const questions: Question[] = [], failed: FailedRow[] = [];
  for (const { row, index } of rows) {
    let subject: string | undefined;
    try {
      if (task.kind === "choice") subject = task.subjects?.of(row);
      const prompt = task.kind === "choice" ? choice(task, row, examples.get(subject ?? "") ?? [], shots) : text(task, row);
      questions.push({ index, subject, prompt });
    } catch (error) {
      if (!(error instanceof FieldError)) throw error;
      const where = { index, subject };
      failed.push({ row: index, ...subjectOf(where), reason: `${at(task, where)}: ${error.message}` });
    }
  }
  if (!questions.length) {
    throw new TypeError(
      `Cannot evaluate ${task.name}: none of ${rows.length} rows can be read; ${failed[0].reason}. ` +
        `A row has: ${task.fields.join(", ")}`,
    );
  }
  return { questions, failed };
}

function choice(task: ChoiceTask, row: Row, examples: Row[], shots: number): ChoicePrompt {
  if (shots > 0 && !examples.length) throw new FieldError(`there are no worked examples for it; use shots: 0`);
  return choicePrompt(task, row, examples);
}

function text(task: TextTask, row: Row): { text: string; cluster?: string } {
  return { text: task.text(row), cluster: task.cluster?.(row) };
}

/** The subjects that occur, known ones only: an unknown one has no worked examples. */
function subjectsOf(task: Task, rows: SelectedRow[]): string[] {
  if (task.kind !== "choice" || !task.subjects) return [];
  const known = new Set(Object.values(task.subjects.groups).flat());
  return [...new Set(rows.map(({ row }) => row.subject))].filter((s): s is string => typeof s === "string" && known.has(s));
}

const subjectOf = ({ subject }: { subject?: string }) => subject === undefined ? {} : { subject };

function at(task: Task, { index, subject }: { index: number; subject?: string }): string {
  return `${task.name}${subject === undefined ? "" : ` ${subject}`} row ${index}`;
}

/** Requests of all questions, in order. Texts are tokenised first: a long one becomes several windows. */
async function requestsOf(host: ModelHost, questions: Question[]): Promise<Unit[]> {
  const texts = questions.flatMap(({ prompt }) => "text" in prompt ? [prompt.text] : []);
  const ids = texts.length ? await host.encode(texts) : [];
  let next = 0;
  return questions.map(({ prompt, subject }) => {
    if ("text" in prompt) return { requests: rollingWindows(ids[next++], host.open.info.contextLength) };
    const requests = prompt.continuations.map((continuation) => ({ context: prompt.context, continuation }));
    return { requests, group: subject };
  });
}

function itemOf({ index, subject, prompt }: Question, scores: ScoreResult[]): EvalItem {
  if ("text" in prompt) return textItem(index, prompt.cluster, prompt.text, scores);
  return choiceItem(index, subject, prompt, scores);
}

/** An overflow in the model must not become a wrong answer in silence. */
function notANumber(scores: ScoreResult[]): string | undefined {
  const bad = scores.find((s) => !Number.isFinite(s.logLikelihood));
  return bad && `the model's log-likelihood is ${bad.logLikelihood}`;
}
