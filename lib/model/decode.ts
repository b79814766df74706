/** Runs of the generate graph: prefill, and chunks of tokens decoded inside the graph. */
import { cacheName, forEachCache } from "../arch/decoder_nodes.ts";
import type { LanguageModel } from "./language_model.ts";
import { bool, type Feeds, floats, int32s, int64s, type Tensor } from "./session.ts";

/** State of a batch between two runs. */
export interface DecodeState {
  /** The ids that the next run reads, [batch][tokens]. */
  ids: number[][];
  /** Tokens of each row in the caches, [batch]; a shorter row's caches are padded on the right. */
  lengths: number[];
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
  const { turns, keepCaches = true } = options;
  const feeds: Feeds = {
    ...SETTINGS,
    ...state.caches,
    ids: int64s(state.ids.flat(), [batch, tokens]),
    ...lengthsOf(state.lengths.map((n) => n + tokens)),
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
    next: {
      ids: made.at(-1)!.map((id) => [id]),
      lengths: state.lengths.map((n) => n + tokens + made.length - 1),
      caches,
    } satisfies DecodeState,
  };
}

/** The start of a generation: prompts of one length, nothing cached. */
export function startState(model: LanguageModel, prompts: number[][]): DecodeState {
  return { ids: prompts, lengths: prompts.map(() => 0), caches: model.emptyCaches(prompts.length) };
}

/** Rows of a prefill's run: matrix products are near their peak there, and attention's scores stay small. */
const PREFILL_TOKENS = 512;

/**
 * Put prompts into caches, choosing no token: several short ones in one run, padded on the right, a long one piece by
 * piece.
 *
 * @param prompts Token ids, [any][at least one].
 * @returns For each prompt the caches that hold it and its row in them.
 */
export async function prefill(model: LanguageModel, prompts: number[][]): Promise<CachedRow[]> {
  const rows: CachedRow[] = new Array(prompts.length);
  const order = prompts.map((_, i) => i).sort((a, b) => prompts[b].length - prompts[a].length);
  for (let at = 0; at < order.length;) {
    const longest = prompts[order[at]].length;
    const count = Math.max(1, Math.floor(PREFILL_TOKENS / longest));
    const group = order.slice(at, at + count), ids = group.map((i) => prompts[i]);
    const caches = group.length > 1 ? await prefillTogether(model, ids) : await prefillInPieces(model, ids[0]);
    group.forEach((i, row) => rows[i] = { caches, row, length: prompts[i].length });
    at += group.length;
  }
  return rows;
}

async function prefillTogether(model: LanguageModel, prompts: number[][]): Promise<Feeds> {
  const longest = Math.max(...prompts.map((p) => p.length));
  const padded = prompts.map((p) => [...p, ...new Array(longest - p.length).fill(0)]);
  return await cachesAfter(model, startState(model, padded), prompts.map((p) => p.length));
}

async function prefillInPieces(model: LanguageModel, prompt: number[]): Promise<Feeds> {
  let caches = model.emptyCaches(1);
  for (let at = 0; at < prompt.length; at += PREFILL_TOKENS) {
    const ids = prompt.slice(at, at + PREFILL_TOKENS);
    caches = await cachesAfter(model, { ids: [ids], lengths: [at], caches }, [at + ids.length]);
  }
  return caches;
}

/** Run the ids of a state; `totals` are the lengths of its rows without padding. */
async function cachesAfter(model: LanguageModel, { ids, caches }: DecodeState, totals: number[]): Promise<Feeds> {
  const out = await (await model.session("generate")).run({
    ...SETTINGS,
    ...caches,
    ids: int64s(ids.flat(), [ids.length, ids[0].length]),
    ...lengthsOf(totals),
    max_new: int64s([1], []),
    uniforms: floats(new Float32Array(ids.length), [1, ids.length]),
    top_k: int64s([model.spec.vocabSize], [1]),
  }, model.caches.map((c) => c.present));
  return model.carryCaches(out);
}

/** One sequence in a batch's caches. */
export interface CachedRow {
  caches: Feeds;
  row: number;
  /** Tokens of it. */
  length: number;
}

/** Copy rows of any caches into one batch, padded on the right to the longest: [rows, kvHeads, longest, headDim]. */
export function joinRows(model: LanguageModel, rows: CachedRow[]): Feeds {
  const longest = Math.max(...rows.map((r) => r.length));
  const joined: Feeds = {};
  forEachCache(model.spec, (layer, kind, kvHeads, headDim) => {
    const name = cacheName("past", layer, kind);
    const joinedCache = model.cacheTensor([rows.length, kvHeads, longest, headDim]);
    const data = joinedCache.data as Float32Array | Int8Array;
    rows.forEach(({ caches, row, length }, to) => {
      const from = caches[name].data as Float32Array | Int8Array, slots = caches[name].dims[2];
      for (let head = 0; head < kvHeads; head++) {
        const start = (row * kvHeads + head) * slots * headDim;
        data.set(from.subarray(start, start + length * headDim), (to * kvHeads + head) * longest * headDim);
      }
    });
    joined[name] = joinedCache;
  });
  return joined;
}

/** Lengths as the attention reads them; `totals` count the tokens of this run. */
function lengthsOf(totals: number[]): Feeds {
  return {
    seqlens: int32s(totals.map((n) => n - 1), [totals.length]),
    total_length: int32s([Math.max(...totals)], []),
  };
}

/** An int64 tensor [rows, width] as numbers. */
function rows(tensor: Tensor, width: number): number[][] {
  const data = tensor.data as BigInt64Array;
  return Array.from(
    { length: data.length / width },
    (_, r) => Array.from(data.subarray(r * width, (r + 1) * width), Number),
  );
}
