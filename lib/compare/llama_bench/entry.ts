/** One result of llama-bench as its fields, whatever form it was printed in. */

export interface Entry {
  /** An object with llama-bench's field names, if the file is right. */
  value: unknown;
  /** File, and entry or line, for errors. */
  where: string;
}

/** Fields by which an entry is told from other JSON and other tables. */
export const OWN_FIELDS = ["n_prompt", "n_gen", "avg_ts", "samples_ns", "model_filename"];

export function unreadable(where: string, why: string): SyntaxError {
  return new SyntaxError(`Cannot read ${where} as llama-bench output: ${why}`);
}
