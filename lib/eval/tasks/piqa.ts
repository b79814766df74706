/** PIQA by lm-eval's rules (version 1.0): which of two ways reaches an everyday goal. */
import { indexField, textField } from "../fields.ts";
import type { ChoiceTask } from "../task.ts";

export const piqa: ChoiceTask = {
  name: "piqa",
  version: "1.0",
  about: "choose the way that reaches an everyday goal, 2 choices",
  kind: "choice",
  dataset: "piqa",
  split: "validation",
  fields: ["goal", "sol1", "sol2", "label"],
  metrics: ["acc", "acc_norm"],
  shots: 0,
  fewShot: { split: "train", rule: "sample_others" },
  doc: (row) => ({
    query: `Question: ${textField(row, "goal")}\nAnswer:`,
    choices: [textField(row, "sol1"), textField(row, "sol2")],
    gold: indexField(row, "label", 2),
  }),
};
