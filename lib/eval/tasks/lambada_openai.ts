/** LAMBADA in OpenAI's form, by lm-eval's rules (version 1.0): the last word of a passage that needs all of it. */
import { FieldError, textField } from "../fields.ts";
import type { CompletionTask } from "../task.ts";
import type { Row } from "../types.ts";

/** Rows are `{ text }`, or with the last word apart `{ context, continuation }`. */
export const lambadaOpenai: CompletionTask = {
  name: "lambada_openai",
  version: "1.0",
  about: "predict the last word of a passage",
  kind: "completion",
  dataset: "lambada_openai",
  split: "test",
  fields: ["text", "or: context, continuation"],
  metrics: ["acc", "perplexity"],
  doc(row) {
    const words = text(row).split(" "); // at single spaces alone, as Python's split(" ")
    if (words.length < 2) {
      throw new FieldError(
        `the text must have a space before its last word, got ${words[0].length} characters without one`,
      );
    }
    return { context: words.slice(0, -1).join(" "), continuation: ` ${words.at(-1)}` };
  },
};

function text(row: Row): string {
  if (!("context" in row || "continuation" in row)) return textField(row, "text");
  if ("text" in row) throw new FieldError(`fields "text" and "context" are both there; a row has one of them`);
  const context = textField(row, "context"), continuation = textField(row, "continuation");
  return /^\s/.test(continuation) ? context + continuation : `${context} ${continuation}`;
}
