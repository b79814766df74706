/** Scoring in right-padded batches: no shared prefix, no packing, and a mask that is plain causal order. */
import type { Visible } from "../arch/blocks/block.ts";
import { HIDDEN } from "../arch/nodes.ts";
import { biasKinds, biasName, hasAlibi } from "../arch/visible.ts";
import { emptyCaches, joinRows } from "./caches.ts";
import type { GraphSessions } from "./graph_sessions.ts";
import { HeadRows } from "./score_head.ts";
import type { Sequence } from "./score_request.ts";
import type { Scores } from "./scores.ts";
import { type Feeds, floats, int32s, int64s } from "./session.ts";

/** Run sequences as one batch and add their log-probabilities to the scores. */
export async function scoreBatch(
  graphs: GraphSessions,
  sequences: Sequence[],
  indexes: number[],
  scores: Scores,
): Promise<void> {
  const head = new HeadRows();
  const width = Math.max(...indexes.map((index) => sequences[index].tokens.length));
  indexes.forEach((index, row) => {
    const { tokens, targets } = sequences[index];
    const first = row * width + tokens.length - targets.length;
    targets.forEach((token, i) => head.ask(first + i, new Map([[token, [index]]])));
  });
  await head.run(graphs, batchFeeds(graphs, indexes.map((index) => sequences[index].tokens)), scores);
}

/**
 * Feeds of a batch from the start of its sequences, or behind the states of one token sequence of so many tokens, which
 * is for models without attention; shorter rows are padded on the right, where no row of theirs looks.
 */
export function batchFeeds(
  graphs: GraphSessions,
  rows: number[][],
  prefix?: { slots: number; caches: Feeds },
): Feeds {
  const batch = rows.length, width = Math.max(...rows.map((r) => r.length)), start = prefix?.slots ?? 0;
  const ids = rows.flatMap((row) => [...row, ...new Array<number>(width - row.length).fill(0)]);
  const states = prefix && joinRows(graphs, rows.map(() => ({ caches: prefix.caches, row: 0, length: start })));
  const feeds: Feeds = {
    ...(states ?? emptyCaches(graphs, batch)),
    ids: int64s(ids, [batch, width]),
    positions: int64s(rows.flatMap(() => Array.from({ length: width }, (_, i) => start + i)), [batch, width]),
    seqlens: int32s(rows.map((row) => row.length - 1), [batch]),
    total_length: int32s([width], []),
  };
  for (const visible of biasKinds(graphs.spec)) {
    feeds[biasName(visible)] = floats(causalBias(width, visible), [1, 1, width, width]);
  }
  if (hasAlibi(graphs.spec)) feeds.key_positions = int64s(Array.from({ length: width }, (_, i) => i), [1, width]);
  return feeds;
}

/** 0 where a row may look (itself and before, within the window), the lowest float elsewhere: [tokens * tokens]. */
function causalBias(tokens: number, { window = Infinity, sinks = 0 }: Visible): Float32Array {
  const bias = new Float32Array(tokens * tokens).fill(HIDDEN);
  for (let i = 0; i < tokens; i++) {
    bias.fill(0, i * tokens, i * tokens + Math.min(sinks, i + 1));
    bias.fill(0, i * tokens + Math.max(0, i - window + 1), i * tokens + i + 1);
  }
  return bias;
}
