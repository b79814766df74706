/**
 * Tree scoring: what sequences share runs once, and branches are packed into one run under an attention bias. A recurrent
 * state cannot be masked: there the branches of a prefix run one by one behind its states, or as rows of a batch.
 */
import type { Visible } from "../arch/blocks/block.ts";
import { isRecurrent } from "../arch/states.ts";
import { HIDDEN } from "../arch/nodes.ts";
import type { ArchSpec } from "../arch/spec.ts";
import { biasKinds, biasName, hasAlibi } from "../arch/visible.ts";
import { kvBytesPerToken, recurrentStateBytes } from "../cost/bytes.ts";
import { carryCaches, dropCaches, emptyCaches } from "./caches.ts";
import type { GraphSessions } from "./graph_sessions.ts";
import { batchFeeds } from "./score_batch.ts";
import { HeadRows } from "./score_head.ts";
import { HIDDEN_SLOTS, isBranched, planSteps, type RowLimits, runLengths, type ScoreStep } from "./score_plan.ts";
import type { Sequence } from "./score_request.ts";
import type { Scores } from "./scores.ts";
import { buildTrie, type TrieNode } from "./score_trie.ts";
import { type Feeds, floats, int32s, int64s } from "./session.ts";

/** Score all sequences that are not finished yet; `afterRun` is called after every run. */
export async function scoreTree(
  graphs: GraphSessions,
  sequences: Sequence[],
  scores: Scores,
  { tokenBudget, maxCachedTokens }: { tokenBudget: number; maxCachedTokens: number },
  afterRun: () => Promise<void>,
): Promise<void> {
  const { contextLength: context } = graphs.spec;
  const limits = { budget: tokenBudget, cap: maxCachedTokens, context, rows: rowLimits(graphs.spec) };
  const run = async (feeds: Feeds, blocks: Block[], keep: boolean): Promise<Feeds> => {
    const out = await headRows(sequences, blocks).run(graphs, feeds, scores, keep);
    await afterRun();
    return keep ? carryCaches(graphs, out) : {};
  };
  /** The cache of a stretch behind a prefix, made in runs of at most the budget. */
  const extend = async (prefix: Prefix, node: TrieNode, dropPrefix: boolean): Promise<Prefix> => {
    let past = prefix, at = 0;
    for (const length of runLengths(node.tokens.length, tokenBudget)) {
      const tokens = node.tokens.slice(at, at += length);
      const blocks = [block({ ...node, tokens }, past, 0, [])];
      const caches = await run(feedsOf(graphs, past, blocks), blocks, true);
      if (past !== prefix || dropPrefix) dropCaches(past.caches);
      past = { slots: past.slots + length, hidden: 0, caches };
    }
    return past;
  };
  const runTree = async (nodes: TrieNode[], prefix: Prefix): Promise<void> => {
    const past = prefix.slots || !isBranched(nodes) ? prefix : hiddenSlot(graphs), blocks = layOut(nodes, past);
    await run(feedsOf(graphs, past, blocks), blocks, false);
    if (past !== prefix) dropCaches(past.caches);
  };
  const runRows = async (leaves: TrieNode[], prefix: Prefix): Promise<void> => {
    const rows = leaves.map((leaf) => leaf.tokens), width = Math.max(...rows.map((r) => r.length));
    const feeds = batchFeeds(graphs, rows, prefix.slots ? prefix : undefined);
    await run(feeds, leaves.map((leaf, i) => block(leaf, prefix, i * width, [])), false);
  };
  const follow = async (steps: ScoreStep[], prefix: Prefix): Promise<void> => {
    for (const step of steps) {
      const nodes = step.kind === "pack" ? step.nodes : [step.node];
      if (!nodes.some((node) => scores.isOpen(node.through))) continue;
      if (step.kind === "pack") {
        if (limits.rows && nodes.length > 1) await runRows(nodes, prefix);
        else await runTree(nodes, prefix);
        continue;
      }
      const inner = await extend(prefix, step.node, step.last);
      await follow(step.steps, inner);
      dropCaches(inner.caches); // again where its last step has dropped it: that does nothing
    }
  };
  const trie = buildTrie(sequences.map((s) => s.tokens));
  await follow(planSteps(trie, limits), noPrefix(graphs));
}

/** Bytes of the states of a batch's rows. */
const ROW_STATE_BYTES = 2 ** 28;

/**
 * How many leaves run side by side. The attention kernel takes no batch of several tokens behind a past. Four leaves of
 * a 10 M gated DeltaNet behind 20 tokens take 1.5 times as long one by one with 2 to 4 tokens each, as long with 20.
 */
function rowLimits(spec: ArchSpec): RowLimits | undefined {
  if (!isRecurrent(spec)) return undefined;
  const atStart = Math.max(1, Math.floor(ROW_STATE_BYTES / recurrentStateBytes(spec)));
  return { atStart, behind: kvBytesPerToken(spec) > 0 ? 1 : atStart };
}

/** A stretch of one sequence, behind the caches of what came before it: by default from its start. */
export function sequenceFeeds(
  graphs: GraphSessions,
  tokens: number[],
  { slots, caches }: Pick<Prefix, "slots" | "caches"> = noPrefix(graphs),
): Feeds {
  const prefix = { slots, hidden: 0, caches };
  return feedsOf(graphs, prefix, [block({ tokens, through: [] }, prefix, 0, [])]);
}

/** What is cached in front of a run; the first `hidden` of the `slots` hold nothing. */
interface Prefix {
  slots: number;
  hidden: number;
  caches: Feeds;
}

function noPrefix(graphs: GraphSessions): Prefix {
  return { slots: 0, hidden: 0, caches: emptyCaches(graphs, 1) };
}

/** A slot of zeros that the bias hides from every token. */
function hiddenSlot(graphs: GraphSessions): Prefix {
  return { slots: HIDDEN_SLOTS, hidden: HIDDEN_SLOTS, caches: emptyCaches(graphs, 1, HIDDEN_SLOTS) };
}

/** A node's place in a packed run. */
interface Block {
  tokens: number[];
  /** Sequences that run through, by index. */
  through: number[];
  /** First row of the run. */
  row: number;
  /** Position of the first token in its sequence. */
  position: number;
  /** The blocks between the prefix and this one. */
  ancestors: Block[];
}

function block(
  { tokens, through }: Pick<TrieNode, "tokens" | "through">,
  prefix: Prefix,
  row: number,
  ancestors: Block[],
): Block {
  const before = ancestors.reduce((n, a) => n + a.tokens.length, 0);
  return { tokens, through, row, position: prefix.slots - prefix.hidden + before, ancestors };
}

/** Subtrees one after the other, every node before its children. */
function layOut(nodes: TrieNode[], prefix: Prefix): Block[] {
  const blocks: Block[] = [];
  let row = 0;
  const visit = (node: TrieNode, ancestors: Block[]) => {
    const placed = block(node, prefix, row, ancestors);
    blocks.push(placed);
    row += node.tokens.length;
    for (const child of node.children) visit(child, [...ancestors, placed]);
  };
  for (const node of nodes) visit(node, []);
  return blocks;
}

/** Every row with the targets of the sequences that run through it. */
function headRows(sequences: Sequence[], blocks: Block[]): HeadRows {
  const head = new HeadRows();
  for (const { tokens, through, row, position } of blocks) {
    for (let i = 0; i < tokens.length; i++) {
      const byToken = new Map<number, number[]>();
      for (const index of through) {
        const { tokens, targets } = sequences[index];
        const target = targets[position + i - (tokens.length - targets.length)];
        if (target === undefined) continue;
        const known = byToken.get(target);
        if (known) known.push(index);
        else byToken.set(target, [index]);
      }
      head.ask(row + i, byToken);
    }
  }
  return head;
}

/** Ids, positions, bias and caches of a packed run. */
function feedsOf(graphs: GraphSessions, prefix: Prefix, blocks: Block[]): Feeds {
  const ids = blocks.flatMap((b) => b.tokens);
  const positions = blocks.flatMap((b) => b.tokens.map((_, i) => b.position + i));
  const total = prefix.slots + ids.length;
  const feeds: Feeds = {
    ...prefix.caches,
    ids: int64s(ids, [1, ids.length]),
    positions: int64s(positions, [1, ids.length]),
    seqlens: int32s([total - 1], [1]),
    total_length: int32s([total], []),
  };
  for (const visible of biasKinds(graphs.spec)) {
    const bias = visibleBias(prefix, blocks, ids.length, total, visible);
    feeds[biasName(visible)] = floats(bias, [1, 1, ids.length, total]);
  }
  if (hasAlibi(graphs.spec)) {
    const cached = Array.from({ length: prefix.slots }, (_, slot) => Math.max(0, slot - prefix.hidden));
    feeds.key_positions = int64s([...cached, ...positions], [1, total]);
  }
  return feeds;
}

/** 0 where a row may look, the lowest float elsewhere: the prefix, its ancestors, its own block up to itself. */
function visibleBias(prefix: Prefix, blocks: Block[], rows: number, total: number, visible: Visible): Float32Array {
  const { window = Infinity, sinks = 0 } = visible;
  const bias = new Float32Array(rows * total).fill(HIDDEN);
  for (const { tokens, row, position, ancestors } of blocks) {
    for (let i = 0; i < tokens.length; i++) {
      const line = (row + i) * total, first = Math.max(0, position + i - window + 1);
      /** Show the slots from `start` on, of tokens at `at` and after: those in the window, and the sinks. */
      const show = (start: number, at: number, length: number) => {
        bias.fill(0, line + start, line + start + clamp(sinks - at, length));
        bias.fill(0, line + start + clamp(first - at, length), line + start + length);
      };
      show(prefix.hidden, 0, prefix.slots - prefix.hidden);
      for (const a of ancestors) show(prefix.slots + a.row, a.position, a.tokens.length);
      show(prefix.slots + row, position, i + 1);
    }
  }
  return bias;
}

function clamp(count: number, most: number): number {
  return Math.min(Math.max(0, count), most);
}
