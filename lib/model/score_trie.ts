/** The trie of token sequences: what they share stands once. */

/** A stretch of tokens with the same descendants. */
export interface TrieNode {
  /** Tokens from the parent on. */
  tokens: number[];
  children: TrieNode[];
  /** Sequences that run through here, by index: those that end here or deeper. */
  through: number[];
  /** Tokens of this node and all below. */
  size: number;
  /** Tokens of the longest sequence from this node's start on. */
  longest: number;
}

/** Build the trie of non-empty sequences. Equal ones end in the same node. */
export function buildTrie(sequences: number[][]): TrieNode {
  const root = leaf([], []);
  sequences.forEach((sequence, index) => insert(root, sequence, index));
  measure(root);
  return root;
}

/** A node without children, where these sequences end. */
export function leaf(tokens: number[], through: number[]): TrieNode {
  return { tokens, children: [], through, size: tokens.length, longest: tokens.length };
}

/** Cut a leaf in two: the first `length` tokens, and a new leaf with the rest as their child. */
export function cutLeaf(node: TrieNode, length: number): TrieNode {
  const rest = leaf(node.tokens.slice(length), node.through);
  return { ...node, tokens: node.tokens.slice(0, length), children: [rest] };
}

/** Give up a shared stretch: every child gets a copy of its tokens, so does what ends in it. */
export function unshare(node: TrieNode): TrieNode[] {
  const { tokens, children } = node;
  const deeper = new Set(children.flatMap((c) => c.through));
  const here = node.through.filter((index) => !deeper.has(index));
  const copies = children.map((child) => ({
    ...child,
    tokens: [...tokens, ...child.tokens],
    size: child.size + tokens.length,
    longest: child.longest + tokens.length,
  }));
  return here.length ? [leaf(tokens, here), ...copies] : copies;
}

function insert(root: TrieNode, sequence: number[], index: number): void {
  let node = root, at = 0;
  for (;;) {
    node.through.push(index);
    if (at === sequence.length) return;
    const child = node.children.find((c) => c.tokens[0] === sequence[at]);
    if (!child) {
      node.children.push(leaf(sequence.slice(at), [index]));
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
}

function measure(node: TrieNode): void {
  node.children.forEach(measure);
  node.size = node.children.reduce((sum, child) => sum + child.size, node.tokens.length);
  node.longest = node.children.reduce((max, child) => Math.max(max, child.longest), 0) + node.tokens.length;
}
