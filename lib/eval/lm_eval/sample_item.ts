/** A line of lm-eval's samples file as an item that pairs with ours. The file is not trusted. */
import type { ScoreResult } from "../../model/protocol.ts";
import { choiceItem } from "../choice_item.ts";
import { completionItem } from "../completion_item.ts";
import { FieldError } from "../fields.ts";
import { sha256 } from "../hashes.ts";
import type { Task } from "../task.ts";
import { textItem } from "../text_item.ts";
import type { EvalItem, Row } from "../types.ts";

/**
 * @param where Of the line, for errors.
 * @param task Ours, where there is one of this name: it knows the clusters.
 * @throws {TypeError} For a line without the fields of lm-eval, or whose parts contradict one another.
 */
export function itemOfSample(
  sample: Record<string, unknown>,
  where: string,
  subject: string | undefined,
  task: Task | undefined,
): EvalItem {
  const wrong = (field: string, wanted: string) =>
    new TypeError(`Cannot read ${where}: field "${field}" must be ${wanted}, got ${shown(sample[field])}`);
  const row = sample.doc_id;
  if (typeof row !== "number" || !Number.isSafeInteger(row) || row < 0) throw wrong("doc_id", "an integer >= 0");
  const target = String(sample.target);
  if (typeof sample.target_hash === "string" && sample.target_hash !== sha256(target)) {
    throw wrong("target_hash", `the hash of the target ${JSON.stringify(target.slice(0, 60))}`);
  }
  const requests = argumentsOf(sample.arguments);
  if (!requests) throw wrong("arguments", "the requests, { gen_args_0: { arg_0: text, ... } }");
  const answers = sample.filtered_resps;
  if (!Array.isArray(answers) || answers.length !== requests.length || !answers.length) {
    throw wrong("filtered_resps", `a list of ${requests.length} answers, one a request`);
  }
  const context = requests[0][0], continuations = requests.map((r) => r[1]);
  const { cluster, answers: texts } = ourReading(sample.doc, task);
  const item = (): EvalItem => {
    if (continuations.every((c) => typeof c === "string")) {
      const scores = answers.map(scoreOf);
      if (!scores.every((s) => s !== null)) throw wrong("filtered_resps", "log-likelihoods, [number, is_greedy]");
      if (scores.length === 1) {
        return completionItem(row, { context, continuation: continuations[0], cluster }, scores[0]);
      }
      const choices = continuations.map((c) => c.startsWith(" ") ? c.slice(1) : c); // without the delimiter
      const gold = /^\d+$/.test(target) ? Number(target) : choices.indexOf(target);
      if (!(gold >= 0 && gold < choices.length)) throw wrong("target", `the index of one of ${choices.length} choices`);
      return choiceItem(row, subject, { context, continuations, choices, gold, cluster, answers: texts }, scores);
    }
    const value = Array.isArray(answers[0]) ? answers[0][0] : answers[0];
    const logLikelihood = finite(value);
    if (requests[0].length === 1 && logLikelihood !== null) {
      return textItem(row, cluster, context, [{ logLikelihood, isGreedy: false, tokens: 0 }]);
    }
    return programItem(row, context, answers[0], sample["pass@1"], wrong);
  };
  return checked(item(), sample, wrong);
}

/** The text of each request: context, and continuation where there is one. Older files have plain lists. */
function argumentsOf(value: unknown): [string, unknown?][] | null {
  if (typeof value !== "object" || value === null) return null;
  const lists = Object.values(value).map((list) => Object.values(list ?? {}));
  return lists.length && lists.every((list) => typeof list[0] === "string") ? lists as [string, unknown?][] : null;
}

/** `["-4.25", "False"]`, in older files numbers and booleans. */
function scoreOf(answer: unknown): ScoreResult | null {
  if (!Array.isArray(answer)) return null;
  const logLikelihood = finite(answer[0]);
  return logLikelihood === null
    ? null
    : { logLikelihood, isGreedy: String(answer[1]).toLowerCase() === "true", tokens: 0 };
}

function finite(value: unknown): number | null {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : null;
}

/** A generated program; its verdict is lm-eval's pass@1. */
function programItem(
  row: number,
  prompt: string,
  answers: unknown,
  pass: unknown,
  wrong: (field: string, wanted: string) => TypeError,
): EvalItem {
  const programs = Array.isArray(answers) ? answers : [answers];
  if (programs.length !== 1 || typeof programs[0] !== "string") {
    throw wrong("filtered_resps", "one text a problem: of several samples the file does not say which passed");
  }
  if (pass !== 0 && pass !== 1) throw wrong("pass@1", "0 or 1");
  const completion = programs[0].startsWith(prompt) ? programs[0].slice(prompt.length) : programs[0];
  const verdict = pass ? "passed" : "failed";
  return {
    row,
    correct: pass,
    samples: [{ seed: 0, sample: 0, completion, tokens: 0, finishReason: "stop", verdict }],
    tokens: 0,
    promptHash: sha256(prompt),
  };
}

/** lm-eval's own verdict must be what its log-likelihoods say; a hash that it gives is taken. */
function checked(
  item: EvalItem,
  sample: Record<string, unknown>,
  wrong: (field: string, wanted: string) => TypeError,
): EvalItem {
  const found = { acc: item.correct, acc_norm: item.correctNorm, acc_bytes: item.correctBytes };
  for (const [metric, value] of Object.entries(found)) {
    const given = sample[metric];
    if (given === undefined || value === undefined || value === null) continue;
    if (Number(given) !== value) throw wrong(metric, `${value}, as the log-likelihoods and the target say`);
  }
  if (typeof sample.prompt_hash !== "string") return item;
  if (sample.prompt_hash !== item.promptHash) throw wrong("prompt_hash", "the hash of the context in arguments");
  return item;
}

/** What our task knows of the document besides: its source, and the texts behind the letters of its choices. */
function ourReading(doc: unknown, task: Task | undefined): { cluster?: string; answers?: string[] } {
  if (typeof doc !== "object" || doc === null || !task || task.kind === "generate") return {};
  try {
    return task.kind === "text" ? { cluster: task.cluster?.(doc as Row) } : task.doc(doc as Row);
  } catch (error) {
    if (error instanceof FieldError) return {}; // a document of another form
    throw error;
  }
}

function shown(value: unknown): string {
  if (value === undefined) return "nothing (it is missing)";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}
