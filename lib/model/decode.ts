/** Runs of the graphs that decode: prefill, and chunks of tokens decoded inside the graph. */
import type { DecodeGraph } from "../arch/batch_graph.ts";
import { appendMade } from "./caches.ts";
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
  /** Default "generate". */
  graph?: DecodeGraph;
  /** Of prompts that are padded on the right: tokens of each row. Their choice of a token means nothing then. */
  lengths?: number[];
  temperature?: number;
  topK?: number;
  topP?: number;
  /** [turns * batch], needed for a temperature above 0. */
  uniforms?: Float32Array;
  /** Ids that end a row. Default: none. */
  endIds?: readonly number[];
  suppressEos?: boolean;
  logprobs?: boolean;
  /** Tokens that any row will have at most: the batch graph's caches get no more slots in advance. */
  mostTokens?: number;
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
 * One run: `turns` tokens for every row, fewer when all rows ended. The batch graph changes the state's caches.
 *
 * @returns `tokens` [turns][batch] (-1 where logits were not finite), their log-probabilities, and the state to go on
 * from.
 */
export async function runChunk(model: LanguageModel, state: DecodeState, options: ChunkOptions) {
  const { turns, keepCaches = true, graph = "generate" } = options;
  const session = await model.session(graph);
  const batch = state.ids.length, tokens = state.ids[0].length;
  const read = options.lengths ?? state.lengths.map((n) => n + tokens); // tokens of each row after the first turn
  const feeds: Feeds = {
    ...SETTINGS,
    ...state.caches,
    ids: int64s(state.ids.flat(), [batch, tokens]),
    ...(graph === "batch" ? { lengths: int64s(state.lengths, [batch]) } : fusedLengths(read)),
    max_new: int64s([turns], []),
    uniforms: floats(options.uniforms ?? new Float32Array(turns * batch), [turns, batch]),
    top_k: int64s([options.topK || model.spec.vocabSize], [1]),
  };
  if (options.endIds?.length) feeds.eos = int64s([...options.endIds], [options.endIds.length]);
  if (options.suppressEos) feeds.suppress_eos = bool(true);
  if (options.temperature) feeds.temperature = floats([options.temperature], []);
  if (options.topP !== undefined) feeds.top_p = floats([options.topP], []);
  if (options.logprobs) feeds.want_logprobs = bool(true);
  const fetches = ["tokens", "logprobs"];
  if (keepCaches) fetches.push(...model.caches.map((c) => c.present));
  const out = await session.run(feeds, fetches);
  const made = rows(out.tokens, batch);
  const lengths = read.map((n) => n + made.length - 1);
  let caches: Feeds = {};
  if (keepCaches && graph === "batch") {
    caches = appendMade(model, state.caches, out, {
      before: state.lengths,
      after: lengths,
      most: options.mostTokens,
    });
  } else if (keepCaches) caches = model.carryCaches(out);
  return {
    tokens: made,
    logprobs: options.logprobs ? out.logprobs.data as Float32Array : null,
    next: {
      ids: made.at(-1)!.map((id) => [id]),
      lengths,
      caches,
    } satisfies DecodeState,
  };
}

/** The start of a generation: prompts of one length, nothing cached. */
export function startState(model: LanguageModel, prompts: number[][], graph: DecodeGraph = "generate"): DecodeState {
  // A matrix product over no slots at all is not defined everywhere, so the batch graph gets one that it masks.
  const slots = graph === "batch" ? 1 : 0;
  return { ids: prompts, lengths: prompts.map(() => 0), caches: model.emptyCaches(prompts.length, slots) };
}

/** Lengths as the fused attention reads them; `totals` count the tokens of this run. */
function fusedLengths(totals: number[]): Feeds {
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
