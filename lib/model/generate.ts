/** Text generation with the generate graph: prefill, then chunks of tokens decoded inside the graph. */
import { seededRandom } from "../stats/random.ts";
import { bool, type Feeds, floats, int32s, int64s, type Tensor } from "./session.ts";
import type { LanguageModel } from "./language_model.ts";

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
  /** Never choose the end-of-sequence token (its logit is left out), so that every row has full length. Default false. */
  ignoreEos?: boolean;
}

export interface Generation {
  /** New token ids, without the end-of-sequence token. */
  ids: number[];
  text: string;
  /** "stop": end of sequence or a stop string; "length": `maxNewTokens` were made. */
  finishReason: "stop" | "length";
}

/** Tokens decoded in one run of the graph; between runs stop strings are looked for. */
const CHUNK = 32;

/** State of a batch between two runs. */
export interface DecodeState {
  /** The ids that the next run reads, [batch][tokens]. */
  ids: number[][];
  /** Tokens in the caches. */
  pastLength: number;
  caches: Feeds;
}

export interface ChunkOptions {
  turns: number;
  temperature?: number;
  topK?: number;
  topP?: number;
  /** [turns * batch], needed for a temperature above 0. */
  uniforms?: Float32Array;
  eosId?: number | null;
  suppressEos?: boolean;
  logprobs?: boolean;
  /** Whether the caches come out: only when another run follows (they are copied). Default true. */
  keepCaches?: boolean;
}

/** The inputs that most runs leave as they are: greedy, no end, no log-probabilities. */
const SETTINGS: Feeds = {
  eos: int64s([-1], [1]),
  suppress_eos: bool(false),
  temperature: floats([0], []),
  top_p: floats([1], []),
  want_logprobs: bool(false),
};

/**
 * One run of the generate graph: `turns` tokens for every row, fewer when all rows ended.
 *
 * @returns `tokens` [turns][batch], their log-probabilities, and the state to go on from.
 */
export async function runChunk(model: LanguageModel, state: DecodeState, options: ChunkOptions) {
  const session = await model.session("generate");
  const batch = state.ids.length, tokens = state.ids[0].length;
  const total = state.pastLength + tokens;
  const { turns, keepCaches = true } = options;
  const feeds: Feeds = {
    ...SETTINGS,
    ...state.caches,
    ids: int64s(state.ids.flat(), [batch, tokens]),
    seqlens: int32s(new Array(batch).fill(total - 1), [batch]),
    total_length: int32s([total], []),
    max_new: int64s([turns], []),
    uniforms: floats(options.uniforms ?? new Float32Array(turns * batch), [turns, batch]),
    top_k: int64s([options.topK || model.spec.vocabSize], [1]),
  };
  if (options.eosId != null) feeds.eos = int64s([options.eosId], [1]);
  if (options.suppressEos) feeds.suppress_eos = bool(true);
  if (options.temperature) feeds.temperature = floats([options.temperature], []);
  if (options.topP !== undefined) feeds.top_p = floats([options.topP], []);
  if (options.logprobs) feeds.want_logprobs = bool(true);
  const fetches = ["tokens", "logprobs"];
  if (keepCaches) fetches.push(...model.caches.map((c) => c.present));
  const out = await session.run(feeds, fetches);
  const made = rows(out.tokens, batch);
  const caches = keepCaches ? model.carryCaches(out) : {};
  return {
    tokens: made,
    logprobs: options.logprobs ? out.logprobs.data as Float32Array : null,
    next: { ids: made.at(-1)!.map((id) => [id]), pastLength: total + made.length - 1, caches } satisfies DecodeState,
  };
}

/** The start of a generation: prompts of one length, nothing cached. */
export function startState(model: LanguageModel, prompts: number[][]): DecodeState {
  return { ids: prompts, pastLength: 0, caches: model.emptyCaches(prompts.length) };
}

/** @internal Use `LanguageModel.generate`. */
export async function generateText(model: LanguageModel, prompt: number[], options: GenerateOptions) {
  const { temperature = 0, topP = 1, topK = 0, seed = 0, stop = [], samples = 1, ignoreEos = false } = options;
  const room = model.info.contextLength - prompt.length;
  const maxNewTokens = options.maxNewTokens ?? Math.min(128, room);
  checkOptions(model, prompt, { maxNewTokens, temperature, topP, topK, samples, stop });

  const { eosId } = model.tokenizer;
  const suppressEos = ignoreEos && eosId !== null;
  const uniforms = Array.from({ length: samples }, (_, i) => uniformStream(seed, i));
  const rows = Array.from({ length: samples }, (): Row => ({ ids: [], ended: false }));
  let state = startState(model, rows.map(() => prompt));
  for (let made = 0; made < maxNewTokens && rows.some((r) => !r.ended);) {
    // Without stop strings nothing happens between chunks, but a bounded run keeps Stop and progress possible.
    const turns = Math.min(CHUNK, maxNewTokens - made);
    const draws = Float32Array.from({ length: turns * samples }, (_, i) => uniforms[i % samples]());
    const keepCaches = made + turns < maxNewTokens;
    const sampling = { temperature, topK, topP, uniforms: draws, eosId, suppressEos };
    const chunk = await runChunk(model, state, { turns, ...sampling, keepCaches });
    rows.forEach((row, r) => extend(row, chunk.tokens.map((t) => t[r]), model, eosId, stop));
    made += chunk.tokens.length;
    state = chunk.next;
  }
  return rows.map((row): Generation => ({
    ids: row.ids,
    text: row.text ?? model.tokenizer.decode(row.ids),
    finishReason: row.ended ? "stop" : "length",
  }));
}

interface Row {
  ids: number[];
  ended: boolean;
  /** Set when a stop string cut the text. */
  text?: string;
}

/** Add a chunk's tokens to a row, up to the end of the sequence or the token that completes a stop string. */
function extend(row: Row, tokens: number[], model: LanguageModel, eosId: number | null, stop: string[]): void {
  if (row.ended) return;
  const before = row.ids.length;
  const end = eosId === null ? -1 : tokens.indexOf(eosId);
  row.ids.push(...(end < 0 ? tokens : tokens.slice(0, end)));
  row.ended = end >= 0;
  if (stop.length === 0 || !stop.some((s) => model.tokenizer.decode(row.ids).includes(s))) return;
  for (let n = before + 1; n <= row.ids.length; n++) {
    const text = model.tokenizer.decode(row.ids.slice(0, n));
    const cuts = stop.map((s) => text.indexOf(s)).filter((at) => at >= 0);
    if (cuts.length === 0) continue;
    row.ids.length = n;
    row.text = text.slice(0, Math.min(...cuts));
    row.ended = true;
    return;
  }
}

function checkOptions(
  model: LanguageModel,
  prompt: number[],
  o: Required<Pick<GenerateOptions, "maxNewTokens" | "temperature" | "topP" | "topK" | "samples" | "stop">>,
): void {
  const must = (ok: boolean, name: string, value: unknown, need: string) => {
    if (!ok) throw new RangeError(`Cannot generate with ${model.info.name}: ${name} must be ${need}, got ${value}`);
  };
  must(Number.isInteger(o.maxNewTokens) && o.maxNewTokens >= 1, "maxNewTokens", o.maxNewTokens, "a positive integer");
  must(o.temperature >= 0 && Number.isFinite(o.temperature), "temperature", o.temperature, "0 or more");
  must(o.topP > 0 && o.topP <= 1, "topP", o.topP, "above 0 and at most 1");
  must(
    Number.isInteger(o.topK) && o.topK >= 0 && o.topK <= model.info.vocabSize,
    "topK",
    o.topK,
    `an integer from 0 (all) to ${model.info.vocabSize}`,
  );
  must(Number.isInteger(o.samples) && o.samples >= 1, "samples", o.samples, "a positive integer");
  must(o.stop.every((s) => s.length > 0), "stop", JSON.stringify(o.stop), "a list of non-empty strings");
  if (prompt.length + o.maxNewTokens > model.info.contextLength) {
    throw new RangeError(
      `Cannot generate with ${model.info.name}: ${prompt.length} prompt tokens and maxNewTokens ${o.maxNewTokens} ` +
        `are more than its context of ${model.info.contextLength}`,
    );
  }
}

/** Uniforms in [0, 1) of one sample: the i-th draw depends on seed, sample and i alone. */
function uniformStream(seed: number, sample: number): () => number {
  return seededRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(sample + 1, 0x85ebca6b)).next;
}

/** An int64 tensor [rows, width] as numbers. */
function rows(tensor: Tensor, width: number): number[][] {
  const data = tensor.data as BigInt64Array;
  return Array.from(
    { length: data.length / width },
    (_, r) => Array.from(data.subarray(r * width, (r + 1) * width), Number),
  );
}
