/** From selected rows to what a model host scores, and from its scores to items. */
import type { ModelHost, ScoreResult } from "../model/protocol.ts";
import { choiceItem } from "./choice_item.ts";
import { FieldError } from "./fields.ts";
import { type ChoicePrompt, choicePrompt } from "./prompt.ts";
import { rollingWindows } from "./rolling.ts";
import type { Unit, UnitScores } from "./score_in_batches.ts";
import type { SelectedRow } from "./select_rows.ts";
import type { ChoiceTask, Task, TextTask } from "./task.ts";
import { textItem } from "./text_item.ts";
import type { EvalItem, FailedRow, Row } from "./types.ts";
import { workedExamples } from "./worked_examples.ts";

/** A row that was read: what is scored, and how its scores become an item. */
export interface Question {
  /** The row's index. */
  index: number;
  subject?: string;
  /** A prompt with its choices, or a text that the host tokenises. */
  prompt: ChoicePrompt | { text: string; cluster?: string };
}

/** Read all rows; those that are no questions of the task fail alone, unless all do. */
export async function readQuestions(
  task: Task,
  rows: SelectedRow[],
  shots: number,
): Promise<{ questions: Question[]; failed: FailedRow[] }> {
  const examples = await workedExamples(task, shots, subjectsOf(task, rows));
  const questions: Question[] = [], failed: FailedRow[] = [];
  for (const { row, index } of rows) {
    let subject: string | undefined;
    try {
      if (task.kind === "choice") subject = task.subjects?.of(row);
      const prompt = task.kind === "choice"
        ? choice(task, row, examples.get(subject ?? "") ?? [], shots)
        : text(task, row);
      questions.push({ index, subject, prompt });
    } catch (error) {
      if (!(error instanceof FieldError)) throw error;
      failed.push(failedRow(task, { index, subject }, error.message));
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
  if (shots > 0 && !examples.length) throw new FieldError("there are no worked examples for it; use shots: 0");
  return choicePrompt(task, row, examples);
}

function text(task: TextTask, row: Row): { text: string; cluster?: string } {
  return { text: task.text(row), cluster: task.cluster?.(row) };
}

/** The subjects that occur, known ones only: an unknown one has no worked examples. */
function subjectsOf(task: Task, rows: SelectedRow[]): string[] {
  if (task.kind !== "choice" || !task.subjects) return [];
  const known = new Set(Object.values(task.subjects.groups).flat());
  const named = new Set(rows.map(({ row }) => row.subject));
  return [...known].filter((subject) => named.has(subject));
}

/** Requests of all questions, in order. Texts are tokenised first: a long one becomes several windows. */
export async function requestsOf(host: ModelHost, questions: Question[]): Promise<Unit[]> {
  const texts = questions.flatMap(({ prompt }) => "text" in prompt ? [prompt.text] : []);
  const ids = texts.length ? await host.encode(texts) : [];
  let next = 0;
  return questions.map(({ prompt, subject }) => {
    if ("text" in prompt) return { requests: rollingWindows(ids[next++], host.open.info.contextLength) };
    const requests = prompt.continuations.map((continuation) => ({ context: prompt.context, continuation }));
    return { requests, group: subject };
  });
}

/** Items of all questions. What has no finite log-likelihood fails its row: no wrong answer in silence. */
export function scoredItems(
  task: Task,
  questions: Question[],
  scores: UnitScores[],
): { items: EvalItem[]; failed: FailedRow[] } {
  const items: EvalItem[] = [], failed: FailedRow[] = [];
  questions.forEach((question, i) => {
    const got = scores[i];
    const bad = "refused" in got ? undefined : got.find((s) => !Number.isFinite(s.logLikelihood));
    if ("refused" in got) failed.push(failedRow(task, question, got.refused));
    else if (bad) failed.push(failedRow(task, question, `the model's log-likelihood is ${bad.logLikelihood}`));
    else items.push(itemOf(question, got));
  });
  if (!items.length) throw new TypeError(`Cannot evaluate ${task.name}: no row has a score; ${failed[0].reason}`);
  return { items, failed };
}

function itemOf({ index, subject, prompt }: Question, scores: ScoreResult[]): EvalItem {
  if ("text" in prompt) return textItem(index, prompt.cluster, prompt.text, scores);
  return choiceItem(index, subject, prompt, scores);
}

function failedRow(task: Task, { index, subject }: Pick<Question, "index" | "subject">, why: string): FailedRow {
  const name = subject === undefined ? task.name : `${task.name} ${subject}`;
  return { row: index, ...(subject === undefined ? {} : { subject }), reason: `${name} row ${index}: ${why}` };
}
