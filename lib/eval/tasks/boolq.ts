/** BoolQ by lm-eval's rules (version 2.0): yes or no to a question about a passage. */
import { FieldError, indexField, textField } from "../fields.ts";
import type { ChoiceTask } from "../task.ts";
import type { Row } from "../types.ts";

/**
 * Rows of google/boolq, `answer` true or false, or of SuperGLUE, `label` 0 or 1. The texts differ: SuperGLUE's passages
 * start with the title of their article, `"Ethanol fuel -- All biomass ..."`.
 */
export const boolq: ChoiceTask = {
  name: "boolq",
  version: "2.0",
  about: "yes or no to a question about a passage",
  kind: "choice",
  dataset: "boolq",
  split: "validation",
  lmEvalUses: "hf:aps/super_glue/boolq, whose passages start with a title",
  fields: ["passage", "question", "answer (true or false) or label (0 or 1)"],
  metrics: ["acc"],
  shots: 0,
  fewShot: { split: "train", rule: "sample_others" },
  doc: (row) => ({
    query: `${textField(row, "passage")}\nQuestion: ${textField(row, "question")}?\nAnswer:`,
    choices: ["no", "yes"],
    gold: answer(row),
  }),
};

function answer(row: Row): number {
  if (!("answer" in row)) return indexField(row, "label", 2);
  if ("label" in row) throw new FieldError(`fields "answer" and "label" are both there; a row has one of them`);
  if (typeof row.answer === "boolean") return Number(row.answer);
  throw new FieldError(`field "answer" must be true or false, got ${JSON.stringify(row.answer)}`);
}
