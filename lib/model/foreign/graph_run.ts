/** One run of a graph that was made elsewhere: its own inputs filled, its logits as floats, its caches as they come. */
import type { GraphLayout, IntInput } from "../../arch/foreign/layout.ts";
import { bool, type Feeds, int32s, int64s, type Session, type Tensor } from "../session.ts";
import { type Group, roomFor, slotsOf } from "./group.ts";

/** A graph whose session is open. */
export interface OpenedGraph {
  session: Session;
  layout: GraphLayout;
  /** Whether its heads work on the rows that they are asked for (lib/arch/foreign/heads_graph.ts). */
  hasHeads?: boolean;
}

/** The graphs of a model: of one in two graphs, `first` reads what comes before anything is cached. */
export interface OpenedGraphs extends OpenedGraph {
  first?: OpenedGraph;
}

export interface RunOptions {
  /**
   * "last": those of each row's last token are enough, where the graph can leave the others out; "none": they are left in
   * the runtime. Default "all".
   */
  logits?: "all" | "last" | "none";
  /** Tokens that any row will have at most: shared buffers get no more room. */
  mostTokens?: number;
  /** Whether another run follows behind these tokens. Default true. */
  keepCaches?: boolean;
  /** Of heads, instead of logits: rows of batch x tokens, and pairs of an index into them and a token. */
  scored?: { rows: number[]; targets: [row: number, id: number][] };
}

/** ln p of each target, and the most probable token of each row. */
export interface Scored {
  logprobs: Float32Array;
  best: BigInt64Array;
}

export interface GraphRun {
  /** Of each row's last tokens: of all that ran, or fewer where the graph gives fewer. [rows, tokens, vocab]. */
  logits: Float32Array;
  dims: [rows: number, tokens: number, vocab: number];
  scored: Scored | null;
  next: Group;
}

/** Run new tokens of each row behind those that are cached. */
export async function runGraph(
  graphs: OpenedGraphs,
  group: Group,
  ids: number[][],
  { logits = "all", mostTokens, keepCaches = true, scored }: RunOptions = {},
): Promise<GraphRun> {
  const isCached = graphs.layout.caches.length > 0, hasCached = group.tokens.some((before) => before.length > 0);
  const { session, layout } = graphs.first && !hasCached ? graphs.first : graphs;
  const all = group.tokens.map((before, row) => [...before, ...ids[row]]);
  const run = isCached ? ids : all, rows = run.length, ran = run[0].length;
  const lengths = group.tokens.map((before) => isCached ? before.length : 0);
  const before = graphs.layout.sharesBuffers ? roomFor(graphs.layout, group, ran, mostTokens) : group;
  const feeds: Feeds = { ...(layout === graphs.layout ? before.caches : {}), ...ints(layout.ids, run.flat(), rows) };
  if (layout.mask) feeds[layout.mask.name] = mask(layout.mask, graphs.layout, before, lengths, ran);
  if (layout.positions) {
    const positions = run.flatMap((row, r) => row.map((_, i) => lengths[r] + i));
    Object.assign(feeds, ints(layout.positions, positions, rows));
  }
  if (layout.keep) feeds[layout.keep.name] = keepLast(layout.keep, logits === "all" || graphs.hasHeads ? 0 : 1);
  if (layout.useCache) feeds[layout.useCache] = bool(hasCached && isCached, [1]);
  const { caches: slots, sharesBuffers } = graphs.layout, into: Feeds = {};
  if (sharesBuffers) { for (const { past, present } of slots) into[present] = before.caches[past]; }
  if (graphs.hasHeads) Object.assign(feeds, headFeeds(rows, ran, logits, scored));
  const answers = scored ? ["target_logprobs", "argmax"] : logits === "none" ? [] : [layout.logits.name];
  const fetched = [...answers, ...(keepCaches || sharesBuffers ? slots.map((c) => c.present) : [])];
  const out: Partial<Record<string, Tensor>> = await session.run(feeds, fetched, into);
  const next: Group = { tokens: all, caches: {} };
  for (const slot of keepCaches ? slots : []) {
    next.caches[slot.past] = sharesBuffers ? before.caches[slot.past] : out[slot.present]!;
  }
  const given = out[layout.logits.name];
  if (!given) return { logits: new Float32Array(), dims: [rows, 0, 0], scored: scored ? scoredOf(out) : null, next };
  const vocab = given.dims.at(-1)!;
  return { logits: asFloats(given), dims: [rows, given.size / (rows * vocab), vocab], scored: null, next };
}

/** Some kernels take no product of no rows, so there is always one. */
function headFeeds(rows: number, ran: number, logits: RunOptions["logits"], scored: RunOptions["scored"]): Feeds {
  const wanted = scored?.rows ??
    (logits === "all"
      ? Array.from({ length: rows * ran }, (_, row) => row)
      : Array.from({ length: rows }, (_, row) => (row + 1) * ran - 1));
  const targets = scored?.targets ?? [];
  return { rows: int64s(wanted, [wanted.length]), targets: int64s(targets.flat(), [targets.length, 2]) };
}

function scoredOf({ target_logprobs, argmax }: Partial<Record<string, Tensor>>): Scored {
  return { logprobs: target_logprobs!.data as Float32Array, best: argmax!.data as BigInt64Array };
}

/**
 * 1 for every token so far. Rows of other lengths have what is no token in front of theirs, in one buffer behind: there a
 * row's new tokens stand behind its own.
 */
function mask({ type }: IntInput, layout: GraphLayout, group: Group, lengths: number[], ran: number): Tensor {
  const longest = Math.max(...lengths), slots = layout.sharesBuffers ? longest : slotsOf(layout, group) ?? longest;
  const width = slots + ran, dims = [lengths.length, width];
  const ones = lengths.map((length, row) => {
    const from = row * width + (layout.sharesBuffers ? 0 : slots - length);
    return [from, from + length + ran] as const;
  });
  // One number for each token so far, in every step: made without a list of numbers.
  if (type === "int32") {
    const values = new Int32Array(lengths.length * width);
    for (const [from, to] of ones) values.fill(1, from, to);
    return int32s(values, dims);
  }
  const values = new BigInt64Array(lengths.length * width);
  for (const [from, to] of ones) values.fill(1n, from, to);
  return int64s(values, dims);
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
