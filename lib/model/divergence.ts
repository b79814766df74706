/**
 * How far one model's predictions are from another's, token by token, where both read the same tokens: the quantities
 * of llama.cpp's `llama-perplexity --kl-divergence`, over every token of a text instead of each window's second half.
 */
import type { ModelInfo } from "./info.ts";
import { planBatches } from "./plan_batches.ts";
import type { RunningModel } from "./running_model.ts";
import { type Sequence, toSequence } from "./score_request.ts";
import type { Tensor } from "./session.ts";

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
const RUN_TOKENS = 128;

/** Candidate and baseline. */
type Pair<T> = [T, T];
type Window = Sequence & { sums: DivergenceSums };

/**
 * Compare two models on texts. Each text starts after the prefix token (BOS, else EOS); one longer than the context is
 * cut into windows of the context, each after the last token of the one before.
 *
 * @returns Sums over the tokens of each text.
 * @throws {TypeError} If the models do not read a text as the same tokens.
 * @throws {RangeError} For an empty text, and for logits that are not finite.
 */
export async function divergence(
  candidate: RunningModel,
  baseline: RunningModel,
  texts: string[],
): Promise<DivergenceSums[]> {
  requireSameVocabulary(candidate.info, baseline.info);
  const models: Pair<RunningModel> = [candidate, baseline];
  const all = texts.map(noSums);
  const [ids, others] = await Promise.all(models.map(({ tokenizer }) => tokenizer.encodeBatch(texts)));
  const windows = texts.flatMap((_, i) =>
    windowsOf(candidate, baseline, ids[i], others[i], i).map((w) => ({ ...w, sums: all[i] }))
  );
  const fits = (w: Window) => w.tokens.length <= RUN_TOKENS, short = windows.filter(fits);
  for (const batch of planBatches(short.map((w) => w.tokens.length), RUN_TOKENS)) {
    await addBatch(models, batch.map((i) => short[i]));
  }
  for (const window of windows.filter((w) => !fits(w))) await addInPieces(models, window);
  const bad = all.findIndex((sums) => !Number.isFinite(sums.kl + sums.nll + sums.baselineNll));
  if (bad >= 0) {
    throw new RangeError(
      `Cannot compare ${candidate.info.name} with ${baseline.info.name}: in text ${bad} a log-probability is not ` +
        "finite; the weights of one of them may hold NaN or overflow at this precision",
    );
  }
  return all;
}

function noSums(): DivergenceSums {
  return { tokens: 0, kl: 0, maxKl: 0, sameTop: 0, deltaP: 0, deltaPSquares: 0, nll: 0, baselineNll: 0 };
}

type Vocabulary = Pick<ModelInfo, "name" | "vocabSize">;

/** @throws {TypeError} If two models cannot give probabilities of the same tokens. */
export function requireSameVocabulary(a: Vocabulary, b: Vocabulary): void {
  if (a.vocabSize === b.vocabSize) return;
  throw new TypeError(
    `Cannot compare ${a.name} with ${b.name} token by token: their vocabularies have ${a.vocabSize} and ` +
      `${b.vocabSize} tokens; bits per byte (the task "bits_per_byte") compares models with different tokenizers, a divergence ` +
      "needs distributions over the same tokens",
  );
}

function windowsOf(
  candidate: RunningModel,
  baseline: RunningModel,
  ids: number[],
  others: number[],
  index: number,
): Sequence[] {
  if (ids.length === 0) throw new RangeError(`Cannot compare models on text ${index}: it has no tokens`);
  const at = ids.findIndex((id, i) => id !== others[i]);
  if (at >= 0 || ids.length !== others.length) {
    const first = at >= 0 ? at : ids.length;
    throw new TypeError(
      `Cannot compare ${candidate.info.name} with ${baseline.info.name} token by token: text ${index} has ids ` +
        `${ids[first]} and ${others[first]} at token ${first}, so their tokenizers differ; bits per byte (the task ` +
        '"bits_per_byte") compares models with different tokenizers',
    );
  }
  const size = Math.min(candidate.info.contextLength, baseline.info.contextLength);
  return Array.from({ length: Math.ceil(ids.length / size) }, (_, i) => {
    const request = { contextIds: ids.slice(Math.max(0, i * size - 1), i * size) };
    return toSequence(candidate, { ...request, continuationIds: ids.slice(i * size, (i + 1) * size) }, index);
  });
}

/** Several short windows in one run of each model, with the head on the rows that count. */
async function addBatch(models: Pair<RunningModel>, windows: Window[]): Promise<void> {
  const sequences = windows.map((w) => w.tokens);
  const wanted = windows.flatMap(({ tokens, targets, sums }, sequence) =>
    targets.map((target, i) => ({ sequence, at: tokens.length - targets.length + i, target, sums }))
  );
  const logits: Tensor[] = [];
  for (const model of models) logits.push(await model.logitsAt(sequences, wanted));
  addTokens(logits, wanted);
}

/** A long window through both models piece by piece, each behind the caches of those before. */
async function addInPieces(models: Pair<RunningModel>, { tokens, targets, sums }: Window): Promise<void> {
  const skip = tokens.length - targets.length;
  const [ours, theirs] = models.map((model) => model.logitsInPieces(tokens, skip, RUN_TOKENS));
  let done = 0;
  for await (const q of ours) {
    const p = (await theirs.next()).value as Tensor, rows = q.dims[0];
    addTokens([q, p], targets.slice(done, done + rows).map((target) => ({ target, sums })));
    done += rows;
  }
}

/** Add tokens from both models' logits, [places, vocab]. */
function addTokens(logits: Tensor[], places: { target: number; sums: DivergenceSums }[]): void {
  const [q, p] = logits.map((tensor) => tensor.data as Float32Array), vocab = q.length / places.length;
  places.forEach(({ target, sums }, i) => addToken(q, p, i * vocab, vocab, target, sums));
  for (const tensor of logits) tensor.dispose();
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
