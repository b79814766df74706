/** What a generation is asked for, and what it gives. */
import { BATCH, SAMPLES, SEED, TEMPERATURE, TOKENS, TOP_P } from "../check/common.ts";
import { type Fields, object, optional, without } from "../check/objects.ts";
import { byType, entries, flag, func, integer, list, text, word } from "../check/rules.ts";
import type { CacheSizes } from "./cache_sizes.ts";
import type { ModelInfo } from "./info.ts";

export interface GenerateOptions {
  /** Tokens to generate at most. Default 128, or what the context leaves. */
  maxNewTokens?: number;
  /** 0 (default): greedy. */
  temperature?: number;
  /** Keep the smallest set of tokens whose probability reaches this. Default 1: all. */
  topP?: number;
  /** Keep the k most probable tokens. Default 0: all. */
  topK?: number;
  /** Seed of the draws. Default 0. */
  seed?: number;
  /** Strings that end the text; it is cut before the first of them. */
  stop?: string[];
  /** Continuations of the prompt, drawn independently. Default 1. */
  samples?: number;
  /** Never choose a token that ends a text (their logits are left out), so that every row has full length. Default false. */
  ignoreEos?: boolean;
  /** Also give the log-probability of every token. Default false. */
  logProbabilities?: boolean;
}

export interface Generation {
  /** New token ids, without the token that ended the text. */
  ids: number[];
  /** What they add to the prompt's text, with the space that it may start with. */
  text: string;
  /** "stop": a token that ends a text (the model's `tokenizer.endIds`) or a stop string; "length": `maxNewTokens` were made. */
  finishReason: "stop" | "length";
  /** Where asked for: ln p of each id under the untempered distribution over all tokens, [ids]. */
  logProbabilities?: number[];
}

/** One prompt of a batch. */
export interface GenerateRequest {
  prompt: string | number[];
  /** Instead of the seed of the options. */
  seed?: number;
}

/** What a request of a batch got: one generation a sample, or why the model cannot continue it. */
export type GenerateResult = Generation[] | { refused: string };

export interface GenerateBatchOptions extends GenerateOptions {
  /** Rows decoded side by side at most. Default 32. */
  maxRows?: number;
  /**
   * Cap on rows x tokens in the caches of the batch. A row's recurrent states count as so many tokens as their bytes
   * would hold (`cachedTokens`). Default: what 1 GiB holds, and at least a row of the whole context.
   */
  maxCachedTokens?: number;
  /** Tokens decoded in one run of the graph; between runs rows leave and enter. Default 32. */
  chunk?: number;
  /** Called with each request's result as it is finished, in no particular order. */
  onResult?: (index: number, result: GenerateResult) => void;
}

/** Options of a stream: one sample, in chunks of 8 tokens by default. */
export type StreamOptions = Omit<GenerateBatchOptions, "samples" | "onResult" | "maxRows">;

/** A model checks the ids themselves. */
export const PROMPT = byType({ string: text, list: entries<number>() }, "a text or a list of token ids");
const GENERATE_FIELDS: Fields<GenerateOptions> = {
  maxNewTokens: optional(TOKENS),
  temperature: optional(TEMPERATURE),
  topP: optional(TOP_P),
  topK: optional(integer({ min: 0 })),
  seed: optional(SEED),
  stop: optional(list(word)),
  samples: optional(SAMPLES),
  ignoreEos: optional(flag),
  logProbabilities: optional(flag),
};
const BATCH_FIELDS: Fields<GenerateBatchOptions> = {
  ...GENERATE_FIELDS,
  maxRows: optional(BATCH),
  maxCachedTokens: optional(integer({ min: 1 })),
  chunk: optional(TOKENS),
  onResult: optional(func()),
};
export const GENERATE_OPTIONS = object<GenerateOptions>(GENERATE_FIELDS);
export const GENERATE_BATCH_OPTIONS = object<GenerateBatchOptions>(BATCH_FIELDS);
export const STREAM_OPTIONS = object<StreamOptions>(without(BATCH_FIELDS, "samples", "onResult", "maxRows"));
export const GENERATE_REQUESTS = list(object<GenerateRequest>({ prompt: PROMPT, seed: optional(SEED) }));

/** Options with their defaults. */
export type CheckedOptions = Required<Omit<GenerateBatchOptions, "maxNewTokens" | "onResult">> & {
  maxNewTokens: number | null;
};

/** Bytes of caches and recurrent states that a batch may hold by default. */
const CACHE_BYTES = 2 ** 30;

/** Bytes that count as a cached token: its keys and values, or, where nothing grows, its residual. */
function cachedTokenBytes({ tokenBytes, residualBytes }: CacheSizes): number {
  return tokenBytes || residualBytes;
}

/** What a row of so many tokens takes of `maxCachedTokens`: its slots, and its recurrent states as tokens of those bytes. */
export function cachedTokens(sizes: CacheSizes, tokens: number): { slots: number; states: number } {
  return {
    slots: sizes.tokenBytes > 0 ? tokens : 0,
    states: Math.ceil(sizes.stateBytes / cachedTokenBytes(sizes)),
  };
}

/**
 * Fill in the defaults; what no model allows was refused before (`GENERATE_BATCH_OPTIONS`).
 *
 * @throws {RangeError} If `topK` is more than this model's vocabulary.
 */
export function completeOptions(info: ModelInfo, sizes: CacheSizes, options: GenerateBatchOptions): CheckedOptions {
  const { slots, states } = cachedTokens(sizes, info.contextLength);
  const { topK = 0 } = options;
  if (topK > info.vocabSize) {
    throw new RangeError(
      `Cannot generate with ${info.name}: topK must be at most its vocabulary of ${info.vocabSize}, got ${topK}`,
    );
  }
  return {
    maxNewTokens: options.maxNewTokens ?? null,
    temperature: options.temperature ?? 0,
    topP: options.topP ?? 1,
    topK,
    seed: options.seed ?? 0,
    stop: options.stop ?? [],
    samples: options.samples ?? 1,
    ignoreEos: options.ignoreEos ?? false,
    logProbabilities: options.logProbabilities ?? false,
    maxRows: options.maxRows ?? 32,
    maxCachedTokens: options.maxCachedTokens ??
      Math.max(slots + states, Math.floor(CACHE_BYTES / cachedTokenBytes(sizes))),
    chunk: options.chunk ?? 32,
  };
}
