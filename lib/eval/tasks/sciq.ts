/** SciQ by lm-eval's rules (version 1.0): science exam questions after a text that supports the answer, where there is one. */
import { textField } from "../fields.ts";
import { stripStart } from "../python_text.ts";
import type { ChoiceTask } from "../task.ts";

export const sciq: ChoiceTask = {
  name: "sciq",
  version: "1.0",
  about: "science exam questions with a supporting text, 4 choices",
  kind: "choice",
  dataset: "sciq",
  split: "validation",
  lmEvalUses: "test",
  fields: ["support", "question", "distractor1", "distractor2", "distractor3", "correct_answer"],
  metrics: ["acc", "acc_norm"],
  shots: 0,
  fewShot: { split: "train", rule: "sample" },
  wrongChoicesMayRepeat: true, // in 2 of the 1,000 validation rows
  doc: (row) => ({
    query: `${stripStart(textField(row, "support"))}\nQuestion: ${textField(row, "question")}\nAnswer:`,
    choices: ["distractor1", "distractor2", "distractor3", "correct_answer"].map((field) => textField(row, field)),
    gold: 3,
  }),
};
