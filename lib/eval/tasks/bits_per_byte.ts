/** How well a model predicts text, comparable between tokenizers: information in the text over its UTF-8 bytes. */
import { FieldError, textField } from "../fields.ts";
import type { TextTask } from "../task.ts";
import { hellaswag } from "./hellaswag.ts";

/** Documents are `{ text }`; of HellaSwag's rows it is the context with its right ending, as the task shows it. */
export const bitsPerByte: TextTask = {
  name: "bits_per_byte",
  version: "1.0",
  about: "bits per UTF-8 byte of text; default: HellaSwag's contexts with their right endings",
  kind: "text",
  dataset: "hellaswag",
  split: "validation",
  fields: ["text"],
  metrics: ["bits_per_byte"],
  text(row) {
    const text = "endings" in row && !("text" in row) ? rightText(row) : textField(row, "text");
    if (text === "") throw new FieldError(`field "text" must not be empty`);
    return text;
  },
  cluster: (row) => typeof row.source_id === "string" ? row.source_id : undefined,
};

function rightText(row: Record<string, unknown>): string {
  const { query, choices, gold } = hellaswag.doc(row);
  return `${query} ${choices[gold]}`;
}
