/** Decoding with our own graphs, whose caches are the feeds of the next run. */
import type { DecodeGraph } from "../arch/batch_graph.ts";
import { emptyCaches, joinRows } from "./caches.ts";
import { runChunk, startState } from "./decode.ts";
import type { Decoder } from "./decoder.ts";
import type { GraphSessions } from "./graph_sessions.ts";
import { prefill } from "./prefill.ts";
import type { Feeds } from "./session.ts";

/** Tokens that a run of the batch graph decodes at most: those that it has made are copied in every turn. */
const BATCH_GRAPH_TURNS = 128;

export function graphDecoder(graphs: GraphSessions, graph: DecodeGraph): Decoder<Feeds> {
  return {
    mostTurns: graph === "batch" ? BATCH_GRAPH_TURNS : Infinity,
    start: (prompts) => startState(graphs, prompts, graph),
    prefill: (prompts) => prefill(graphs, prompts, graph),
    join(rows) {
      const empty = { caches: emptyCaches(graphs, 1), row: 0, length: 0 };
      const cached = rows.map((row) => row ?? empty);
      // The batch graph needs a slot, even if no row has a token in it.
      return joinRows(graphs, cached, Math.max(...cached.map((r) => r.length), graph === "batch" ? 1 : 0));
    },
    run: (state, options) => runChunk(graphs, state, { ...options, graph }),
  };
}
