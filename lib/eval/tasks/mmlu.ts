/** MMLU by lm-eval's rules (group version 2): four-choice questions of 57 subjects, answered by letter. */
import { answerField, FieldError, textField, textListField } from "../fields.ts";
import { strip } from "../python_text.ts";
import type { ChoiceTask } from "../task.ts";
import { MMLU_GROUPS } from "./mmlu_subjects.ts";

const LETTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];

/**
 * Rows of the dataset, `{ question, subject, choices, answer }`, or rows that hold a whole prompt,
 * `{ prompt, choices, answer }`: there the choices themselves are scored, after the prompt as it is.
 */
export const mmlu: ChoiceTask = {
  name: "mmlu",
  version: "2",
  about: "exam questions of 57 subjects, 4 choices",
  kind: "choice",
  dataset: "mmlu",
  split: "test",
  fields: ["question", "subject", "choices", "answer", "or: prompt, choices, answer"],
  metrics: ["acc"],
  shots: 0, // lm-eval's default; papers mostly report 5
  fewShot: { split: "dev", rule: "first_n" },
  subjects: {
    of: (row) => "prompt" in row && !("subject" in row) ? undefined : textField(row, "subject"),
    groups: MMLU_GROUPS,
  },
  description(row) {
    const subject = textField(row, "subject").replaceAll("_", " ");
    return `The following are multiple choice questions (with answers) about ${subject}.\n\n`;
  },
  doc(row) {
    const choices = textListField(row, "choices");
    const gold = answerField(row, "answer", choices);
    if ("prompt" in row && "question" in row) {
      throw new FieldError(`fields "prompt" and "question" are both there; a row has one of them`);
    }
    if ("prompt" in row) return { query: textField(row, "prompt"), choices, gold, whole: true };
    const lines = choices.map((choice, i) => `${LETTERS[i]}. ${choice}`);
    return {
      query: `${strip(textField(row, "question"))}\n${lines.join("\n")}\nAnswer:`,
      choices: LETTERS.slice(0, choices.length),
      answers: choices,
      gold,
    };
  },
};
