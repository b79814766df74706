/** Log-likelihoods with the score graph: lm-eval's tokenisation at the join, and runs that share prefixes. */
import { cacheName, forEachCache } from "../arch/decoder_nodes.ts";
import { biasName, biasWindows } from "../arch/score_graph.ts";
import type { LanguageModel } from "./language_model.ts";
import type { ScoreRequest, ScoreResult } from "./protocol.ts";
import { buildTrie, planSteps, type ScoreStep, type TrieNode } from "./score_plan.ts";
import { type Feeds, floats, int32s, int64s } from "./session.ts";
import { encodePrompt } from "./tokenizer.ts";

/**
 * Tokens of a packed run. Matrix products are near their peak from about 256 rows on, while the masked attention
 * between branches grows with the square.
 */
const TOKEN_BUDGET = 384;
/** What the mask adds where a token must not look: the lowest float, as transformers does. */
const HIDDEN = -3.4028234663852886e38;

/** A request as token ids: `tokens` run, the last `targets.length` rows are scored. */
interface Sequence {
  tokens: number[];
  targets: number[];
}

/** @internal Use `LanguageModel.score`. */
export async function scoreRequests(
  model: LanguageModel,
  requests: ScoreRequest[],
  options: { onProgress?: (done: number) => void },
): Promise<ScoreResult[]> {
  const sequences = requests.map((request, i) => toSequence(model, request, i));
  const results = sequences.map((s): ScoreResult => ({ logLikelihood: 0, isGreedy: true, tokens: s.targets.length }));
  const steps = planSteps(buildTrie(sequences.map((s) => s.tokens), TOKEN_BUDGET), TOKEN_BUDGET);
  let done = 0;
  const run = async (steps: ScoreStep[], prefix: Prefix): Promise<void> => {
    for (const step of steps) {
      const keep = step.kind === "prefix";
      const blocks = keep ? [block(step.node, prefix, 0, [])] : layOut(step.nodes, prefix);
      const caches = await runBlocks(model, sequences, results, prefix, blocks, keep);
      done += blocks.reduce((n, b) => n + b.node.ends, 0);
      options.onProgress?.(done);
      if (keep) await run(step.steps, { slots: prefix.slots + step.node.tokens.length, caches });
    }
  };
  await run(steps, rootPrefix(model));
  return results;
}

/** @internal Use `LanguageModel.logits`. */
export async function allLogits(model: LanguageModel, ids: number[]) {
  const prefix = rootPrefix(model);
  const [root] = buildTrie([ids]).children;
  const feeds = feedsOf(model, prefix, [block(root, prefix, 0, [])]);
  const { logits } = await (await model.session("score")).run({
    ...feeds,
    rows: int64s(ids.map((_, i) => i), [ids.length]),
    targets: int64s([0, 0], [1, 2]),
  }, ["logits"]);
  return { data: logits.data as Float32Array, dims: [ids.length, model.info.vocabSize] as [number, number] };
}

/**
 * One forward pass of a batch with the head on every row, for timing.
 *
 * @param prompts Token ids, [batch][tokens], of one length.
 * @returns The argmax of every row, [batch * tokens].
 */
export async function forwardAllLogits(model: LanguageModel, prompts: number[][]): Promise<number[]> {
  const batch = prompts.length, tokens = prompts[0].length;
  const [root] = buildTrie([prompts[0]]).children;
  const empty: Prefix = { slots: 0, caches: model.emptyCaches(batch) };
  const feeds = feedsOf(model, empty, [{ node: root, row: 0, position: 0, ancestors: [] }]);
  const { argmax } = await (await model.session("score")).run({
    ...feeds,
    ids: int64s(prompts.flat(), [batch, tokens]),
    positions: int64s(prompts.flatMap((p) => p.map((_, i) => i)), [batch, tokens]),
    seqlens: int32s(new Array(batch).fill(tokens - 1), [batch]),
    rows: int64s(Array.from({ length: batch * tokens }, (_, i) => i), [batch * tokens]),
    targets: int64s([0, 0], [1, 2]),
  }, ["argmax"]);
  return Array.from(argmax.data as BigInt64Array, Number);
}

/** What is cached in front of a run; the first of the `slots` holds nothing. */
interface Prefix {
  slots: number;
  caches: Feeds;
}

/**
 * With an empty cache the attention kernel ignores explicit positions, so the root prefix is one slot of zeros that
 * the bias hides from every token.
 */
function rootPrefix(model: LanguageModel): Prefix {
  const caches: Feeds = {};
  forEachCache(model.spec, (layer, kind, kvHeads, headDim) => {
    caches[cacheName("past", layer, kind)] = floats(new Float32Array(kvHeads * headDim), [1, kvHeads, 1, headDim]);
  });
  return { slots: 1, caches };
}

/** A node's place in a packed run. */
interface Block {
  node: TrieNode;
  /** First row of the run. */
  row: number;
  /** Position of the first token in its sequence. */
  position: number;
  /** The blocks between the prefix and this one. */
  ancestors: Block[];
}

function block(node: TrieNode, prefix: Prefix, row: number, ancestors: Block[]): Block {
  const before = ancestors.reduce((n, a) => n + a.node.tokens.length, 0);
  return { node, row, position: prefix.slots - 1 + before, ancestors };
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

/** Run blocks behind the prefix and add the log-probabilities of their rows to the results of their sequences. */
async function runBlocks(
  model: LanguageModel,
  sequences: Sequence[],
  results: ScoreResult[],
  prefix: Prefix,
  blocks: Block[],
  keepCaches: boolean,
): Promise<Feeds> {
  const rows: number[] = [], targets: number[] = [];
  /** For every target, the sequences that want it. */
  const wanted: { sequences: number[]; row: number; token: number }[] = [];
  for (const { node, row, position } of blocks) {
    for (let i = 0; i < node.tokens.length; i++) {
      const byToken = new Map<number, number[]>();
      for (const index of node.through) {
        const { tokens, targets } = sequences[index];
        const target = targets[position + i - (tokens.length - targets.length)];
        if (target !== undefined) byToken.set(target, [...byToken.get(target) ?? [], index]);
      }
      if (byToken.size === 0) continue;
      for (const [token, indexes] of byToken) {
        targets.push(rows.length, token);
        wanted.push({ sequences: indexes, row: rows.length, token });
      }
      rows.push(row + i);
    }
  }
  const fetches: string[] = [];
  if (wanted.length) fetches.push("target_logprobs", "argmax");
  if (keepCaches) fetches.push(...model.caches.map((c) => c.present));
  const out = await (await model.session("score")).run({
    ...feedsOf(model, prefix, blocks),
    // A prefix of which nothing is scored still needs one row, since the graph has a head.
    rows: int64s(rows.length ? rows : [0], [Math.max(1, rows.length)]),
    targets: int64s(targets.length ? targets : [0, 0], [Math.max(1, wanted.length), 2]),
  }, fetches);
  if (wanted.length) {
    const logprobs = out.target_logprobs.data as Float32Array, argmax = out.argmax.data as BigInt64Array;
    wanted.forEach(({ sequences, row, token }, i) => {
      for (const index of sequences) {
        results[index].logLikelihood += logprobs[i];
        results[index].isGreedy &&= Number(argmax[row]) === token;
      }
    });
  }
  return keepCaches ? model.carryCaches(out) : {};
}

/** Ids, positions, bias and caches of a packed run. */
function feedsOf(model: LanguageModel, prefix: Prefix, blocks: Block[]): Feeds {
  const ids = blocks.flatMap((b) => b.node.tokens);
  const positions = blocks.flatMap((b) => b.node.tokens.map((_, i) => b.position + i));
  const feeds: Feeds = {
    ...prefix.caches,
    ids: int64s(ids, [1, ids.length]),
    positions: int64s(positions, [1, ids.length]),
    seqlens: int32s([prefix.slots + ids.length - 1], [1]),
    total_length: int32s([prefix.slots + ids.length], []),
  };
  for (const window of biasWindows(model.spec)) {
    const total = prefix.slots + ids.length;
    const bias = visibleBias(prefix, blocks, ids.length, total, window ?? Infinity);
    feeds[biasName(window)] = floats(bias, [1, 1, ids.length, total]);
  }
  return feeds;
}

/** 0 where a row may look, the lowest float elsewhere: the prefix, its ancestors, its own block up to itself. */
function visibleBias(prefix: Prefix, blocks: Block[], rows: number, total: number, window: number): Float32Array {
  const bias = new Float32Array(rows * total).fill(HIDDEN);
  for (const { node, row, position, ancestors } of blocks) {
    for (let i = 0; i < node.tokens.length; i++) {
      const line = (row + i) * total;
      const first = Math.max(0, position + i - window + 1); // first visible position
      // Slot 0 is the hidden one: position p of the prefix lies in slot p + 1.
      bias.fill(0, line + Math.min(first + 1, prefix.slots), line + prefix.slots);
      for (const a of ancestors) {
        const start = prefix.slots + a.row, skip = Math.min(Math.max(0, first - a.position), a.node.tokens.length);
        bias.fill(0, line + start + skip, line + start + a.node.tokens.length);
      }
      const own = prefix.slots + row;
      bias.fill(0, line + own + Math.max(0, first - position), line + own + i + 1);
    }
  }
  return bias;
}

/** White space as Python's str.rstrip means it, which counts four control characters as space. */
// deno-lint-ignore no-control-regex
const TRAILING_SPACE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/u;

function toSequence(model: LanguageModel, request: ScoreRequest, index: number): Sequence {
  const { context, continuation } = "contextIds" in request
    ? { context: request.contextIds, continuation: request.continuationIds }
    : encodePair(model, request.context, request.continuation);
  const what = `score request ${index}`;
  if (continuation.length === 0) {
    throw new RangeError(`Cannot ${what}: its continuation has no tokens; pass at least one that the context lacks`);
  }
  if (continuation.length > model.info.contextLength) {
    throw new RangeError(
      `Cannot ${what}: its continuation of ${continuation.length} tokens is more than the context of ` +
        `${model.info.contextLength}; split it`,
    );
  }
  // Too long a context loses its start, and the last token is only a target.
  const whole = [...context, ...continuation].slice(-(model.info.contextLength + 1));
  const tokens = whole.slice(0, -1);
  model.checkIds(whole.length > model.info.contextLength ? tokens : whole, what);
  return { tokens, targets: whole.slice(-continuation.length) };
}

/** lm-eval's `_encode_pair`: trailing white space of the context belongs to the continuation. */
function encodePair(model: LanguageModel, context: string, continuation: string) {
  const { tokenizer } = model;
  const prefixId = tokenizer.bosId ?? tokenizer.eosId;
  if (context === "") {
    if (prefixId === null) {
      throw new TypeError(`Cannot score without a context: ${model.info.name} has neither BOS nor EOS; pass a context`);
    }
    const ids = tokenizer.encode(continuation);
    return { context: [prefixId], continuation: ids[0] === prefixId ? ids.slice(1) : ids };
  }
  const kept = context.replace(TRAILING_SPACE, "");
  const moved = context.slice(kept.length) + continuation;
  const whole = encodePrompt(tokenizer, kept + moved), contextIds = encodePrompt(tokenizer, kept);
  return { context: contextIds, continuation: whole.slice(contextIds.length) };
}
