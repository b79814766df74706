/** The states of a batch on the host: rows put together, and what a run made put behind them. */
import type { StateShape } from "../arch/blocks/block.ts";
import { cacheName, forEachState, grows, stateDims } from "../arch/states.ts";
import type { CachedRow } from "./decoder.ts";
import type { GraphSessions } from "./graph_sessions.ts";
import { type Feeds, floats, int8s, type Tensor } from "./session.ts";

/** Slots that a cache grows by, for every started 1,024 that it has: its rows are moved then, so not for every chunk. */
const GROWTH = 64;

/**
 * Copy rows of any caches into one batch; states that grow are padded on the right: [rows, kvHeads, capacity, headDim].
 *
 * @param capacity Default: the longest row.
 */
export function joinRows(
  graphs: GraphSessions,
  rows: CachedRow<Feeds>[],
  capacity = Math.max(...rows.map((r) => r.length)),
): Feeds {
  const joined: Feeds = {};
  forEachState(graphs.spec, (layer, state) => {
    const name = cacheName("past", layer, state.name);
    joined[name] = zeroState(state, rows.length, capacity);
    rows.forEach(({ caches, row, length }, to) => {
      if (grows(state)) copySlots(caches[name], row, joined[name], to, 0, length);
      else copyRow(caches[name], row, joined[name], to);
    });
  });
  return joined;
}

/**
 * Put what a run of the batch graph made behind the tokens of each row. The caches are changed in place where they have
 * room, and moved to larger ones where not.
 *
 * @param made Outputs of the run, [rows, kvHeads, tokens, headDim] each.
 * @param tokens Of each row `before` and `after`, and the `most` that any row will ever have.
 */
export function appendMade(
  graphs: GraphSessions,
  caches: Feeds,
  made: Record<string, Tensor>,
  tokens: { before: number[]; after: number[]; most?: number },
): Feeds {
  const { before, after, most = Infinity } = tokens, need = Math.max(...after), first = cacheName("past", 0, "key");
  if (before.every((length) => length === 0) && made[cacheName("present", 0, "key")].dims[2] === need) {
    return carryCaches(graphs, made); // nothing was cached: what was made is the cache
  }
  const step = GROWTH * Math.ceil(need / 1024), slots = Math.max(need, Math.min(most, step * Math.ceil(need / step)));
  const room = caches[first].dims[2] >= need
    ? caches
    : joinRows(graphs, before.map((length, row) => ({ caches, row, length })), slots);
  forEachState(graphs.spec, (layer, { name }) => {
    const to = room[cacheName("past", layer, name)], from = made[cacheName("present", layer, name)];
    before.forEach((at, row) => copySlots(from, row, to, row, at, after[row] - at));
  });
  return room;
}

/** Empty caches of a batch, the start of every sequence; with `slots`, caches of so many zeros. */
export function emptyCaches({ spec }: GraphSessions, batch: number, slots = 0): Feeds {
  const feeds: Feeds = {};
  forEachState(spec, (layer, state) => {
    feeds[cacheName("past", layer, state.name)] = zeroState(state, batch, slots);
  });
  return feeds;
}

/** The caches that a run gave, as the next one reads them. */
export function carryCaches({ caches }: GraphSessions, out: Record<string, Tensor>): Feeds {
  const feeds: Feeds = {};
  for (const { past, present } of caches) feeds[past] = out[present];
  return feeds;
}

/** Let go of caches at once: the collector may be late with what JavaScript does not see the size of. */
export function dropCaches(caches: Feeds): void {
  for (const [name, tensor] of Object.entries(caches)) {
    tensor.dispose();
    delete caches[name];
  }
}

/** A state in which nothing has happened, with so many slots where it grows. */
export function zeroState(state: StateShape, batch: number, slots = 0): Tensor {
  const dims = stateDims(state, batch, slots), size = dims.reduce((a, b) => a * b, 1);
  return state.type === "int8" ? int8s(new Int8Array(size), dims) : floats(new Float32Array(size), dims);
}

function copyRow(from: Tensor, row: number, to: Tensor, toRow: number): void {
  const source = from.data as Float32Array, size = source.length / from.dims[0];
  (to.data as Float32Array).set(source.subarray(row * size, (row + 1) * size), toRow * size);
}

/** Copy the first `length` slots of a row to another cache, there from slot `at` on. */
function copySlots(from: Tensor, row: number, to: Tensor, toRow: number, at: number, length: number): void {
  const [, kvHeads, slots, headDim] = from.dims, capacity = to.dims[2];
  const source = from.data as Float32Array | Int8Array, target = to.data as Float32Array | Int8Array;
  for (let head = 0; head < kvHeads; head++) {
    const start = (row * kvHeads + head) * slots * headDim;
    target.set(
      source.subarray(start, start + length * headDim),
      ((toRow * kvHeads + head) * capacity + at) * headDim,
    );
  }
}
