/** What lm-eval says of a task that ours need not know: names of its parts, what it adds to a document, its target. */
import type { CheckedGenerate } from "../generated/facts.ts";
import type { Task } from "../task.ts";
import type { Row } from "../types.ts";

/** Filter under which lm-eval lists a task's metrics: "acc,none", "pass@1,create_test". */
export function filterOf(task: Task): string {
  return task.kind === "generate" ? "create_test" : "none";
}

/** The task of one subject, as lm-eval calls it: "mmlu_anatomy". */
export function leafName(task: string, subject: string | undefined): string {
  return subject === undefined ? task : `${task}_${subject}`;
}

/** Version of the task that lm-eval has under `leafName`. Of MMLU the group is version 2, its subjects 1.0. */
export function leafVersion(task: Task, subject: string | undefined): string {
  return task.name === "mmlu" && subject !== undefined ? "1.0" : task.version;
}

/** The document: the dataset's columns in their order, then what the task's `process_docs` adds. */
export function lmEvalDoc(task: Task, row: Row): Row {
  if (task.kind !== "choice" || task.name !== "hellaswag") return row;
  const { query, choices, gold } = task.doc(row);
  return { ...row, query, choices, gold };
}

/** What lm-eval compares with: the index of the right choice, the right continuation, or the tests of a program. */
export function lmEvalTarget(task: Task, row: Row): string {
  switch (task.kind) {
    case "choice":
      return String(task.doc(row).gold);
    case "completion":
      return task.doc(row).continuation;
    case "text":
      return task.text(row);
    case "generate":
      return "test" in row ? `${row.test}\ncheck(${row.entry_point})` : String(row.tests ?? "");
  }
}

/** Metrics in the order in which lm-eval lists them. */
export function lmEvalMetrics(metrics: string[]): string[] {
  const order = ["word_perplexity", "byte_perplexity", "bits_per_byte", "perplexity", "acc", "acc_norm", "acc_bytes"];
  return metrics.toSorted((a, b) => order.indexOf(a) - order.indexOf(b));
}

/** What lm-eval aggregates a metric with; of what is no mean or perplexity of documents it has no standard error. */
export function aggregationOf(metric: string): string {
  if (metric === "word_perplexity" || metric === "byte_perplexity") return "weighted_perplexity";
  return metric === "bits_per_byte" || metric === "perplexity" ? metric : "mean";
}

/** A number as Python's `str` writes it, so that a whole one keeps its ".0". */
export function pythonFloat(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e16 ? value.toFixed(1) : String(value);
}

/** Settings of a generated task as lm-eval names them. */
export function generationKwargs({ stop, maxNewTokens, temperature, topP }: CheckedGenerate): Record<string, unknown> {
  const sampling = temperature > 0 ? { do_sample: true, temperature, top_p: topP } : { do_sample: false };
  return { until: stop, max_gen_toks: maxNewTokens, ...sampling };
}
