/**
 * What the choices of a file are, and which is right. A samples file holds requests and a target; the delimiter before a
 * choice and the meaning of the target stand in the task's configuration, so they are taken from what all lines say
 * together.
 */
import { argmax } from "../choice_item.ts";
import { codePoints, utf8Bytes } from "../python_text.ts";
import { finite, type SampleFields } from "./sample_fields.ts";

/** The requests of one question of which the most likely counts. */
export interface ChoiceSample extends SampleFields {
  /** A context for each choice. */
  contexts: string[];
  continuations: string[];
  logLikelihoods: number[];
}

/** How the lines of a file are to be read. */
export interface ChoiceRules {
  /** What stands before each choice; null where the contexts differ and the continuation is always the same. */
  delimiter: string | null;
  /** The right choices of a sample; null where the file does not say. */
  gold(sample: ChoiceSample): number[] | null;
  /** Lines whose `acc` is not what log-likelihoods and target say: the task counts in a way of its own. */
  otherwise: ChoiceSample[];
}

/**
 * The choices of a sample. For mutual information (`acc_mutual_info`) lm-eval asks for all choices again without a
 * context; those requests are no choices.
 */
export function choiceSample(sample: SampleFields): ChoiceSample {
  const { requests, scores, metrics } = sample, half = requests.length / 2;
  const isMutual = "acc_mutual_info" in metrics && Number.isInteger(half) &&
    requests.slice(half).every((request) => request.context === "");
  const asked = isMutual ? requests.slice(0, half) : requests;
  return {
    ...sample,
    contexts: asked.map((request) => request.context),
    continuations: asked.map((request) => request.continuation!),
    logLikelihoods: scores!.slice(0, asked.length).map((score) => score.logLikelihood),
  };
}

/** @param delimiter The task's own, where it is known. */
export function choiceRules(samples: ChoiceSample[], delimiter?: string): ChoiceRules {
  if (samples.some(({ continuations, contexts }) => areSame(continuations) && !areSame(contexts))) {
    return { delimiter: null, gold: goldOfTwo(samples), otherwise: [] };
  }
  const delimiters = possibleDelimiters(samples, delimiter);
  const found = GOLD_RULES.flatMap((rule) => delimiters.flatMap((d) => rulesOf(samples, rule, d) ?? []));
  return found.find((r) => !r.otherwise.length && samples.every((sample) => lengthsFit(sample, r))) ??
    found.find((r) => !r.otherwise.length) ?? found[0] ??
    { delimiter: delimiters[0], gold: () => null, otherwise: [] };
}

function areSame(texts: string[]): boolean {
  return texts.every((text) => text === texts[0]);
}

/** With one continuation of two contexts (winogrande) the target is the continuation; `acc` tells which is right. */
function goldOfTwo(samples: ChoiceSample[]): ChoiceRules["gold"] {
  const isPlain = samples.every(({ metrics, contexts }) =>
    contexts.length === 2 && (finite(metrics.acc) === 0 || finite(metrics.acc) === 1)
  );
  return ({ metrics, logLikelihoods }) => {
    if (!isPlain) return null;
    const best = argmax(logLikelihoods);
    return [finite(metrics.acc) === 1 ? best : 1 - best];
  };
}

/**
 * What targets may mean, the likeliest first: an index or several, a choice's text, a boolean. One that names no choice
 * gives none: lm-eval counts such a line as wrong.
 */
const GOLD_RULES: ((target: string, choices: string[]) => number[] | null)[] = [
  (target) => {
    const inner = /^\[(.*)\]$/s.exec(target)?.[1], parts = inner === undefined ? [target] : inner.split(",");
    if (inner?.trim() === "") return [];
    return parts.every((part) => /^-?\d+$/.test(part.trim())) ? parts.map(Number) : null;
  },
  (target, choices) => [choices.indexOf(target)],
  (target) => target === "True" || target === "False" ? [Number(target === "True")] : null,
];

/** Null if a target is of another kind, or none of them names a choice. */
function rulesOf(samples: ChoiceSample[], rule: typeof GOLD_RULES[number], delimiter: string): ChoiceRules | null {
  const gold = ({ target, continuations }: ChoiceSample) => {
    const found = rule(target, continuations.map((c) => c.slice(delimiter.length)));
    return found && [...new Set(found)].filter((index) => index >= 0 && index < continuations.length);
  };
  const golds = samples.map(gold);
  if (golds.includes(null) || !golds.some((g) => g?.length)) return null;
  return { delimiter, gold, otherwise: samples.filter((sample, i) => !accFits(sample, golds[i]!)) };
}

function accFits({ metrics, logLikelihoods }: ChoiceSample, gold: number[]): boolean {
  return metrics.acc === undefined || finite(metrics.acc) === Number(gold.includes(argmax(logLikelihoods)));
}

/** Whether `acc_norm` and `acc_bytes` are what the lengths of the choices behind the delimiter give. */
function lengthsFit(sample: ChoiceSample, { delimiter, gold }: ChoiceRules): boolean {
  const { metrics, continuations, logLikelihoods } = sample;
  return Object.entries({ acc_norm: codePoints, acc_bytes: utf8Bytes }).every(([metric, length]) => {
    if (metrics[metric] === undefined) return true;
    const best = argmax(logLikelihoods.map((v, i) => v / length(continuations[i].slice(delimiter!.length))));
    return finite(metrics[metric]) === Number(gold(sample)!.includes(best));
  });
}

/** Texts with which all continuations start, the likeliest delimiter first. */
function possibleDelimiters(samples: ChoiceSample[], known: string | undefined): string[] {
  const shared = sharedStart(samples.flatMap((sample) => sample.continuations));
  const listed = samples.values().map(delimiterInDoc).find((found) => found !== undefined);
  const likely = [known, listed, " ", /^\s*/u.exec(shared)![0], "", shared];
  return [...new Set(likely.filter((d) => d !== undefined && shared.startsWith(d)))] as string[];
}

function sharedStart([first = "", ...others]: string[]): string {
  let length = first.length;
  for (const text of others) {
    let same = 0;
    while (same < length && text[same] === first[same]) same++;
    length = same;
  }
  return first.slice(0, length);
}

/** Where the document lists the choices, what stands before each of them in its continuation. */
function delimiterInDoc({ doc, continuations }: ChoiceSample): string | undefined {
  const found = textLists(doc).flatMap((list) => {
    if (list.length !== continuations.length || !continuations.every((c, i) => c.endsWith(list[i]))) return [];
    const before = continuations.map((c, i) => c.slice(0, c.length - list[i].length));
    return areSame(before) ? [before[0]] : [];
  });
  return found[0];
}

/** Lists of texts in a document and in its fields. */
function textLists(value: unknown, depth = 0): string[][] {
  if (typeof value !== "object" || value === null || depth > 3) return [];
  if (Array.isArray(value) && value.length && value.every((v) => typeof v === "string")) return [value];
  return Object.values(value).flatMap((inner) => textLists(inner, depth + 1));
}
