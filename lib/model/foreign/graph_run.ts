/** One run of a graph that was made elsewhere: its own inputs filled, its logits as floats, its caches as they come. */
import type { GraphLayout, IntInput } from "../../arch/foreign/layout.ts";
import { bool, type Feeds, floats, halves, int32s, int64s, type Session, type Tensor } from "../session.ts";

/** Sequences of one length that run together, and what is cached of them. */
export interface Group {
  /** Tokens before the next run, [rows][tokens]; a graph without caches runs them again. */
  tokens: number[][];
  /** In the order of the layout's slots; they fit the graph in every form. */
  caches: Tensor[];
}

export interface GraphRun {
  /** Of every token that ran, [rows, tokens, vocab]. */
  logits: Float32Array;
  /** Tokens of each row that ran; a graph without caches has run those before as well. */
  ran: number;
  next: Group;
}

export function emptyGroup(layout: GraphLayout, rows: number): Group {
  const caches = layout.caches.map(({ type, dims }) => {
    const shape = [rows, ...dims.map((d) => d === "slots" ? 0 : d)], size = shape.reduce((a, b) => a * b, 1);
    return type === "float16" ? halves(new Uint16Array(size), shape) : floats(new Float32Array(size), shape);
  });
  return { tokens: Array.from({ length: rows }, () => []), caches };
}

/** What heads are asked for: rows of batch x tokens, and pairs of an index into them and a token. */
export interface Wanted {
  rows: number[];
  targets?: [row: number, id: number][];
  /** Whether another run follows behind these tokens. Default true. */
  keepCaches?: boolean;
}

/** Run new tokens of each row behind those that are cached: the logits of all of them, by the graph's own head. */
export async function runGraph(
  session: Session,
  layout: GraphLayout,
  group: Group,
  ids: number[][],
): Promise<GraphRun> {
  const { feeds, all, ran } = feedsOf(layout, group, ids);
  const out = await session.run(feeds, [layout.logits.name, ...layout.caches.map((c) => c.present)]);
  return { logits: asFloats(out[layout.logits.name]), ran, next: nextGroup(layout, all, out) };
}

/** The same by the heads of `headsGraph`. Without caches, rows count from the first token of all. */
export async function runHeads(
  session: Session,
  layout: GraphLayout,
  group: Group,
  ids: number[][],
  { rows, targets = [], keepCaches = true }: Wanted,
  fetches: readonly ("logits" | "target_logprobs" | "argmax")[],
): Promise<{ out: Record<string, Tensor>; next: Group }> {
  const { feeds, all } = feedsOf(layout, group, ids);
  feeds.rows = int64s(rows, [rows.length]);
  feeds.targets = int64s(targets.flat(), [targets.length, 2]);
  const presents = keepCaches ? layout.caches.map((c) => c.present) : [];
  const out = await session.run(feeds, [...fetches, ...presents]);
  return { out, next: nextGroup(layout, all, out) };
}

function feedsOf(layout: GraphLayout, { tokens, caches }: Group, ids: number[][]) {
  const cached = layout.caches.length > 0, all = tokens.map((before, row) => [...before, ...ids[row]]);
  const run = cached ? ids : all, past = cached ? tokens[0].length : 0;
  const rows = run.length, ran = run[0].length, total = past + ran;
  const feeds: Feeds = { ...cacheFeeds(layout, caches), ...ints(layout.ids, run.flat(), [rows, ran]) };
  if (layout.mask) Object.assign(feeds, ints(layout.mask, new Array(rows * total).fill(1), [rows, total]));
  if (layout.positions) {
    const positions = run.flatMap((row) => row.map((_, i) => past + i));
    Object.assign(feeds, ints(layout.positions, positions, [rows, ran]));
  }
  if (layout.keep) feeds[layout.keep.name] = keepAll(layout.keep);
  if (layout.useCache) feeds[layout.useCache] = bool(past > 0, [1]);
  return { feeds, all, ran };
}

export function cacheFeeds(layout: GraphLayout, caches: Tensor[]): Feeds {
  return Object.fromEntries(layout.caches.map(({ past }, i) => [past, caches[i]]));
}

function nextGroup(layout: GraphLayout, tokens: number[][], out: Record<string, Tensor>): Group {
  return { tokens, caches: layout.caches.map(({ present }) => out[present]) };
}

/** Some rows of a group as one of their own. */
export function rowOf(group: Group, row: number): Group {
  if (group.tokens.length === 1) return group;
  const caches = group.caches.map(({ data, dims }) => {
    const values = data as Float32Array | Uint16Array, size = values.length / dims[0], shape = [1, ...dims.slice(1)];
    const part = values.slice(row * size, (row + 1) * size);
    return part instanceof Float32Array ? floats(part, shape) : halves(part as Uint16Array, shape);
  });
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
