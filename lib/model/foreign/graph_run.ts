/** One run of a graph that was made elsewhere: its own inputs filled, its logits as floats, its caches as they come. */
import type { GraphLayout, IntInput } from "../../arch/foreign/layout.ts";
import { bool, type Feeds, int32s, int64s, type Session, type Tensor } from "../session.ts";
import { type Group, roomFor, slotsOf } from "./group.ts";

/** A graph whose session is open. */
export interface OpenedGraph {
  session: Session;
  layout: GraphLayout;
}

/** The graphs of a model: of one in two graphs, `first` reads what comes before anything is cached. */
export interface OpenedGraphs extends OpenedGraph {
  first?: OpenedGraph;
}

export interface RunOptions {
  /** Logits of each row's last token alone, where the graph can leave the others out. Default "all". */
  logits?: "all" | "last";
  /** Tokens that any row will have at most: shared buffers get no more room. */
  mostTokens?: number;
}

export interface GraphRun {
  /** Of each row's last tokens: of all that ran, or fewer where the graph gives fewer. [rows, tokens, vocab]. */
  logits: Float32Array;
  dims: [rows: number, tokens: number, vocab: number];
  next: Group;
}

/** Run new tokens of each row behind those that are cached. */
export async function runGraph(
  graphs: OpenedGraphs,
  group: Group,
  ids: number[][],
  { logits = "all", mostTokens }: RunOptions = {},
): Promise<GraphRun> {
  const isCached = graphs.layout.caches.length > 0, hasCached = group.tokens.some((before) => before.length > 0);
  const { session, layout } = graphs.first && !hasCached ? graphs.first : graphs;
  const all = group.tokens.map((before, row) => [...before, ...ids[row]]);
  const run = isCached ? ids : all, rows = run.length, ran = run[0].length;
  const lengths = group.tokens.map((before) => isCached ? before.length : 0);
  const before = graphs.layout.sharesBuffers ? roomFor(graphs.layout, group, ran, mostTokens) : group;
  const feeds: Feeds = { ...(layout === graphs.layout ? before.caches : {}), ...ints(layout.ids, run.flat(), rows) };
  if (layout.mask) Object.assign(feeds, ints(layout.mask, mask(graphs.layout, before, lengths, ran), rows));
  if (layout.positions) {
    const positions = run.flatMap((row, r) => row.map((_, i) => lengths[r] + i));
    Object.assign(feeds, ints(layout.positions, positions, rows));
  }
  if (layout.keep) feeds[layout.keep.name] = keepLast(layout.keep, logits === "last" ? 1 : 0);
  if (layout.useCache) feeds[layout.useCache] = bool(hasCached && isCached, [1]);
  const { caches: slots, sharesBuffers } = graphs.layout, into: Feeds = {};
  if (sharesBuffers) { for (const { past, present } of slots) into[present] = before.caches[past]; }
  const out = await session.run(feeds, [layout.logits.name, ...slots.map((c) => c.present)], into);
  const next: Group = { tokens: all, caches: {} };
  for (const slot of slots) next.caches[slot.past] = sharesBuffers ? before.caches[slot.past] : out[slot.present];
  const given = asFloats(out[layout.logits.name]), vocab = out[layout.logits.name].dims.at(-1)!;
  return { logits: given, dims: [rows, given.length / (rows * vocab), vocab], next };
}

/**
 * 1 for every token so far. Rows of other lengths have what is no token in front of theirs, in one buffer behind: there a
 * row's new tokens stand behind its own.
 */
function mask(layout: GraphLayout, group: Group, lengths: number[], ran: number): number[] {
  if (layout.sharesBuffers) {
    const total = Math.max(...lengths) + ran;
    return lengths.flatMap((length) => Array.from({ length: total }, (_, i) => Number(i < length + ran)));
  }
  const slots = slotsOf(layout, group) ?? Math.max(...lengths);
  return lengths.flatMap((length) => Array.from({ length: slots + ran }, (_, i) => Number(i >= slots - length)));
}

function ints({ name, type }: IntInput, values: number[], rows: number): Feeds {
  const dims = [rows, values.length / rows];
  return { [name]: type === "int64" ? int64s(values, dims) : int32s(values, dims) };
}

function keepLast({ type }: IntInput, count: number): Tensor {
  return type === "int64" ? int64s([count], []) : int32s([count], []);
}

/** Logits as float32. */
function asFloats({ data, type }: Tensor): Float32Array {
  if (type === "float32") return data as Float32Array;
  const { buffer, byteOffset, length } = data as Uint16Array;
  return Float32Array.from(new Float16Array(buffer, byteOffset, length));
}
