/** How far a model is from a baseline that reads the same tokens: paired over every token of some texts. */
import { modelFacts } from "../arch/model_facts.ts";
import { resolveAny } from "../arch/resolve_any.ts";
import type { ModelOptions, ModelRef } from "../arch/model_ref.ts";
import { checkModel, MODEL_OPTIONS } from "../arch/ref_fields.ts";
import { LEVEL } from "../check/common.ts";
import { object, optional } from "../check/objects.ts";
import { checkOptions } from "../check/options.ts";
import { byType, func, integer, list, text } from "../check/rules.ts";
import { findTask } from "../eval/registry.ts";
import { selectRows } from "../eval/select_rows.ts";
import { startStoppable, stoppable } from "../measure/stoppable.ts";
import { type DivergenceSums, requireSameVocabulary } from "../model/divergence.ts";
import { startHost } from "../model/host.ts";
import type { StartHost } from "../model/protocol.ts";
import type { ModelInfo } from "../model/info.ts";
import { progress, withPartial } from "../progress.ts";
import { clusteredRatio } from "../stats/clustered.ts";
import type { Estimate } from "../stats/estimate.ts";
import { requireSameTokens } from "./same_tokens.ts";

/** A text, and what it stems from: texts of one source are not independent. */
export interface DivergenceText {
  text: string;
  source?: string;
}

export interface DivergenceOptions extends ModelOptions {
  /** Default: HellaSwag's contexts with their right endings, as in the task `bits_per_byte`. */
  texts?: (string | DivergenceText)[];
  /** So many texts from the start. Default 100 of the default texts, or all of those that are passed. */
  limit?: number;
  /** Coverage of the intervals. Default 0.95. */
  level?: number;
  /** How a host is started; tests give a fake one. */
  start?: StartHost;
}

const TEXT = object<DivergenceText>({ text, source: optional(text) });
export const DIVERGENCE_OPTIONS = object<DivergenceOptions>({
  ...MODEL_OPTIONS.fields,
  texts: optional(list(byType({ string: text, object: TEXT }, "a text, or { text, source }"))),
  limit: optional(integer({ min: 2, max: 1e8 })),
  level: optional(LEVEL),
  start: optional(func()),
});

/**
 * What llama.cpp's `llama-perplexity --kl-divergence` reports, with intervals over texts (by source, where one is known).
 * p is the baseline's distribution of the next token, q the candidate's; logarithms are natural.
 */
export interface Divergence {
  /** Mean over tokens of KL(p || q). */
  meanKl: Estimate;
  /** The largest of them. */
  maxKl: number;
  /** Share of tokens at which both find the same token most probable. */
  sameTop: Estimate;
  /** Mean of q - p of the token that comes next, a fraction, and the root of its mean square. */
  deltaP: Estimate;
  rmsDeltaP: Estimate;
  /** ln of the candidate's perplexity over the baseline's: above 0 the candidate predicts worse. */
  logPerplexityRatio: Estimate;
  /** exp of the mean of -ln p of the token that comes next. */
  perplexity: number;
  baselinePerplexity: number;
  tokens: number;
  candidate: ModelInfo;
  baseline: ModelInfo;
  /** Where the texts came from. */
  data: string;
  /** Comparing alone, without opening the candidate. */
  seconds: number;
  /** Sums of each text, in order. */
  texts: DivergenceSums[];
}

/** Texts that a host compares in one answer: the bar moves, and memory does not grow with their number. */
const TEXTS_PER_CALL = 8;

/**
 * Measure the divergence of one model from another, both in one process that runs each text through both and keeps only
 * sums. It needs memory for the weights of both.
 *
 * @throws {TypeError} If the models read a text as different tokens, before either is started.
 * @throws {RangeError} For a limit below 2, or fewer than 2 texts or sources: they have no interval.
 * @throws {StopError} After Stop; it holds the divergence over the texts that were finished (`partialOf`).
 * @example
 * ```ts ignore
 * const int4 = await measureDivergence({ ref: "smollm2-135m", precision: "int4" }, "smollm2-135m");
 * console.log(int4.meanKl, int4.sameTop.point);
 * ```
 */
export async function measureDivergence(
  candidate: ModelRef,
  baseline: ModelRef,
  options: DivergenceOptions = {},
): Promise<Divergence> {
  checkModel("Cannot measure the divergence of the candidate", candidate);
  checkModel("Cannot measure a divergence from the baseline", baseline);
  checkOptions("Cannot measure a divergence", options, DIVERGENCE_OPTIONS);
  const { start = startHost, level = 0.95, texts: _texts, limit: _limit, ...modelOptions } = options;
  // Before anything is built or opened. What hosts of tests are given need not be there.
  const unknown = (error: unknown) => start === startHost ? Promise.reject(error) : null;
  const factsOf = (ref: ModelRef) => resolveAny(ref, modelOptions).then(modelFacts, unknown);
  const [a, b] = await Promise.all([factsOf(candidate), factsOf(baseline)]);
  if (a && b) requireSameVocabulary(a, b);
  const { texts, data } = await chooseTexts(options);
  if (a && b) await requireSameTokens(a, b, texts.map((t) => t.text));
  const host = await startStoppable(start, candidate, { ...modelOptions, graphs: ["score"] });
  const { info } = host.open;
  const bar = progress(`divergence, ${info.name} ${info.precisionLabel}`, texts.length);
  const began = performance.now(), sums: DivergenceSums[] = [];
  let base: ModelInfo | undefined;
  const result = () =>
    divergenceOf(texts, sums, level, {
      candidate: info,
      baseline: base!,
      data,
      seconds: (performance.now() - began) / 1000,
    });
  try {
    while (sums.length < texts.length) {
      const part = texts.slice(sums.length, sums.length + TEXTS_PER_CALL).map((t) => t.text);
      const answer = await stoppable(host, host.divergence({ ref: baseline, options: modelOptions }, part));
      base = answer.baseline;
      sums.push(...answer.texts);
      bar.update(sums.length, `against ${base.name} ${base.precisionLabel}`);
    }
    return result();
  } catch (error) {
    const enough = new Set(sourcesOf(texts).slice(0, sums.length)).size >= 2;
    throw enough ? withPartial(error, result()) : error;
  } finally {
    bar.finish();
    await host.close();
  }
}

const DEFAULT_LIMIT = 100;

async function chooseTexts({ texts, limit }: DivergenceOptions): Promise<{ texts: DivergenceText[]; data: string }> {
  const given = texts?.slice(0, limit).map((t) => typeof t === "string" ? { text: t } : t);
  const chosen = given
    ? { texts: given, data: `${given.length} of ${texts!.length} texts that were passed` }
    : await defaultTexts(limit ?? DEFAULT_LIMIT);
  if (new Set(sourcesOf(chosen.texts)).size < 2) {
    throw new RangeError(
      `Cannot measure a divergence with its interval: needs texts of at least 2 sources, got ${chosen.texts.length} ` +
        "texts; cut a long text into parts, or pass more",
    );
  }
  return chosen;
}

async function defaultTexts(limit: number): Promise<{ texts: DivergenceText[]; data: string }> {
  const task = findTask("bits_per_byte");
  if (task.kind !== "text") throw new Error("the task bits_per_byte is no text task"); // never
  const { rows, data } = await selectRows(task, undefined, { limit });
  return { texts: rows.map(({ row }) => ({ text: task.text(row), source: task.cluster?.(row) })), data };
}

function sourcesOf(texts: DivergenceText[]): string[] {
  return texts.map(({ source }, i) => source ?? `text ${i}`);
}

/** From sums of texts to estimates; every one is a ratio of sums, so a token counts the same in any text. */
function divergenceOf(
  texts: DivergenceText[],
  sums: DivergenceSums[],
  level: number,
  run: Pick<Divergence, "candidate" | "baseline" | "data" | "seconds">,
): Divergence {
  const sources = sourcesOf(texts).slice(0, sums.length), tokens = sums.map((s) => s.tokens);
  const perToken = (numerators: number[]) => clusteredRatio(numerators, tokens, sources, { level });
  const total = (of: (s: DivergenceSums) => number) => sums.reduce((sum, s) => sum + of(s), 0);
  const all = total((s) => s.tokens);
  const squares = perToken(sums.map((s) => s.deltaPSquares));
  return {
    meanKl: perToken(sums.map((s) => s.kl)),
    maxKl: Math.max(...sums.map((s) => s.maxKl)),
    sameTop: within(perToken(sums.map((s) => s.sameTop)), 0, 1),
    deltaP: perToken(sums.map((s) => s.deltaP)),
    rmsDeltaP: rootOf(squares),
    logPerplexityRatio: perToken(sums.map((s) => s.nll - s.baselineNll)),
    perplexity: Math.exp(total((s) => s.nll) / all),
    baselinePerplexity: Math.exp(total((s) => s.baselineNll) / all),
    tokens: all,
    ...run,
    texts: sums,
  };
}

function within(estimate: Estimate, least: number, most: number): Estimate {
  return { ...estimate, low: Math.max(least, estimate.low!), high: Math.min(most, estimate.high!) };
}

/** Root of a mean square and its bounds; the standard error by the delta method. */
function rootOf({ point, low, high, stderr, ...rest }: Estimate): Estimate {
  const root = Math.sqrt(point);
  return {
    ...rest,
    point: root,
    low: Math.sqrt(Math.max(0, low!)),
    high: Math.sqrt(high!),
    stderr: root > 0 ? stderr! / (2 * root) : 0,
  };
}
