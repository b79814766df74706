/**
 * Plans how a list of sequences is run so that what they share runs once. The sequences form a trie over token ids.
 * A subtree that fits the token budget is packed whole into one run (a token sees its ancestors only); an edge whose
 * subtree does not fit is run first and cached, and its children are planned behind it.
 */

/** A stretch of tokens with the same descendants. */
export interface TrieNode {
  /** Tokens from the parent on. */
  tokens: number[];
  children: TrieNode[];
  /** Sequences that run through here, by index: those that end here or deeper. */
  through: number[];
  /** How many sequences end here. */
  ends: number;
  /** Tokens of this node and all below. */
  size: number;
}

export type ScoreStep =
  /** Run these tokens behind the cached prefix and keep their keys and values; then the inner steps; then forget. */
  | { kind: "prefix"; node: TrieNode; steps: ScoreStep[] }
  /** Run whole subtrees in one packed run behind the cached prefix. */
  | { kind: "pack"; nodes: TrieNode[] };

/**
 * Build the trie of non-empty sequences.
 *
 * @param longest Stretches longer than this are cut into a chain, so that no run has more rows.
 */
export function buildTrie(sequences: number[][], longest = Infinity): TrieNode {
  const root: TrieNode = { tokens: [], children: [], through: [], ends: 0, size: 0 };
  sequences.forEach((sequence, index) => insert(root, sequence, index));
  cutLong(root, longest);
  measure(root);
  return root;
}

/**
 * Plan the runs of a trie.
 *
 * @param budget Tokens that one packed run may hold; `buildTrie` with this `longest` makes every stretch fit.
 */
export function planSteps(root: TrieNode, budget: number): ScoreStep[] {
  const steps: ScoreStep[] = [];
  let pack: TrieNode[] = [], packed = 0;
  const flush = () => {
    if (pack.length) steps.push({ kind: "pack", nodes: pack });
    pack = [], packed = 0;
  };
  for (const node of root.children) {
    if (node.size > budget && node.children.length > 0) {
      steps.push({ kind: "prefix", node, steps: planSteps(node, budget) });
      continue;
    }
    if (packed + node.size > budget) flush();
    pack.push(node);
    packed += node.size;
  }
  flush();
  return steps;
}

function insert(root: TrieNode, sequence: number[], index: number): void {
  let node = root, at = 0;
  for (;;) {
    node.through.push(index);
    if (at === sequence.length) {
      node.ends++;
      return;
    }
    const child = node.children.find((c) => c.tokens[0] === sequence[at]);
    if (!child) {
      node.children.push({ tokens: sequence.slice(at), children: [], through: [index], ends: 1, size: 0 });
      return;
    }
    let same = 0;
    while (same < child.tokens.length && child.tokens[same] === sequence[at + same]) same++;
    if (same < child.tokens.length) split(child, same);
    node = child;
    at += same;
  }
}

/** Cut a node in two: it keeps the first `length` tokens, a new child gets the rest. */
function split(node: TrieNode, length: number): void {
  const rest = { ...node, tokens: node.tokens.slice(length), through: [...node.through] };
  node.tokens = node.tokens.slice(0, length);
  node.children = [rest];
  node.ends = 0;
}

function cutLong(node: TrieNode, longest: number): void {
  if (node.tokens.length > longest) split(node, longest);
  for (const child of node.children) cutLong(child, longest);
}

function measure(node: TrieNode): number {
  node.size = node.children.reduce((sum, child) => sum + measure(child), node.tokens.length);
  return node.size;
}
