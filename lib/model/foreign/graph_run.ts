/** One run of a graph that was made elsewhere: its own inputs filled, its logits as floats, its caches as they come. */
import type { GraphLayout, IntInput } from "../../arch/foreign/layout.ts";
import { bool, type Feeds, floats, halves, int32s, int64s, type Session, type Tensor } from "../session.ts";

/** Sequences of one length that run together, and what is cached of them. */
export interface Group {
  /** Tokens before the next run, [rows][tokens]; a graph without caches runs them again. */
  tokens: number[][];
  /** The graph's own caches; {} before the first run of a graph without. */
  caches: Feeds;
}

export interface GraphRun {
  /** Of every token that ran, [rows, tokens, vocab]. */
  logits: Float32Array;
  /** Tokens of each row that ran; a graph without caches has run those before as well. */
  ran: number;
  next: Group;
}

export function emptyGroup(layout: GraphLayout, rows: number): Group {
  const caches: Feeds = {};
  for (const { past, type, dims } of layout.caches) {
    const shape = [rows, ...dims.map((d) => d === "slots" ? 0 : d)], size = shape.reduce((a, b) => a * b, 1);
    caches[past] = type === "float16" ? halves(new Uint16Array(size), shape) : floats(new Float32Array(size), shape);
  }
  return { tokens: Array.from({ length: rows }, () => []), caches };
}

/** Run new tokens of each row behind those that are cached. */
export async function runGraph(
  session: Session,
  layout: GraphLayout,
  { tokens, caches }: Group,
  ids: number[][],
): Promise<GraphRun> {
  const cached = layout.caches.length > 0, all = tokens.map((before, row) => [...before, ...ids[row]]);
  const run = cached ? ids : all, past = cached ? tokens[0].length : 0;
  const rows = run.length, ran = run[0].length, total = past + ran;
  const feeds: Feeds = { ...caches, ...ints(layout.ids, run.flat(), [rows, ran]) };
  if (layout.mask) Object.assign(feeds, ints(layout.mask, new Array(rows * total).fill(1), [rows, total]));
  if (layout.positions) {
    const positions = run.flatMap((row) => row.map((_, i) => past + i));
    Object.assign(feeds, ints(layout.positions, positions, [rows, ran]));
  }
  if (layout.keep) feeds[layout.keep.name] = keepAll(layout.keep);
  if (layout.useCache) feeds[layout.useCache] = bool(past > 0, [1]);
  const out = await session.run(feeds, [layout.logits.name, ...layout.caches.map((c) => c.present)]);
  const next: Group = { tokens: all, caches: {} };
  for (const slot of layout.caches) next.caches[slot.past] = out[slot.present];
  return { logits: asFloats(out[layout.logits.name]), ran, next };
}

/** Some rows of a group as one of their own. */
export function rowOf(group: Group, row: number): Group {
  if (group.tokens.length === 1) return group;
  const caches: Feeds = {};
  for (const [name, { data, dims }] of Object.entries(group.caches)) {
    const values = data as Float32Array | Uint16Array, size = values.length / dims[0], shape = [1, ...dims.slice(1)];
    const part = values.slice(row * size, (row + 1) * size);
    caches[name] = part instanceof Float32Array ? floats(part, shape) : halves(part as Uint16Array, shape);
  }
  return { tokens: [group.tokens[row]], caches };
}

function ints({ name, type }: IntInput, values: number[], dims: number[]): Feeds {
  return { [name]: type === "int64" ? int64s(values, dims) : int32s(values, dims) };
}

function keepAll({ type }: IntInput) {
  return type === "int64" ? int64s([0], []) : int32s([0], []);
}

/** Logits as float32. */
function asFloats({ data, type }: Tensor): Float32Array {
  if (type === "float32") return data as Float32Array;
  const { buffer, byteOffset, length } = data as Uint16Array;
  return Float32Array.from(new Float16Array(buffer, byteOffset, length));
}
