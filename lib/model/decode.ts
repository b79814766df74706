/** Runs of our own graphs that decode: chunks of tokens made inside the graph. */
import type { DecodeGraph } from "../arch/batch_graph.ts";
import { appendMade, carryCaches, emptyCaches } from "./caches.ts";
import type { Chunk, ChunkOptions, DecodeState } from "./decoder.ts";
import type { GraphSessions } from "./graph_sessions.ts";
import { type Feeds, int32s, int64s } from "./session.ts";
import { madeTokens, turnFeeds } from "./turn_feeds.ts";

export interface GraphChunkOptions extends ChunkOptions {
  /** Default "generate". */
  graph?: DecodeGraph;
  /** Of prompts that are padded on the right: tokens of each row. Their choice of a token means nothing then. */
  lengths?: number[];
}

/** One run of a graph, see `Decoder.run`. The batch graph changes the state's caches. */
export async function runChunk(
  graphs: GraphSessions,
  state: DecodeState<Feeds>,
  options: GraphChunkOptions,
): Promise<Chunk<Feeds>> {
  const { keepCaches = true, graph = "generate" } = options;
  const session = await graphs.session(graph);
  const batch = state.ids.length, tokens = state.ids[0].length;
  const read = options.lengths ?? state.lengths.map((n) => n + tokens); // tokens of each row after the first turn
  const feeds: Feeds = {
    ...state.caches,
    ids: int64s(state.ids.flat(), [batch, tokens]),
    ...(graph === "batch" ? { lengths: int64s(state.lengths, [batch]) } : fusedLengths(read)),
    ...turnFeeds(options, batch, graphs.spec.vocabSize),
  };
  const fetches = ["tokens", "logprobs"];
  if (keepCaches) fetches.push(...graphs.caches.map((c) => c.present));
  const out = await session.run(feeds, fetches);
  const made = madeTokens(out.tokens, batch);
  const lengths = read.map((n) => n + made.length - 1);
  let caches: Feeds = {};
  if (keepCaches && graph === "batch") {
    caches = appendMade(graphs, state.caches, out, {
      before: state.lengths,
      after: lengths,
      most: options.mostTokens,
    });
  } else if (keepCaches) caches = carryCaches(graphs, out);
  return {
    tokens: made,
    logprobs: options.logprobs ? out.logprobs.data as Float32Array : null,
    next: { ids: made.at(-1)!.map((id) => [id]), lengths, caches },
  };
}

/** The start of a generation: prompts of one length, nothing cached. */
export function startState(
  graphs: GraphSessions,
  prompts: number[][],
  graph: DecodeGraph = "generate",
): DecodeState<Feeds> {
  // A matrix product over no slots at all is not defined everywhere, so the batch graph gets one that it masks.
  const slots = graph === "batch" ? 1 : 0;
  return { ids: prompts, lengths: prompts.map(() => 0), caches: emptyCaches(graphs, prompts.length, slots) };
}

/** Lengths as the fused attention reads them; `totals` count the tokens of this run. */
function fusedLengths(totals: number[]): Feeds {
  return {
    seqlens: int32s(totals.map((n) => n - 1), [totals.length]),
    total_length: int32s([Math.max(...totals)], []),
  };
}
