/**
 * How far one model's predictions are from another's, token by token, where both read the same tokens: the quantities
 * of llama.cpp's `llama-perplexity --kl-divergence`, over every token of a text instead of each window's second half.
 */
import { HIDDEN } from "../arch/decoder_nodes.ts";
import { biasName, biasWindows } from "../arch/score_graph.ts";
import type { LanguageModel } from "./language_model.ts";
import { type Sequence, toSequence } from "./score_request.ts";
import { type Feeds, floats, int32s, int64s } from "./session.ts";

/** Sums over the tokens of one text; p is the baseline's distribution, q the candidate's, logarithms are natural. */
export interface DivergenceSums {
  tokens: number;
  /** KL(p || q) of each token, and the largest. */
  kl: number;
  maxKl: number;
  /** Tokens at which both find the same token most probable. */
  sameTop: number;
  /** q - p of the token that comes next, and its square. */
  deltaP: number;
  deltaPSquares: number;
  /** -ln q and -ln p of the token that comes next. */
  nll: number;
  baselineNll: number;
}

/** Tokens of one run: this many rows of logits of both models are held at once (2 x 25 MB with 49,152 tokens). */
const PIECE_TOKENS = 128;

/**
 * Compare two models on texts. Each text starts after the prefix token (BOS, else EOS); one longer than the context is
 * cut into windows of the context, each after the last token of the one before.
 *
 * @returns Sums over the tokens of each text.
 * @throws {TypeError} If the models do not read a text as the same tokens.
 * @throws {RangeError} For an empty text, and for logits that are not finite.
 */
export async function divergence(
  candidate: LanguageModel,
  baseline: LanguageModel,
  texts: string[],
): Promise<DivergenceSums[]> {
  requireSameVocabulary(candidate, baseline);
  const all: DivergenceSums[] = [];
  for (const [index, text] of texts.entries()) {
    const sums = { tokens: 0, kl: 0, maxKl: 0, sameTop: 0, deltaP: 0, deltaPSquares: 0, nll: 0, baselineNll: 0 };
    for (const window of windowsOf(candidate, baseline, text, index)) {
      await addWindow(candidate, baseline, window, sums);
    }
    if (!Number.isFinite(sums.kl + sums.nll + sums.baselineNll)) {
      throw new RangeError(
        `Cannot compare ${candidate.info.name} with ${baseline.info.name}: in text ${index} a log-probability is not ` +
          "finite; the weights of one of them may hold NaN or overflow at this precision",
      );
    }
    all.push(sums);
  }
  return all;
}

function requireSameVocabulary({ info: a }: LanguageModel, { info: b }: LanguageModel): void {
  if (a.vocabSize === b.vocabSize) return;
  throw new TypeError(
    `Cannot compare ${a.name} with ${b.name} token by token: their vocabularies have ${a.vocabSize} and ` +
      `${b.vocabSize} tokens; bits per byte compares models with different tokenizers`,
  );
}

function windowsOf(candidate: LanguageModel, baseline: LanguageModel, text: string, index: number): Sequence[] {
  const ids = candidate.tokenizer.encode(text), others = baseline.tokenizer.encode(text);
  if (ids.length === 0) throw new RangeError(`Cannot compare models on text ${index}: it has no tokens`);
  const at = ids.findIndex((id, i) => id !== others[i]);
  if (at >= 0 || ids.length !== others.length) {
    const first = at >= 0 ? at : ids.length;
    throw new TypeError(
      `Cannot compare ${candidate.info.name} with ${baseline.info.name} token by token: text ${index} has ids ` +
        `${ids[first]} and ${others[first]} at token ${first}, so their tokenizers differ; bits per byte compares ` +
        "models with different tokenizers",
    );
  }
  const size = Math.min(candidate.info.contextLength, baseline.info.contextLength);
  return Array.from({ length: Math.ceil(ids.length / size) }, (_, i) => {
    const request = { contextIds: ids.slice(Math.max(0, i * size - 1), i * size) };
    return toSequence(candidate, { ...request, continuationIds: ids.slice(i * size, (i + 1) * size) }, index);
  });
}

/** Run a window through both models piece by piece, and add what each token shows. */
async function addWindow(
  candidate: LanguageModel,
  baseline: LanguageModel,
  { tokens, targets }: Sequence,
  sums: DivergenceSums,
): Promise<void> {
  const skip = tokens.length - targets.length, vocab = candidate.info.vocabSize;
  const models = [candidate, baseline].map((model) => ({ model, caches: model.emptyCaches(1) }));
  for (let at = 0; at < tokens.length; at += PIECE_TOKENS) {
    const piece = tokens.slice(at, at + PIECE_TOKENS), isLast = at + PIECE_TOKENS >= tokens.length;
    const logits: Float32Array[] = [];
    for (const entry of models) {
      const out = await (await entry.model.session("score")).run(
        pieceFeeds(entry.model, entry.caches, at, piece),
        ["logits", ...(isLast ? [] : entry.model.caches.map((c) => c.present))],
      );
      logits.push(out.logits.data as Float32Array);
      // at once: the collector may be late with what JavaScript does not see the size of
      for (const tensor of Object.values(entry.caches)) tensor.dispose();
      if (!isLast) entry.caches = entry.model.carryCaches(out);
    }
    for (let i = Math.max(0, skip - at); i < piece.length; i++) {
      addToken(logits[0], logits[1], i * vocab, vocab, targets[at + i - skip], sums);
    }
  }
}

/** A stretch of one sequence behind its caches, with the head on all of its rows. */
function pieceFeeds(model: LanguageModel, caches: Feeds, past: number, ids: number[]): Feeds {
  const n = ids.length, total = past + n, rows = ids.map((_, i) => i);
  const feeds: Feeds = {
    ...caches,
    ids: int64s(ids, [1, n]),
    positions: int64s(rows.map((i) => past + i), [1, n]),
    seqlens: int32s([total - 1], [1]),
    total_length: int32s([total], []),
    rows: int64s(rows, [n]),
    targets: int64s([0, 0], [1, 2]),
  };
  for (const window of biasWindows(model.spec)) {
    const bias = new Float32Array(n * total).fill(HIDDEN);
    for (const i of rows) {
      bias.fill(0, i * total + Math.max(0, past + i - (window ?? Infinity) + 1), i * total + past + i + 1);
    }
    feeds[biasName(window)] = floats(bias, [1, 1, n, total]);
  }
  return feeds;
}

/**
 * Add one token. With the largest logits m and the sums Z of exp(logit - m) of the candidate (q) and the baseline (p),
 * KL(p || q) = sum of p (ln p - ln q) needs one pass over the vocabulary; all sums are doubles.
 */
export function addToken(
  q: Float32Array,
  p: Float32Array,
  start: number,
  vocab: number,
  target: number,
  sums: DivergenceSums,
): void {
  const end = start + vocab;
  let topQ = start, topP = start;
  for (let i = start + 1; i < end; i++) {
    if (q[i] > q[topQ]) topQ = i;
    if (p[i] > p[topP]) topP = i;
  }
  const maxQ = q[topQ], maxP = p[topP];
  let sumQ = 0, sumP = 0, cross = 0;
  for (let i = start; i < end; i++) {
    const a = q[i] - maxQ, b = p[i] - maxP, weight = Math.exp(b);
    sumQ += Math.exp(a);
    sumP += weight;
    cross += weight * (b - a);
  }
  const logQ = q[start + target] - maxQ - Math.log(sumQ), logP = p[start + target] - maxP - Math.log(sumP);
  const kl = Math.max(0, cross / sumP + Math.log(sumQ) - Math.log(sumP)); // rounding may take it below 0
  const change = Math.exp(logQ) - Math.exp(logP);
  sums.tokens++;
  sums.kl += kl;
  sums.maxKl = Math.max(sums.maxKl, kl);
  sums.sameTop += Number(topQ === topP);
  sums.deltaP += change;
  sums.deltaPSquares += change * change;
  sums.nll -= logQ;
  sums.baselineNll -= logP;
}
