/** How log-likelihoods are computed: which way of running, how many tokens a run, how much memory. */
import { TOKENS } from "../check/common.ts";
import { byField, type Fields, names, object, optional } from "../check/objects.ts";
import { entries, flag, func, integer, list, oneOf, quantity, type Rule, text } from "../check/rules.ts";
import type { CacheSizes } from "./cache_sizes.ts";
import type { ModelInfo } from "./info.ts";
import type { ScoreRequest, ScoreResult } from "./log_likelihood.ts";

/**
 * `tree`: what requests share runs once, branches are packed into one run. `batch`: padded batches, nothing shared, no
 * attention bias needed. `strict`: one request a run. The numbers are the same up to fp32 rounding.
 */
export type ScoreMode = "tree" | "batch" | "strict";
export const SCORE_MODES: readonly ScoreMode[] = ["tree", "batch", "strict"];

/** Part of the key of saved results: raise it when scoring changes a number by more than rounding. */
export const SCORING_VERSION = 2;

export interface ScoreSettings {
  /** Default `"tree"`. */
  mode?: ScoreMode;
  /**
   * Tokens of one run, padding included; an integer of at least 1. Default 384. `tree` cuts a longer stretch and caches
   * its start; `batch` runs a longer request alone; `strict` has no use for it.
   */
  tokenBudget?: number;
  /**
   * Most key-value slots (a slot holds one token's keys and values in all layers) at once: the caches of all prefixes in
   * use and those of the run, its past and its present. Default: as many as 1 GiB holds (23,301 of SmolLM2-135M), or
   * what one request of the model's full context needs, whichever is more. Where sharing would need more, less is
   * shared. The process holds more than these bytes while it works: onnxruntime keeps what it freed (8,000 tokens of
   * SmolLM2-135M, a peak of 15,618 slots or 0.72 GB, raised the resident memory by 1.27 GB).
   */
  maxCachedTokens?: number;
}

/** The result of one request of a list. */
export interface FinishedScore {
  index: number;
  result: ScoreResult;
}

export interface ScoreOptions extends ScoreSettings {
  /** Called after every run, with the number of requests that are done and those that this run finished. */
  onProgress?: (done: number, finished: FinishedScore[]) => void;
  /**
   * Results of an earlier, interrupted call with the same requests and settings, by index. They are given back, and the
   * other requests run where they would have run then, so that their numbers are the same to the last bit.
   */
  known?: Record<number, ScoreResult>;
}

const SETTINGS: Fields<ScoreSettings> = {
  mode: optional(oneOf(...SCORE_MODES)),
  tokenBudget: optional(TOKENS),
  maxCachedTokens: optional(integer({ min: 1 })),
};
const RESULT = object<ScoreResult>({ logLikelihood: quantity(), isGreedy: flag, tokens: integer({ min: 1 }) });
export const SCORE_SETTINGS = object<ScoreSettings>(SETTINGS);
export const SCORE_OPTIONS = object<ScoreOptions>({
  ...SETTINGS,
  onProgress: optional(func()),
  known: optional(names(RESULT, "result") as Rule<Record<number, ScoreResult>>),
});
/** Ids and what can be scored of them are checked when a request is encoded. */
export const SCORE_REQUESTS = list(byField<ScoreRequest, "continuation" | "continuationIds">({
  continuation: object<Extract<ScoreRequest, { continuation: string }>>({ context: text, continuation: text }),
  continuationIds: object<Extract<ScoreRequest, { continuationIds: number[] }>>({
    contextIds: entries(),
    continuationIds: entries(),
  }),
}));

/**
 * Measured with `bench:scoring budgets` (SmolLM2-135M fp32, 2 cores, medians of 3 interleaved rounds, time over the best
 * of 256, 384, 512, 768, 1024): HellaSwag 1.01, 1.00, 1.09, 1.06, 1.12; MMLU 5-shot 1.11, 1.08, 1.04, 1.00, 1.07; 128 was
 * slower than all on MMLU. Rounds differ by up to 10 %, so 384 to 768 are as good; the smallest of them needs the least
 * memory. Matrix products are near their peak from about 256 rows on, the masked attention between branches grows with
 * the square.
 */
export const DEFAULT_TOKEN_BUDGET = 384;
const DEFAULT_CACHE_BYTES = 2 ** 30;

/**
 * The settings with their defaults.
 *
 * @throws {RangeError} For a mode that the model does not have.
 */
export function completeSettings(
  { info: { name, contextLength }, sizes, scoreModes }: {
    info: ModelInfo;
    sizes: CacheSizes;
    scoreModes: readonly ScoreMode[];
  },
  settings: ScoreSettings,
): Required<ScoreSettings> {
  const { mode = scoreModes[0], tokenBudget = DEFAULT_TOKEN_BUDGET } = settings;
  if (!scoreModes.includes(mode)) {
    throw new RangeError(
      `Cannot score with ${name}: its graph has no way to score in mode "${mode}"; pass ${scoreModes.join(" or ")}`,
    );
  }
  const slotBytes = Math.max(sizes.tokenBytes, sizes.residualBytes); // a recurrent model has no slots to count
  const most = Math.max(Math.floor(DEFAULT_CACHE_BYTES / slotBytes), 2 * contextLength);
  return { mode, tokenBudget, maxCachedTokens: settings.maxCachedTokens ?? most };
}
