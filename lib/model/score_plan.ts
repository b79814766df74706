/**
 * Plans how a trie of sequences is run so that what they share runs once, within a budget of tokens a run and a cap on
 * key-value slots. A subtree that fits the budget is packed whole into one run (a token sees its ancestors only); an
 * edge whose subtree does not fit is run first and cached, and its children are planned behind it.
 *
 * A run of `t` tokens behind a cache of `p` slots needs p + (p + t) of them, since the present holds the past again,
 * besides what is held for steps that come later. The last step of a list needs its prefix no more once its own is
 * made, so it replaces it: the biggest subtree comes last. Where the cap would be exceeded, a shared stretch is given
 * to each of its children instead.
 */
import { planBatches } from "./plan_batches.ts";
import { cutLeaf, type TrieNode, unshare } from "./score_trie.ts";

export type ScoreStep =
  /**
   * Run the node's tokens behind the cached prefix, in runs of at most the budget, and keep their keys and values; then
   * the inner steps; then forget. `last`: nothing else needs the prefix, which is dropped once it is not read.
   */
  | { kind: "prefix"; node: TrieNode; steps: ScoreStep[]; last: boolean }
  /** Run whole subtrees in one packed run behind the cached prefix, or leaves as rows of a batch. */
  | { kind: "pack"; nodes: TrieNode[] };

export interface PlanLimits {
  /** Tokens that one run may hold. */
  budget: number;
  /** Key-value slots that may be held at once. */
  cap: number;
  /** Slots that one run may see, its past included: the model's context, since the position tables are as long. */
  context: number;
  /**
   * For recurrent models, whose states no mask keeps apart: no run has branches then; leaves run as rows of a batch,
   * padded on the right, with so many at most.
   */
  rows?: RowLimits;
}

export interface RowLimits {
  /** Of sequences from their start. */
  atStart: number;
  /** Behind a prefix, whose states are repeated. */
  behind: number;
}

/**
 * Slots in front of branches that have no prefix: one that holds nothing. With an empty cache the attention kernel
 * ignores explicit positions, which is right for one stretch of tokens only.
 */
export const HIDDEN_SLOTS = 1;

/** Whether these nodes, run with no prefix, need the hidden slot. */
export function isBranched(nodes: TrieNode[]): boolean {
  return nodes.length > 1 || nodes[0].children.length > 0;
}

/** Slots that a sequence of so many tokens needs when it is run alone. */
export function slotsAlone(tokens: number, budget: number): number {
  return need(0, 0, tokens, budget);
}

/**
 * Plan the runs of a trie.
 *
 * @returns Steps from an empty cache on; `peakSlots` of them is at most the cap.
 * @throws {RangeError} If a sequence does not fit the cap alone.
 */
export function planSteps(root: TrieNode, limits: PlanLimits): ScoreStep[] {
  const alone = slotsAlone(root.longest, limits.budget);
  if (alone > limits.cap) {
    throw new RangeError(`Cannot plan ${root.longest} tokens: they need ${alone} slots, the cap is ${limits.cap}`);
  }
  return planList(root.children, 0, 0, limits);
}

/** The lengths of the runs of a stretch: all are full but the first, whose cache is then small when it is copied. */
export function runLengths(tokens: number, budget: number): number[] {
  const first = tokens % budget;
  return [...(first ? [first] : []), ...new Array<number>(Math.floor(tokens / budget)).fill(budget)];
}

/** The most slots that the steps hold at once: all caches alive, and past and present of the run. */
export function peakSlots(steps: ScoreStep[], budget: number, prefix = 0, held = 0): number {
  let peak = 0;
  for (const step of steps) {
    if (step.kind === "pack") {
      const size = step.nodes.reduce((sum, node) => sum + node.size, 0);
      const past = prefix || (isBranched(step.nodes) ? HIDDEN_SLOTS : 0);
      peak = Math.max(peak, held + 2 * past + size);
      continue;
    }
    let past = prefix, kept = held; // what is held besides the past of the run
    runLengths(step.node.tokens.length, budget).forEach((length, i) => {
      if (i === 1 && !step.last) kept += prefix;
      peak = Math.max(peak, kept + 2 * past + length);
      past += length;
    });
    peak = Math.max(peak, peakSlots(step.steps, budget, past, step.last ? held : held + prefix));
  }
  return peak;
}

/**
 * Slots for a sequence of `tokens` behind a prefix that stays, with `held` slots besides. All that shares nothing fits
 * if its longest sequence does, so it is never too late to give up sharing.
 */
function need(prefix: number, held: number, tokens: number, budget: number): number {
  return tokens <= budget ? held + 2 * prefix + tokens : held + prefix + 2 * (prefix + tokens) - budget;
}

/** Steps of the nodes behind a prefix; each of their sequences fits there alone. */
function planList(nodes: TrieNode[], prefix: number, held: number, limits: PlanLimits): ScoreStep[] {
  const { budget, cap, context, rows } = limits, past = prefix || HIDDEN_SLOTS;
  const room = Math.min(budget, cap - held - 2 * past, context - past);
  const fits = (node: TrieNode, last: boolean) => {
    const behind = node.longest - node.tokens.length, kept = last ? held : held + prefix;
    return need(prefix + node.tokens.length, kept, behind, budget) <= cap;
  };
  const small: TrieNode[] = [], large: TrieNode[] = [];
  const sort = (node: TrieNode) => {
    if (node.size <= room && !rows) small.push(node);
    else if (node.children.length) large.push(node);
    else if (node.size <= budget) small.push(node); // alone in its run it needs no hidden slot
    else large.push(cutLeaf(node, node.tokens.length - budget));
  };
  nodes.forEach(sort);
  for (;;) {
    large.sort((a, b) => a.size - b.size);
    const bad = large.findIndex((node, i) => !fits(node, i === large.length - 1));
    if (bad < 0) break;
    unshare(large.splice(bad, 1)[0]).forEach(sort);
  }
  const caches = large.map((node, i): ScoreStep => {
    const last = i === large.length - 1;
    const steps = planList(node.children, prefix + node.tokens.length, last ? held : held + prefix, limits);
    return { kind: "prefix", node, steps, last };
  });
  const together = rows ? batches(small, room, prefix ? rows.behind : rows.atStart) : packs(small, room);
  return [...together, ...caches];
}

/** Leaves of like length as rows of a batch. */
function batches(leaves: TrieNode[], room: number, most: number): ScoreStep[] {
  return planBatches(leaves.map((leaf) => leaf.size), room, most)
    .map((rows) => ({ kind: "pack", nodes: rows.map((i) => leaves[i]) }));
}

/** Fill runs in order. */
function packs(nodes: TrieNode[], room: number): ScoreStep[] {
  const steps: ScoreStep[] = [];
  let pack: TrieNode[] = [], packed = 0;
  const flush = () => {
    if (pack.length) steps.push({ kind: "pack", nodes: pack });
    pack = [], packed = 0;
  };
  for (const node of nodes) {
    if (packed + node.size > room) flush();
    pack.push(node);
    packed += node.size;
  }
  flush();
  return steps;
}
