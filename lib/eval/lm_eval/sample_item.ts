/** Lines of a samples file as items that pair with ours. */
import { argmax, choiceItem } from "../choice_item.ts";
import { completionItem } from "../completion_item.ts";
import { FieldError } from "../fields.ts";
import { sha256 } from "../hashes.ts";
import type { Task } from "../task.ts";
import { textItem } from "../text_item.ts";
import type { EvalItem, Row } from "../types.ts";
import { type ChoiceRules, choiceRules, type ChoiceSample, choiceSample } from "./choice_rules.ts";
import { finite, type SampleFields, wrongField } from "./sample_fields.ts";

/** The items of a file, and what is to be known of them. */
export interface SampleItems {
  items: EvalItem[];
  notes: string[];
}

/**
 * @param samples The lines of one file.
 * @param task Ours, where there is one of this name: it knows the clusters, and its metrics must be as we count them. Of
 * another task the file's own metrics stand, which its code may count in any way.
 * @throws {TypeError} For a line of our task whose parts contradict one another.
 */
export function itemsOfSamples(
  samples: SampleFields[],
  subject: string | undefined,
  task: Task | undefined,
): SampleItems {
  const choices = new Map(
    samples.filter(({ requests, scores }) => scores && requests.length > 1).map((s) => [s, choiceSample(s)]),
  );
  const rules = choiceRules([...choices.values()], task?.kind === "choice" ? task.targetDelimiter : undefined);
  const items = samples.map((sample) => {
    const choice = choices.get(sample);
    const item = choice ? choiceOf(choice, rules, subject, task) : otherOf(sample, task);
    if (task) requireOwnMetrics(item, sample);
    return withMetrics(item, sample);
  });
  return { items, notes: task ? [] : notesOf(rules, choices.size) };
}

function notesOf({ otherwise }: ChoiceRules, choices: number): string[] {
  if (!otherwise.length) return [];
  const [{ where, metrics }] = otherwise;
  return [
    `acc is the file's own: at ${otherwise.length} of ${choices} questions it is not what the likeliest choice and the ` +
    `target give (${where}: ${JSON.stringify(metrics.acc)}), so no choice is taken for the right one.`,
  ];
}

function choiceOf(
  sample: ChoiceSample,
  rules: ChoiceRules,
  subject: string | undefined,
  task: Task | undefined,
): EvalItem {
  const { where, row, target, contexts, continuations, scores } = sample,
    { cluster, answers } = ourReading(sample, task);
  const found = rules.gold(sample), several = found && found.length > 1 ? found : null;
  if (task && found?.length !== 1) {
    throw wrongField(where, "target", `the index of one of ${continuations.length} choices`, target);
  }
  const gold = found?.length === 1 && (task || !rules.otherwise.length) ? found[0] : undefined;
  const choices = rules.delimiter === null ? undefined : continuations.map((c) => c.slice(rules.delimiter!.length));
  const asked = { context: contexts, continuations, choices, gold, cluster, answers };
  const item = choiceItem(row, subject, asked, scores!.slice(0, continuations.length));
  if (several && !rules.otherwise.length) {
    return { ...item, correct: Number(several.includes(argmax(sample.logLikelihoods))) };
  }
  return item;
}

/** A continuation, a whole text, or what the model wrote. */
function otherOf(sample: SampleFields, task: Task | undefined): EvalItem {
  const { row, requests: [{ context, continuation }], scores } = sample, { cluster } = ourReading(sample, task);
  if (!scores) return writtenItem(sample, context, task);
  if (continuation !== undefined) return completionItem(row, { context, continuation, cluster }, scores[0]);
  const item = textItem(row, cluster, context, scores);
  // a task may count the words and bytes of another form of the text (wikitext: of the page before it was cleaned)
  const counted = (metric: string) => {
    const pair = sample.metrics[metric];
    return Array.isArray(pair) && Number.isSafeInteger(pair[1]) && pair[1] > 0 ? pair[1] as number : undefined;
  };
  const bytes = counted("bits_per_byte") ?? counted("byte_perplexity"), words = counted("word_perplexity");
  return { ...item, ...(bytes ? { bytes } : {}), ...(words ? { words } : {}) };
}

/** An answer in words. Of a program of our tasks the verdict is lm-eval's pass@1. */
function writtenItem({ row, answers, metrics }: SampleFields, prompt: string, task: Task | undefined): EvalItem {
  const item = { row, correct: null, tokens: 0, promptHash: sha256(prompt) };
  const programs = Array.isArray(answers[0]) ? answers[0] : [answers[0]], pass = finite(metrics["pass@1"]);
  const isOne = programs.length === 1 && typeof programs[0] === "string" && (pass === 0 || pass === 1);
  if (task?.kind !== "generate" || !isOne) return item;
  const completion = programs[0].startsWith(prompt) ? programs[0].slice(prompt.length) : programs[0];
  const verdict = pass ? "passed" : "failed";
  return {
    ...item,
    correct: pass,
    samples: [{ seed: 0, sample: 0, completion, tokens: 0, finishReason: "stop", verdict }],
  };
}

const OWN = { acc: "correct", acc_norm: "correctNorm", acc_bytes: "correctBytes" } as const;

/** Our task counts as lm-eval's: its verdict must be what the log-likelihoods say. */
function requireOwnMetrics(item: EvalItem, { where, metrics }: SampleFields): void {
  for (const [metric, field] of Object.entries(OWN)) {
    const value = item[field];
    if (metrics[metric] === undefined || value === undefined || value === null) continue;
    if (finite(metrics[metric]) === value) continue;
    throw wrongField(where, metric, `${value}, as the log-likelihoods and the target say`, metrics[metric]);
  }
}

/** The file's own numbers. What is no number is aggregated over all documents, and no part of an item. */
function withMetrics(item: EvalItem, { metrics }: SampleFields): EvalItem {
  const known = { ...item }, values: Record<string, number> = {};
  for (const [metric, given] of Object.entries(metrics)) {
    const value = finite(given);
    if (value === null || (metric === "perplexity" && item.goldLogLikelihood === value)) continue;
    if (metric in OWN) known[OWN[metric as keyof typeof OWN]] = value;
    else if (!(metric === "pass@1" && item.samples)) values[metric] = value;
  }
  return Object.keys(values).length ? { ...known, values } : known;
}

/** What our task knows of the document besides: its source, and the texts behind the letters of its choices. */
function ourReading({ doc }: SampleFields, task: Task | undefined): { cluster?: string; answers?: string[] } {
  if (typeof doc !== "object" || doc === null || !task || task.kind === "generate") return {};
  try {
    return task.kind === "text" ? { cluster: task.cluster?.(doc as Row) } : task.doc(doc as Row);
  } catch (error) {
    if (error instanceof FieldError) return {}; // a document of another form
    throw error;
  }
}
