/** One evaluated document as lm-eval writes it, a line of `samples_*.jsonl`. */
import { docHash, sha256 } from "../hashes.ts";
import type { Question } from "../questions.ts";
import type { Task } from "../task.ts";
import type { EvalItem, Row } from "../types.ts";
import { filterOf, lmEvalDoc, lmEvalMetrics, lmEvalTarget, pythonFloat } from "./forms.ts";
import { itemValue } from "../item_value.ts";

/** Keys and types as of lm-eval 0.4.13; the metrics' values stand under their names. */
export interface LmEvalSample extends Record<string, unknown> {
  doc_id: number;
  doc: Row;
  target: string;
  /** Of each request its arguments, `{ gen_args_0: { arg_0: context, arg_1: continuation } }`. */
  arguments: Record<string, Record<string, unknown>>;
  /** Of each request its answers, before and after the filter; every number and word as text. */
  resps: unknown[];
  filtered_resps: unknown[];
  filter: string;
  metrics: string[];
  doc_hash: string;
  prompt_hash: string;
  target_hash: string;
}

/** What the requests of an item were, and what came of each. */
interface Requests {
  args: unknown[][];
  resps: unknown[];
  filtered: unknown[];
}

/**
 * @param prompt What the model was shown; for a generated task the problem's prompt.
 * @param generation Settings of a generated task, as lm-eval lists them.
 */
export function sampleOf(
  task: Task,
  row: Row,
  prompt: Question["prompt"] | string,
  item: EvalItem,
  metrics: string[],
  generation: Record<string, unknown>,
): LmEvalSample {
  const doc = lmEvalDoc(task, row), target = lmEvalTarget(task, row);
  const { args, resps, filtered } = typeof prompt === "string"
    ? generated(prompt, item, generation)
    : scored(prompt, item);
  const names = lmEvalMetrics(metrics);
  return {
    doc_id: item.row,
    doc,
    target,
    arguments: Object.fromEntries(
      args.map((list, i) => [`gen_args_${i}`, Object.fromEntries(list.map((arg, j) => [`arg_${j}`, arg]))]),
    ),
    resps,
    filtered_resps: filtered,
    filter: filterOf(task),
    metrics: names,
    doc_hash: docHash(doc),
    prompt_hash: item.promptHash,
    target_hash: sha256(target),
    ...Object.fromEntries(names.map((name) => [name, metricValue(item, name)])),
  };
}

function scored(prompt: Question["prompt"], item: EvalItem): Requests {
  if ("text" in prompt) {
    const answer = pythonFloat(item.goldLogLikelihood!);
    return { args: [[prompt.text]], resps: [[answer]], filtered: [answer] };
  }
  const continuations = "continuation" in prompt ? [prompt.continuation] : prompt.continuations;
  const answers = (item.logLikelihoods ?? [item.goldLogLikelihood!]).map((v, i) => {
    const greedy = item.isGreedy?.[i];
    return [pythonFloat(v), greedy === undefined ? "None" : greedy ? "True" : "False"];
  });
  return {
    args: continuations.map((continuation) => [prompt.context, continuation]),
    resps: answers.map((answer) => [answer]),
    filtered: answers,
  };
}

function generated(prompt: string, { samples = [] }: EvalItem, generation: Record<string, unknown>): Requests {
  const completions = samples.map((s) => s.completion);
  return { args: [[prompt, generation]], resps: [completions], filtered: [completions.map((c) => prompt + c)] };
}

/** lm-eval keeps what it aggregates: of text its log-likelihood and length, of a perplexity the log-likelihood. */
function metricValue(item: EvalItem, metric: string): unknown {
  switch (metric) {
    case "word_perplexity":
      return [item.goldLogLikelihood, item.words];
    case "byte_perplexity":
    case "bits_per_byte":
      return [item.goldLogLikelihood, item.bytes];
    case "perplexity":
      return item.goldLogLikelihood;
    default:
      return itemValue(item, metric);
  }
}
