/**
 * Which rows can run side by side in a graph that was made elsewhere: no layout says it, so it is tried. A graph may not
 * understand padding; and one whose activations are rounded by one scale for the whole run (dynamic int8) gives a row
 * other logits beside others.
 */
import { emptyGroup, type Group, groupOf } from "./group.ts";
import { type OpenedGraphs, runGraph } from "./graph_run.ts";

/** Rows of any lengths, of one length, or each alone. */
export type SideBySide = "any" | "alike" | "alone";

/** Tokens of rows; what stands in front of the short one or behind it would change its logits by much. */
const LONG = [1, 2, 3, 2, 1, 3, 2], OTHER = [3, 3, 1, 2, 2, 1, 1], SHORT = [3, 1];
/** Of the largest logit: more than matrix products of another height change one. */
const TOLERANCE = 2e-3;

interface Row {
  cached: Group;
  last: number[];
  /** Logits of the last token behind what is cached. */
  alone: Float32Array;
}

export async function sideBySide(graphs: OpenedGraphs, vocabSize: number): Promise<SideBySide> {
  const { layout } = graphs, grows = layout.caches.some(({ dims }) => dims.includes("slots"));
  if (layout.only.rows === 1) return "alone";
  const rowOf = async (ids: number[]): Promise<Row> => {
    const last = ids.slice(-1).map((id) => id % vocabSize);
    let group = emptyGroup(layout, 1);
    for (const id of ids.slice(0, -1)) group = (await runGraph(graphs, group, [[id % vocabSize]])).next;
    const cached = groupOf(layout, [{ group, row: 0 }]); // before it is gone on from
    return { cached, last, alone: lastLogits(await runGraph(graphs, group, [last]), 0) };
  };
  const long = await rowOf(LONG);
  if (!await areAlike(graphs, [long, await rowOf(OTHER)])) return "alone";
  if (layout.caches.length === 0 || (grows && !layout.mask)) return "alike";
  return await areAlike(graphs, [long, await rowOf(SHORT)]) ? "any" : "alike";
}

/** Whether each row of a batch gives the logits that it gives alone. */
async function areAlike(graphs: OpenedGraphs, rows: Row[]): Promise<boolean> {
  try {
    const both = groupOf(graphs.layout, rows.map(({ cached }) => ({ group: cached, row: 0 })));
    const run = await runGraph(graphs, both, rows.map(({ last }) => last));
    return rows.every(({ alone }, row) => isClose(lastLogits(run, row), alone));
  } catch {
    return false; // it refuses the shapes
  }
}

function lastLogits({ logits, dims: [, ran, vocab] }: Awaited<ReturnType<typeof runGraph>>, row: number): Float32Array {
  return logits.subarray(((row + 1) * ran - 1) * vocab, (row + 1) * ran * vocab);
}

function isClose(found: Float32Array, wanted: Float32Array): boolean {
  const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return found.every((value, i) => Math.abs(value - wanted[i]) <= TOLERANCE * largest);
}
