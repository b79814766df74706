/** Prompts into caches, without choosing a token. */
import type { DecodeGraph } from "../arch/batch_graph.ts";
import { isRecurrent } from "../arch/states.ts";
import { runChunk, startState } from "./decode.ts";
import type { CachedRow } from "./decoder.ts";
import type { GraphSessions } from "./graph_sessions.ts";
import type { Feeds } from "./session.ts";

/** Rows of a prefill's run: matrix products are near their peak there, and attention's scores stay small. */
const PREFILL_TOKENS = 512;

/**
 * Put prompts into caches: several short ones in one run, padded on the right, a long one piece by piece.
 *
 * @param prompts Token ids, [any][at least one].
 * @param graph The graph that will go on from the caches.
 * @returns For each prompt the caches that hold it and its row in them.
 */
export async function prefill(
  graphs: GraphSessions,
  prompts: number[][],
  graph: DecodeGraph = "generate",
): Promise<CachedRow<Feeds>[]> {
  const rows: CachedRow<Feeds>[] = new Array(prompts.length);
  const order = prompts.map((_, i) => i).sort((a, b) => prompts[b].length - prompts[a].length);
  for (let at = 0; at < order.length;) {
    const longest = prompts[order[at]].length;
    const count = Math.max(1, Math.floor(PREFILL_TOKENS / longest));
    // Padding would change a recurrent state.
    const fitting = order.slice(at, at + count);
    const group = isRecurrent(graphs.spec) ? fitting.filter((i) => prompts[i].length === longest) : fitting;
    const ids = group.map((i) => prompts[i]);
    const caches = group.length > 1
      ? await prefillTogether(graphs, ids, graph)
      : await prefillInPieces(graphs, ids[0], graph);
    group.forEach((i, row) => rows[i] = { caches, row, length: prompts[i].length });
    at += group.length;
  }
  return rows;
}

async function prefillTogether(graphs: GraphSessions, prompts: number[][], graph: DecodeGraph): Promise<Feeds> {
  const longest = Math.max(...prompts.map((p) => p.length));
  const padded = prompts.map((p) => [...p, ...new Array<number>(longest - p.length).fill(0)]);
  const lengths = prompts.map((p) => p.length);
  return (await runChunk(graphs, startState(graphs, padded, graph), { turns: 1, graph, lengths })).next.caches;
}

async function prefillInPieces(graphs: GraphSessions, prompt: number[], graph: DecodeGraph): Promise<Feeds> {
  let { caches } = startState(graphs, [prompt], graph);
  for (let at = 0; at < prompt.length; at += PREFILL_TOKENS) {
    const ids = prompt.slice(at, at + PREFILL_TOKENS);
    caches = (await runChunk(graphs, { ids: [ids], lengths: [at], caches }, { turns: 1, graph })).next.caches;
  }
  return caches;
}
