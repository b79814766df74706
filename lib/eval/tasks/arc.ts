/** ARC by lm-eval's rules (version 1.0): school science questions, mostly with four choices, some with three or five. */
import { FieldError, recordField, textField, textListField } from "../fields.ts";
import type { ChoiceMetric, ChoiceTask } from "../task.ts";

function arc(name: string, about: string, metrics: ChoiceMetric[]): ChoiceTask {
  return {
    name,
    version: "1.0",
    about,
    kind: "choice",
    dataset: name,
    split: "validation",
    lmEvalUses: "test",
    fields: ["question", "choices { text, label }", "answerKey"],
    metrics,
    shots: 0,
    fewShot: { split: "train", rule: "sample" },
    wrongChoicesMayRepeat: true,
    doc(row) {
      const record = recordField(row, "choices");
      const choices = textListField(record, "text"), labels = textListField(record, "label");
      if (labels.length !== choices.length) {
        throw new FieldError(
          `field "choices" must have a label for each text, got ${labels.length} and ${choices.length}`,
        );
      }
      const key = textField(row, "answerKey"), gold = labels.indexOf(key); // letters, in some rows digits
      if (gold < 0) {
        throw new FieldError(`field "answerKey" must be one of ${labels.join(", ")}, got ${JSON.stringify(key)}`);
      }
      return { query: `Question: ${textField(row, "question")}\nAnswer:`, choices, gold };
    },
  };
}

export const arcEasy: ChoiceTask = arc("arc_easy", "school science questions that a search finds, 3 to 5 choices", [
  "acc",
  "acc_norm",
]);

export const arcChallenge: ChoiceTask = arc(
  "arc_challenge",
  "school science questions that need more, 3 to 5 choices",
  [
    "acc_norm",
    "acc",
  ],
);
