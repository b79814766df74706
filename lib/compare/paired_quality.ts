/** Two or more models on the same items: differences with intervals and tests, and what it would take to see one. */
import { BAND, LEVEL } from "../check/common.ts";
import { suggestion } from "../check/nearest.ts";
import { type Fields, names, object, optional } from "../check/objects.ts";
import { checkArgument, checkOptions } from "../check/options.ts";
import { text } from "../check/rules.ts";
import { isResult, result } from "../eval/result_field.ts";
import { type EvalItem, type EvalResult, itemCluster } from "../eval/types.ts";
import type { Estimate } from "../stats/estimate.ts";
import { holm } from "../stats/holm.ts";
import { signFlipTest } from "../stats/permutation.ts";
import { itemsForDifference } from "../stats/planning.ts";
import { mcNemarExact } from "../stats/proportion.ts";
import { QUALITY_BAND, type QualityVerdict, qualityVerdict } from "../stats/verdict.ts";
import { Comparison } from "./comparison.ts";
import {
  areBinary,
  GOLD,
  GOLD_BITS,
  type PairedDifference,
  pairedDifference,
  pairedValues,
} from "./paired_difference.ts";
import { decidingMetric } from "./quality_findings.ts";
import { requireSameQuestions } from "./same_questions.ts";

/** What is compared: a result of `evaluateTask`, or one that was read from lm-eval's files. */
export type QualityResult =
  & Pick<EvalResult, "items" | "metrics" | "higherIsBetter">
  & Partial<Pick<EvalResult, "version" | "shots" | "environment">>;

/** Results by task and model, as in a comparison's `raw.tasks`. */
export type QualityResults = Record<string, Record<string, QualityResult>>;

export interface QualityOptions {
  /** Default: the first model of the first task, or the comparison's own. */
  baseline?: string;
  /** Coverage that all intervals have together. Default 0.95. */
  level?: number;
  /** Within this a difference counts as the same. Default 0.02 (2 points), or the comparison's own. */
  band?: number;
}

const PAIRED: Fields<Omit<QualityOptions, "baseline">> = { level: optional(LEVEL), band: optional(BAND) };
export const PAIRED_OPTIONS = object<Omit<QualityOptions, "baseline">>(PAIRED);
export const QUALITY_OPTIONS = object<QualityOptions>({ baseline: optional(text), ...PAIRED });
type PairedResults = Parameters<typeof comparePaired>[0];
const RESULT = result<QualityResult>();
export const PAIR = object<PairedResults>({ ours: RESULT, theirs: RESULT });
const RESULTS_BY_TASK = names(names(RESULT, "result", isResult), "results by model", isResult);

/** One model against the baseline in one task. */
export interface QualityFinding {
  task: string;
  model: string;
  metric: string;
  /** Items that both have. */
  items: number;
  /** Candidate minus baseline; its interval is simultaneous over all findings. Bounds are null with one cluster. */
  difference: Estimate;
  /** Items that only the candidate, and only the baseline, has right; null where an item is no yes or no. */
  gained: number | null;
  lost: number | null;
  /** Exact McNemar test, and why there is none. It asks for independent items, which clusters are not. */
  mcNemar: { p: number } | { p: null; why: string };
  /** McNemar's p, else of a sign-flip test over clusters; `holm` is corrected for all findings. Null with one cluster. */
  test: { name: "McNemar, exact" | "sign flip over clusters"; p: number; holm: number } | null;
  verdict: QualityVerdict;
  /** Difference of ln p of the right choice (above 0: more sure of it), 95 % interval; null where there is none. */
  goldDifference: Estimate | null;
  /** Difference in bits per byte of the right choice, or of the text (below 0: better predicted). */
  bitsDifference: Estimate | null;
  /** Items that a difference of one point would need: 80 % power at 5 %; null if no item differs, or in bits. */
  itemsForOnePoint: number | null;
}

export interface QualityComparison {
  baseline: string;
  level: number;
  findings: QualityFinding[];
  /** What is compared between tokenizers, and what could not be checked, in sentences: results of earlier versions lack the hashes of their requests. */
  notes: string[];
}

const ONE_POINT = 0.01;
const BETWEEN_TOKENIZERS =
  "The models have different tokenizers. What is compared counts no tokens: bits per byte, shares " +
  "of right answers (choices' lengths in bytes, not lm-eval's characters, where the task has both), and ln p of the whole " +
  "right choice.";

/**
 * Compare models in every task on the items that both have.
 *
 * @throws {TypeError} If two results were made from different prompts, choices, right answers, versions or shots.
 * @throws {RangeError} For an unknown baseline, or results that share no item.
 * @example
 * ```ts ignore
 * const results = { hellaswag: { fp32: await a.evaluateTask("hellaswag"), int4: await b.evaluateTask("hellaswag") } };
 * qualityTable(compareQuality(results, { baseline: "fp32" }));
 * ```
 */
export function compareQuality(
  results: QualityResults | Comparison,
  options: QualityOptions = {},
): QualityComparison {
  checkOptions("Cannot compare quality", options, QUALITY_OPTIONS);
  const raw = results instanceof Comparison ? results.raw : null;
  if (!raw) checkArgument("Cannot compare quality", "results", results, RESULTS_BY_TASK);
  const tasks: QualityResults = raw ? raw.tasks : results as QualityResults;
  const known = [...new Set(Object.values(tasks).flatMap((byModel) => Object.keys(byModel)))];
  if (!known.length) {
    throw new RangeError("Cannot compare quality: there are no results; pass { task: { model: result } }");
  }
  const { baseline = raw?.baseline ?? known[0], level = 0.95, band = raw?.band.quality ?? QUALITY_BAND } = options;
  if (!known.includes(baseline)) {
    throw new RangeError(
      `Cannot compare quality: baseline "${baseline}" is none of the models${suggestion(baseline, known)}`,
    );
  }
  const pairs = Object.entries(tasks).flatMap(([task, byModel]) =>
    Object.entries(byModel).flatMap(([model, result]) =>
      model !== baseline && byModel[baseline] ? [{ task, model, result, base: byModel[baseline] }] : []
    )
  );
  const betweenTokenizers = (raw?.betweenTokenizers ?? false) || pairs.some(vocabulariesDiffer);
  const notes: string[] = betweenTokenizers && pairs.length ? [BETWEEN_TOKENIZERS] : [];
  const found = pairs.map(({ task, model, result, base }) => {
    notes.push(...requireSameQuestions(`${task}, ${model} and ${baseline}`, result, base));
    return finding(task, model, result, base, { level, band, comparisons: pairs.length, betweenTokenizers });
  });
  const tested = found.filter((f) => f.test);
  const corrected = holm(tested.map((f) => f.test!.p));
  tested.forEach((f, i) => f.test!.holm = corrected[i]);
  return { baseline, level, findings: found, notes };
}

/**
 * Compare one model's result with another's on the same items, e.g. ours with one that ran elsewhere
 * (`readLmEvalSamples`).
 *
 * @throws {TypeError} If prompts, what was scored behind them (choices, delimiter), or right answers differ; the message
 * says on how many items, names the first, and what differs. Items without a hash of their requests are noted.
 */
export function comparePaired(
  results: { ours: QualityResult & { task?: string }; theirs: QualityResult },
  options: Omit<QualityOptions, "baseline"> = {},
): QualityComparison {
  checkOptions("Cannot compare quality", results, PAIR, { whole: "the results", part: "result" });
  checkOptions("Cannot compare quality", options, PAIRED_OPTIONS);
  const { ours, theirs } = results;
  return compareQuality({ [ours.task ?? "task"]: { theirs, ours } }, { ...options, baseline: "theirs" });
}

function finding(
  task: string,
  model: string,
  candidate: QualityResult,
  baseline: QualityResult,
  { level, band, comparisons, betweenTokenizers }: {
    level: number;
    band: number;
    comparisons: number;
    betweenTokenizers: boolean;
  },
): QualityFinding {
  const deciding = decidingMetric(candidate, { betweenTokenizers });
  const metrics = [deciding, ...Object.keys(candidate.metrics)].filter((m) => m in baseline.metrics);
  const metric = metrics.find((m) => pairedDifference(candidate, baseline, m));
  if (metric === undefined) {
    throw new RangeError(
      `Cannot compare ${task}: no shared item has a metric of both; they have ` +
        `${Object.keys(candidate.metrics).join(", ")} and ${Object.keys(baseline.metrics).join(", ")}`,
    );
  }
  const wide = pairedDifference(candidate, baseline, metric, { level, comparisons })!;
  const narrow = pairedDifference(candidate, baseline, metric, { level: 0.9, comparisons })!;
  const pairs = pairedValues(candidate, baseline, metric), binary = areBinary(pairs);
  const gained = pairs.filter((p) => p.candidate > p.baseline).length;
  const lost = pairs.filter((p) => p.candidate < p.baseline).length;
  const mcNemar = mcNemarOf(pairs.map((p) => p.item), binary ? { gained, lost } : null);
  const inBits = metric === "bits_per_byte";
  return {
    task,
    model,
    metric,
    items: wide.items,
    difference: plain(wide),
    gained: binary ? gained : null,
    lost: binary ? lost : null,
    mcNemar,
    test: testOf(mcNemar.p, wide),
    verdict: qualityVerdict({ wide, narrow }, { band, higherIsBetter: candidate.higherIsBetter[metric] ?? true }),
    goldDifference: estimateOf(pairedDifference(candidate, baseline, GOLD)),
    bitsDifference: estimateOf(pairedDifference(candidate, baseline, inBits ? metric : GOLD_BITS)),
    itemsForOnePoint: inBits || !wide.stderr ? null : itemsForDifference(wide.stderr ** 2 * wide.items, ONE_POINT), // with what clusters and strata do to it
  };
}

/** Vocabularies of different sizes are of different tokenizers; results of other programs do not tell. */
function vocabulariesDiffer({ result, base }: { result: QualityResult; base: QualityResult }): boolean {
  const [a, b] = [result, base].map(({ environment }) => environment?.model?.vocabSize);
  return a !== undefined && b !== undefined && a !== b;
}

function mcNemarOf(items: EvalItem[], counts: { gained: number; lost: number } | null): QualityFinding["mcNemar"] {
  if (!counts) return { p: null, why: "an item is no plain yes or no" };
  const sources = new Set(items.map(itemCluster)).size;
  if (sources < items.length) {
    return { p: null, why: `${items.length} items come from ${sources} sources, so they are not independent` };
  }
  // Fixed strata leave items independent; where they differ, the binomial's variance is too large rather than too small.
  return { p: mcNemarExact(counts.gained, counts.lost) };
}

function testOf(mcNemar: number | null, { clusterSums }: PairedDifference): QualityFinding["test"] {
  if (mcNemar !== null) return { name: "McNemar, exact", p: mcNemar, holm: mcNemar };
  if (clusterSums.length < 2) return null;
  const { p } = signFlipTest(clusterSums);
  return { name: "sign flip over clusters", p, holm: p };
}

function plain({ clusterSums: _sums, items: _items, ...estimate }: PairedDifference): Estimate {
  return estimate;
}

function estimateOf(found: PairedDifference | null): Estimate | null {
  return found && plain(found);
}
