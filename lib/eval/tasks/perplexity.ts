/** Perplexity of text per word and per byte, as lm-eval's wikitext task counts them, on text that is passed. */
import type { TextTask } from "../task.ts";
import { bitsPerByte } from "./bits_per_byte.ts";

/** A text, a .txt file, or rows `{ text }`; wikitext's own marks (` @-@ ` and the like) are not undone. */
export const perplexity: TextTask = {
  name: "perplexity",
  version: "1.0",
  about: "bits per byte of text, and its perplexity per word and per byte; the text must be passed",
  kind: "text",
  split: "test",
  fields: ["text"],
  metrics: ["bits_per_byte", "word_perplexity", "byte_perplexity"],
  text: bitsPerByte.text,
  cluster: bitsPerByte.cluster,
};
