/** HellaSwag by lm-eval's rules (version 1.0): which of four endings goes on with the text. */
import { indexField, textField, textListField } from "../fields.ts";
import { capitalize, strip } from "../python_text.ts";
import type { ChoiceTask } from "../task.ts";

/** Without WikiHow's marks. Strip comes first, so that an ending after a mark keeps a leading space, as in lm-eval. */
export function preprocess(text: string): string {
  return strip(text).replaceAll(" [title]", ". ").replace(/\[[^\n]*?\]/g, "").replaceAll("  ", " ");
}

export const hellaswag: ChoiceTask = {
  name: "hellaswag",
  version: "1.0",
  about: "choose the ending of an everyday text, 4 choices",
  kind: "choice",
  dataset: "hellaswag",
  split: "validation",
  fields: ["activity_label", "ctx_a", "ctx_b", "endings", "label", "source_id (optional)"],
  metrics: ["acc_norm", "acc", "acc_bytes"],
  shots: 0,
  fewShot: { split: "train", rule: "sample_others" },
  doc(row) {
    const context = `${textField(row, "ctx_a")} ${capitalize(textField(row, "ctx_b"))}`;
    const endings = textListField(row, "endings");
    return {
      query: preprocess(`${textField(row, "activity_label")}: ${context}`),
      choices: endings.map(preprocess),
      gold: indexField(row, "label", endings.length),
      // several rows are cut from one video or article
      cluster: typeof row.source_id === "string" ? row.source_id : undefined,
    };
  },
};
