/**
 * Whether rows of other lengths can run side by side in a graph that was made elsewhere: no layout says it, so it is
 * tried, with a row of many tokens beside a row of one.
 */
import { emptyGroup, groupOf } from "./group.ts";
import { type OpenedGraphs, runGraph } from "./graph_run.ts";

/** Tokens of the two rows; the hole before or behind the short one would change its logits by much. */
const LONG = [1, 2, 3, 2, 1, 3, 2], SHORT = [3, 1];
/** Of the largest logit: more than matrix products of another height change one. */
const TOLERANCE = 2e-3;

/** Whether each row of a padded batch gives the logits that it gives alone. */
export async function takesPadding(graphs: OpenedGraphs, vocabSize: number): Promise<boolean> {
  const { layout } = graphs, grows = layout.caches.some(({ dims }) => dims.includes("slots"));
  if (layout.caches.length === 0 || layout.only.rows === 1 || (grows && !layout.mask)) return false;
  const rows = [];
  for (const tokens of [LONG, SHORT].map((ids) => ids.map((id) => id % vocabSize))) {
    let group = emptyGroup(layout, 1);
    for (const id of tokens.slice(0, -1)) group = (await runGraph(graphs, group, [[id]])).next;
    const cached = groupOf(layout, [{ group, row: 0 }]), last = tokens.slice(-1); // before it is gone on from
    rows.push({ cached, last, alone: (await runGraph(graphs, group, [last])).logits });
  }
  try {
    const both = groupOf(layout, rows.map(({ cached }) => ({ group: cached, row: 0 })));
    const { logits, dims: [, , vocab] } = await runGraph(graphs, both, rows.map(({ last }) => last));
    return rows.every(({ alone }, row) => isClose(logits.subarray(row * vocab, (row + 1) * vocab), alone));
  } catch {
    return false; // it refuses the shapes
  }
}

function isClose(found: Float32Array, wanted: Float32Array): boolean {
  const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return found.every((value, i) => Math.abs(value - wanted[i]) <= TOLERANCE * largest);
}
