/** Prompts by lm-eval's rules: description, worked examples, question. */
import { FieldError } from "./fields.ts";
import type { ChoiceTask } from "./task.ts";
import type { Row } from "./types.ts";

/** What stands between a question and its answer, where a task says nothing else. */
export const TARGET_DELIMITER = " ";
const FEWSHOT_DELIMITER = "\n\n";

/** A question that is ready to be scored: one request for each choice. */
export interface ChoicePrompt {
  context: string;
  /** What is scored after the context: the delimiter and the choice. */
  continuations: string[];
  /** The choices without the delimiter: their lengths normalise `acc_norm`. */
  choices: string[];
  /** The answers that the choices stand for, where those are letters. */
  answers?: string[];
  gold: number;
  cluster?: string;
}

/**
 * The prompt of one row.
 *
 * @param examples Rows of the few-shot split, each shown with its answer before the question.
 * @throws {FieldError} If the row (or an example) is not a question of this task.
 */
export function choicePrompt(task: ChoiceTask, row: Row, examples: Row[] = []): ChoicePrompt {
  const { query, choices, answers, gold, cluster, whole } = task.doc(row);
  requireChoices(choices, gold, task.wrongChoicesMayRepeat);
  const { targetDelimiter = TARGET_DELIMITER } = task;
  const before = whole ? "" : (task.description?.(row) ?? "") + examples.map((r) => shot(task, r)).join("");
  return {
    context: before + query,
    continuations: choices.map((choice) => targetDelimiter + choice),
    choices,
    ...(answers ? { answers } : {}),
    gold,
    cluster,
  };
}

/** lm-eval scores equal choices too: of two equal right ones only the first can be right there. */
function requireChoices(choices: string[], gold: number, wrongMayRepeat = false): void {
  const empty = choices.indexOf("");
  if (empty >= 0) throw new FieldError(`choice ${empty} is empty; a choice must have text to be scored`);
  const second = choices.findIndex((choice, i) =>
    choices.indexOf(choice) < i && !(wrongMayRepeat && choice !== choices[gold])
  );
  if (second < 0) return;
  const first = choices.indexOf(choices[second]);
  throw new FieldError(`choices ${first} and ${second} are the same, ${JSON.stringify(choices[first].slice(0, 60))}`);
}

function shot(task: ChoiceTask, row: Row): string {
  const { query, choices, gold } = task.doc(row);
  return query + (task.targetDelimiter ?? TARGET_DELIMITER) + choices[gold] + FEWSHOT_DELIMITER;
}
