/** Log-likelihoods by the heads that were added to a graph: one number a token comes out, and shared prefixes run once. */
import type { Scores } from "../scores.ts";
import type { ScoreSettings } from "../score_options.ts";
import type { Sequence } from "../score_request.ts";
import { buildTrie, leaf, type TrieNode, unshare } from "../score_trie.ts";
import { type OpenedGraphs, runGraph } from "./graph_run.ts";
import { emptyGroup, type Group } from "./group.ts";

/** Tokens that a run of its own costs besides its own: all weights are read once more, as for about so many tokens. */
const RUN_TOKENS = 16;

export async function scoreWithHeads(
  graph: OpenedGraphs,
  sequences: Sequence[],
  scores: Scores,
  settings: Required<ScoreSettings>,
  afterRun: () => Promise<void>,
): Promise<void> {
  const { layout } = graph;
  // Without caches, a run goes over all tokens.
  const budget = layout.caches.length > 0 ? settings.tokenBudget : Infinity;
  const scorer = new Scorer(graph, sequences, scores, budget, settings.maxCachedTokens, afterRun);
  const empty = emptyGroup(layout, 1);
  const nodes = settings.mode === "tree"
    ? buildTrie(sequences.map(({ tokens }) => tokens)).children
    : sequences.map(({ tokens }, index) => leaf(tokens, [index]));
  for (const node of nodes) await scorer.visit(node, empty, 0);
}

class Scorer {
  constructor(
    readonly graph: OpenedGraphs,
    readonly sequences: Sequence[],
    readonly scores: Scores,
    /** Tokens of one run. */
    readonly budget: number,
    /** Tokens that caches may hold, those of the run included. */
    readonly cap: number,
    readonly afterRun: () => Promise<void>,
  ) {}

  /** @param held Tokens in caches that are still needed, those of `past` included. */
  async visit(node: TrieNode, past: Group, held: number): Promise<void> {
    if (!this.scores.isOpen(node.through)) return;
    const parts = node.children.length + (endsHere(node) ? 1 : 0), own = past.tokens[0].length + node.tokens.length;
    const saved = (parts - 1) * node.tokens.length;
    if (
      node.children.length > 0 && (saved < RUN_TOKENS || held + own + past.tokens[0].length + node.longest > this.cap)
    ) {
      for (const copy of unshare(node)) await this.visit(copy, past, held);
      return;
    }
    let group = past;
    for (let at = 0; at < node.tokens.length; at += this.budget) {
      const tokens = node.tokens.slice(at, at + this.budget);
      const isLast = at + tokens.length === node.tokens.length && node.children.length === 0;
      group = await this.#run(tokens, group, node.through, !isLast);
    }
    for (const child of node.children) await this.visit(child, group, held + own);
  }

  async #run(tokens: number[], past: Group, through: number[], keepCaches: boolean): Promise<Group> {
    const start = past.tokens[0].length;
    const rowOf = new Map<number, number>(), asked: { index: number; row: number; id: number }[] = [];
    for (const index of through) {
      const { tokens: all, targets } = this.sequences[index], first = all.length - targets.length;
      for (let at = Math.max(first, start); at < Math.min(all.length, start + tokens.length); at++) {
        if (!rowOf.has(at)) rowOf.set(at, rowOf.size);
        asked.push({ index, row: rowOf.get(at)!, id: targets[at - first] });
      }
    }
    // A graph without caches runs those before again.
    const before = this.graph.layout.caches.length > 0 ? start : 0;
    const { scored, next } = await runGraph(this.graph, past, [tokens], {
      keepCaches,
      ...(asked.length > 0
        ? {
          scored: { rows: [...rowOf.keys()].map((at) => at - before), targets: asked.map(({ row, id }) => [row, id]) },
        }
        : { logits: "none" }),
    });
    asked.forEach(({ index, row, id }, i) => {
      this.scores.add(index, scored!.logprobs[i], Number(scored!.best[row]) === id);
    });
    await this.afterRun();
    return next;
  }
}

function endsHere({ through, children }: TrieNode): boolean {
  return through.length > children.reduce((sum, child) => sum + child.through.length, 0);
}
