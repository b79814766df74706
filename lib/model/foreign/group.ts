/** Sequences that run together, and what is cached of them. */
import type { CacheSlot } from "../../arch/foreign/cache_slot.ts";
import type { GraphLayout } from "../../arch/foreign/layout.ts";
import { type Feeds, floats, halves, type Tensor } from "../session.ts";

/**
 * Rows of one batch. Where states grow, a row's tokens are the last of its slots (rows of other lengths have zeros in
 * front); in buffers that a graph shares between past and present they are the first, and room for more follows.
 */
export interface Group {
  /** Tokens before the next run, [rows][tokens]; a graph without caches runs them again. */
  tokens: number[][];
  /** The graph's own caches; {} of a graph without. */
  caches: Feeds;
}

/** A row of a group. */
export interface GroupRow {
  group: Group;
  row: number;
}

/** Slots that shared buffers have at least: they grow by doubling. */
const FIRST_ROOM = 64;

export function emptyGroup(layout: GraphLayout, rows: number): Group {
  const caches: Feeds = {};
  for (const slot of layout.caches) caches[slot.past] = zeros(slot, rows, 0);
  return { tokens: Array.from({ length: rows }, () => []), caches };
}

/** Rows of any groups as one: alike in length, or padded as the layout has it. */
export function groupOf(layout: GraphLayout, rows: GroupRow[]): Group {
  const tokens = rows.map(({ group, row }) => group.tokens[row]), longest = Math.max(...tokens.map((t) => t.length));
  return { tokens, caches: copied(layout, rows, longest) };
}

/** The slots of a group's growing states, tokens or not; null where none grows. */
export function slotsOf({ caches }: GraphLayout, group: Group): number | null {
  const slot = caches.find(({ dims }) => dims.includes("slots"));
  return slot ? group.caches[slot.past].dims[1 + slot.dims.indexOf("slots")] : null;
}

/** The group with room for more tokens of each row in its shared buffers. */
export function roomFor(layout: GraphLayout, group: Group, more: number, most = Infinity): Group {
  const need = Math.max(...group.tokens.map((t) => t.length)) + more, room = slotsOf(layout, group)!;
  if (room >= need) return group;
  const slots = Math.max(need, Math.min(most, Math.max(FIRST_ROOM, 2 * room)));
  const rows = group.tokens.map((_, row) => ({ group, row }));
  return { tokens: group.tokens, caches: copied(layout, rows, slots) };
}

/** Caches that hold these rows; shared buffers have so many slots. */
function copied(layout: GraphLayout, rows: GroupRow[], slots: number): Feeds {
  const caches: Feeds = {};
  for (const slot of layout.caches) {
    const axis = slot.dims.indexOf("slots");
    const lengths = rows.map(({ group, row }) =>
      // a graph may let go of the oldest
      axis < 0 ? 1 : Math.min(group.tokens[row].length, group.caches[slot.past].dims[axis + 1])
    );
    const to = zeros(slot, rows.length, layout.sharesBuffers ? slots : Math.max(...lengths));
    rows.forEach(({ group, row }, at) => {
      copyRow(axis, { from: group.caches[slot.past], row, to, at, length: lengths[at], isFirst: layout.sharesBuffers });
    });
    caches[slot.past] = to;
  }
  return caches;
}

/** Copy a row: the slots of its tokens, or all of a state that does not grow. */
function copyRow(
  axis: number,
  { from, row, to, at, length, isFirst }: {
    from: Tensor;
    row: number;
    to: Tensor;
    at: number;
    length: number;
    isFirst: boolean;
  },
): void {
  const source = from.data as Float32Array | Uint16Array, target = to.data as Float32Array | Uint16Array;
  const outer = axis < 0 ? 1 : product(from.dims.slice(1, axis + 1));
  const inner = product(from.dims.slice(axis < 0 ? 1 : axis + 2));
  const had = axis < 0 ? 1 : from.dims[axis + 1], has = axis < 0 ? 1 : to.dims[axis + 1];
  for (let i = 0; i < outer; i++) {
    const start = ((row * outer + i) * had + (isFirst ? 0 : had - length)) * inner;
    target.set(
      source.subarray(start, start + length * inner),
      ((at * outer + i) * has + (isFirst ? 0 : has - length)) * inner,
    );
  }
}

function zeros({ type, dims }: CacheSlot, rows: number, slots: number): Tensor {
  const shape = [rows, ...dims.map((d) => d === "slots" ? slots : d)], size = product(shape);
  return type === "float16" ? halves(new Uint16Array(size), shape) : floats(new Float32Array(size), shape);
}

function product(values: readonly number[]): number {
  return values.reduce((a, b) => a * b, 1);
}
