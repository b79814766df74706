/** From selected rows to what a model host scores, and from its scores to items. */
import type { ModelHost } from "../model/protocol.ts";
import type { ScoreResult } from "../model/log_likelihood.ts";
import { choiceItem } from "./choice_item.ts";
import { completionItem } from "./completion_item.ts";
import { FieldError } from "./fields.ts";
import { type ChoicePrompt, choicePrompt } from "./prompt.ts";
import { utf8Bytes } from "./python_text.ts";
import { rollingWindows } from "./rolling.ts";
import type { Unit, UnitScores } from "./score_in_batches.ts";
import type { SelectedRow } from "./select_rows.ts";
import type { CompletionDoc, ScoredTask } from "./task.ts";
import { textItem } from "./text_item.ts";
import type { EvalItem, FailedRow, Row } from "./types.ts";
import { workedExamples } from "./worked_examples.ts";

/** A row that was read: what is scored, and how its scores become an item. */
export interface Question {
  /** The row's index. */
  index: number;
  subject?: string;
  /** A prompt with its choices, a context with its continuation, or a text that the host tokenises. */
  prompt: ChoicePrompt | CompletionDoc | WholeText;
}

interface WholeText {
  text: string;
  cluster?: string;
}

/** More than any context holds: a row of this size is a mistake, and would keep the tokenizer busy for long. */
export const MAX_ITEM_BYTES = 4_000_000;

/** Read all rows; those that are no questions of the task fail alone, unless all do. */
export async function readQuestions(
  task: ScoredTask,
  rows: SelectedRow[],
  shots: number,
): Promise<{ questions: Question[]; failed: FailedRow[] }> {
  const subjects = rows.map(({ row }) => subjectOf(task, row));
  const asked = rows.map(({ row, index }, i) => ({ row, index, subject: subjects[i] }));
  const examples = await workedExamples(task, shots, asked);
  const questions: Question[] = [], failed: FailedRow[] = [];
  for (const [i, { row, index, subject }] of asked.entries()) {
    try {
      const prompt = promptOf(task, row, examples[i]);
      requireSize(prompt);
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

function promptOf(task: ScoredTask, row: Row, examples: Row[] | undefined): Question["prompt"] {
  switch (task.kind) {
    case "choice":
      task.subjects?.of(row); // a row without a readable subject fails here
      if (!examples) throw new FieldError("there are no worked examples for it; use shots: 0");
      return choicePrompt(task, row, examples);
    case "completion":
      return task.doc(row);
    case "text":
      return { text: task.text(row), cluster: task.cluster?.(row) };
  }
}

function requireSize(prompt: Question["prompt"]): void {
  const parts = "text" in prompt ? [prompt.text] : [prompt.context, ...continuationsOf(prompt)];
  const bytes = parts.reduce((sum, part) => sum + utf8Bytes(part), 0);
  if (bytes <= MAX_ITEM_BYTES) return;
  throw new FieldError(
    `its text has ${bytes} bytes, more than the ${MAX_ITEM_BYTES} that one row may have; cut it into several rows`,
  );
}

/** The row's subject; undefined also for a row that cannot say it, which fails when it is read. */
function subjectOf(task: ScoredTask, row: Row): string | undefined {
  if (task.kind !== "choice" || !task.subjects) return undefined;
  try {
    return task.subjects.of(row);
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    return undefined;
  }
}

/** All that the model is shown of a question: the same text has the same scores, whatever row it comes from. */
export function questionKey({ prompt }: Pick<Question, "prompt">): string {
  return JSON.stringify("text" in prompt ? prompt.text : [prompt.context, ...continuationsOf(prompt)]);
}

/** What is asked of the model for choices or a continuation. */
export function scoreRequestsOf(prompt: ChoicePrompt | CompletionDoc): { context: string; continuation: string }[] {
  return continuationsOf(prompt).map((continuation) => ({ context: prompt.context, continuation }));
}

function continuationsOf(prompt: ChoicePrompt | CompletionDoc): string[] {
  return "continuation" in prompt ? [prompt.continuation] : prompt.continuations;
}

/** Requests of all questions, in order. Texts are tokenised first: a long one becomes several windows. */
export async function requestsOf(host: ModelHost, questions: Question[]): Promise<Unit[]> {
  const texts = questions.flatMap(({ prompt }) => "text" in prompt ? [prompt.text] : []);
  const ids = texts.length ? await host.encode(texts) : [];
  let next = 0;
  return questions.map(({ prompt, subject }) => {
    const key = questionKey({ prompt });
    if ("text" in prompt) return { requests: rollingWindows(ids[next++], host.open.info.contextLength), key };
    return { requests: scoreRequestsOf(prompt), group: subject, key };
  });
}

/** Items of all questions. What has no finite log-likelihood fails its row: no wrong answer in silence. */
export function scoredItems(
  task: ScoredTask,
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
  if ("continuation" in prompt) return completionItem(index, prompt, scores[0]);
  return choiceItem(index, subject, prompt, scores);
}

function failedRow(task: ScoredTask, { index, subject }: Pick<Question, "index" | "subject">, why: string): FailedRow {
  const name = subject === undefined ? task.name : `${task.name} ${subject}`;
  return { row: index, ...(subject === undefined ? {} : { subject }), reason: `${name} row ${index}: ${why}` };
}
