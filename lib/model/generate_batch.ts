/**
 * Continuous batching: many prompts and several samples of each share the runs of a decoder. A prompt is put
 * into the caches once for all its samples; rows that are finished leave between two chunks, waiting ones enter.
 */
import { seededRandom } from "../stats/random.ts";
import { checkIds } from "./check_ids.ts";
import type { CachedRow, Decoder, DecodeState } from "./decoder.ts";
import {
  cachedTokens,
  type CheckedOptions,
  completeOptions,
  type GenerateBatchOptions,
  type GenerateRequest,
  type GenerateResult,
} from "./generate.ts";
import type { RunningModel } from "./running_model.ts";
import { encodePrompt, endIdsOf } from "./tokenizer.ts";
import { WrittenRow } from "./written_row.ts";

/** A sample of a request, waiting or being written. */
interface Row {
  request: Request;
  written: WrittenRow;
  /** The i-th draw depends on seed, sample and i alone. */
  draw: () => number;
  /** The id that the next turn reads, and how many are in the caches before it. */
  next: number;
  length: number;
}

interface Request {
  index: number;
  ids: number[];
  maxNewTokens: number;
  /** What a row of it takes of `maxCachedTokens` at most. */
  cachedTokens: number;
  rows: Row[];
  /** The prompt but for its last token, while samples of it wait. */
  prefix: CachedRow<unknown> | null;
}

/** The rows that are decoded side by side. */
interface Batch {
  rows: Row[];
  state: DecodeState<unknown>;
}

/** A row that a chunk has added to, or the result of a request. */
export type BatchEvent = { written: WrittenRow } | { index: number; result: GenerateResult };

/**
 * Continue every request, and tell of each chunk and each finished request. The rows of a chunk read their own
 * caches only, so what a row gets does not depend on the others but for the rounding of matrix products of another
 * height: at fp32 it moves ln p by up to 5e-5, at int4, where activations are rounded to 8 bits, by enough to change what
 * is drawn.
 *
 * A request that cannot be continued (an empty or too long prompt, logits that are not finite) is refused, and the
 * others go on.
 *
 * @throws {RangeError} If an option is out of range.
 */
export async function* decodeRequests(
  model: RunningModel,
  requests: GenerateRequest[],
  options: GenerateBatchOptions,
): AsyncGenerator<BatchEvent> {
  const checked = completeOptions(model.info, model.sizes, options);
  const waiting: Row[] = [];
  for (const [index, request] of requests.entries()) {
    try {
      waiting.push(...await rowsOf(model, checked, request, index));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      yield { index, result: { refused: error.message } };
    }
  }
  const decoder = model.decoder(mostCached(checked, waiting));
  let batch: Batch | null = null;
  while (waiting.length || batch) {
    const staying: Row[] = batch ? batch.rows.filter((r) => !isOver(r)) : [];
    const entering = takeFitting(waiting, staying, checked);
    if (entering.length || !batch || mustShrink(batch.rows, checked, model)) {
      batch = await regroup(decoder, batch, staying, entering);
      for (const request of new Set(entering.map((r) => r.request))) {
        if (!waiting.some((r) => r.request === request)) request.prefix = null;
      }
    }
    batch.state = await decodeChunk(model, decoder, checked, batch);
    yield* await eventsOf(model, checked, [...staying, ...entering]);
    drop(waiting, isOver);
    if (batch.rows.every(isOver)) batch = null;
  }
}

/** Tokens in the caches of all rows together, at most. */
function mostCached({ maxRows }: CheckedOptions, rows: Row[]): number {
  const each = rows.reduce((most, r) => Math.max(most, r.request.cachedTokens), 0);
  return each * Math.min(rows.length, maxRows);
}

/** The waiting rows of a request. */
async function rowsOf(
  model: RunningModel,
  options: CheckedOptions,
  { prompt, seed }: GenerateRequest,
  index: number,
): Promise<Row[]> {
  const { name, contextLength } = model.info;
  const given = typeof prompt === "string" ? await encodePrompt(model.tokenizer, prompt) : prompt;
  const ids = checkIds(model.info, given, "generate");
  const maxNewTokens = options.maxNewTokens ?? Math.min(128, contextLength - ids.length);
  if (maxNewTokens < 1 || ids.length + maxNewTokens > contextLength) {
    throw new RangeError(
      `Cannot generate with ${name}: ${ids.length} prompt tokens and maxNewTokens ${maxNewTokens} are more than its ` +
        `context of ${contextLength}; shorten the prompt or ask for fewer`,
    );
  }
  const { slots, states } = cachedTokens(model.sizes, ids.length + maxNewTokens), need = slots + states;
  if (need > options.maxCachedTokens) {
    const forStates = states > 0 ? `, ${states} of them for its recurrent states` : "";
    throw new RangeError(
      `Cannot generate with ${name}: ${ids.length} prompt tokens and maxNewTokens ${maxNewTokens} need ${need} ` +
        `cached tokens${forStates}, and maxCachedTokens is ${options.maxCachedTokens}; raise it or ask for fewer`,
    );
  }
  const request: Request = { index, ids, maxNewTokens, cachedTokens: need, rows: [], prefix: null };
  const limits = { maxNewTokens, endIds: options.ignoreEos ? [] : endIdsOf(model), stop: options.stop };
  for (let sample = 0; sample < options.samples; sample++) {
    request.rows.push({
      request,
      written: new WrittenRow(model.tokenizer, ids, limits),
      draw: uniformStream(seed ?? options.seed, sample),
      next: ids.at(-1)!,
      length: ids.length - 1,
    });
  }
  return request.rows;
}

function uniformStream(seed: number, sample: number): () => number {
  return seededRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(sample + 1, 0x85ebca6b)).next;
}

/** Finished, or of a request that is refused. */
function isOver(row: Row): boolean {
  return row.written.finishReason !== null || row.request.rows.some((r) => r.written.broken);
}

/** Take rows off the queue while the batch has room for them, padded as they would be. */
function takeFitting(waiting: Row[], inBatch: Row[], options: CheckedOptions): Row[] {
  let each = inBatch.reduce((most, r) => Math.max(most, r.request.cachedTokens), 0);
  let count = inBatch.length, take = 0;
  for (; take < waiting.length && count < options.maxRows; take++, count++) {
    each = Math.max(each, waiting[take].request.cachedTokens);
    if ((count + 1) * each > options.maxCachedTokens) break;
  }
  return waiting.splice(0, take);
}

/**
 * Whether finished rows must leave now: to copy caches for every one that ends costs more than to carry a few along, but
 * they may not run out of the context.
 */
function mustShrink(rows: Row[], options: CheckedOptions, model: RunningModel): boolean {
  const over = rows.filter(isOver);
  return 4 * over.length >= rows.length || over.some((r) => r.length + options.chunk > model.info.contextLength);
}

/** The batch of the rows that stay and those that enter, whose prompts are put into caches. */
async function regroup(decoder: Decoder, batch: Batch | null, staying: Row[], entering: Row[]): Promise<Batch> {
  const fresh = [...new Set(entering.map((r) => r.request))].filter((r) => !r.prefix && r.ids.length > 1);
  const prefixes = await decoder.prefill(fresh.map((r) => r.ids.slice(0, -1)));
  fresh.forEach((request, i) => request.prefix = prefixes[i]);
  const caches = decoder.join([
    ...staying.map((r) => ({ caches: batch!.state.caches, row: batch!.rows.indexOf(r), length: r.length })),
    ...entering.map((r) => r.request.prefix),
  ]);
  const rows = [...staying, ...entering];
  return { rows, state: { ids: rows.map((r) => [r.next]), lengths: rows.map((r) => r.length), caches } };
}

/** Decode some tokens of every row. */
async function decodeChunk(
  model: RunningModel,
  decoder: Decoder,
  options: CheckedOptions,
  { rows, state }: Batch,
): Promise<DecodeState<unknown>> {
  const live = rows.filter((r) => !isOver(r));
  const left = Math.max(...live.map((r) => r.request.maxNewTokens - r.written.ids.length));
  const context = Math.min(...rows.map((r) => model.info.contextLength - r.length));
  const turns = Math.min(options.chunk, left, context);
  const uniforms = new Float32Array(turns * rows.length);
  if (options.temperature > 0) { for (let i = 0; i < uniforms.length; i++) uniforms[i] = rows[i % rows.length].draw(); }
  const endIds = endIdsOf(model);
  const lastChunk = turns === left && live.length === rows.length;
  const { tokens, logprobs, next } = await decoder.run(state, {
    turns,
    temperature: options.temperature,
    topK: options.topK,
    topP: options.topP,
    uniforms,
    endIds,
    suppressEos: options.ignoreEos && endIds.length > 0,
    logprobs: options.logProbabilities,
    mostTokens: Math.max(...rows.map((r) => r.request.cachedTokens)),
    keepCaches: !lastChunk,
  });
  for (const [r, row] of rows.entries()) {
    if (!isOver(row)) {
      await row.written.extend(
        tokens.map((turn) => turn[r]),
        logprobs ? tokens.map((_, t) => logprobs[t * rows.length + r]) : [],
      );
    }
    row.length = next.lengths[r];
    row.next = next.ids[r][0];
  }
  return next;
}

/** What a chunk brought: tokens of each row, and the requests of which no row is left. */
async function eventsOf(model: RunningModel, options: CheckedOptions, rows: Row[]): Promise<BatchEvent[]> {
  const events: BatchEvent[] = rows.map(({ written }) => ({ written }));
  for (const { index, rows: all } of new Set(rows.map((r) => r.request))) {
    const broken = all.find((r) => r.written.broken);
    if (broken) {
      const refused = `Cannot generate with ${model.info.name}: its logits are not finite after ` +
        `${broken.written.ids.length} new tokens; the weights or their precision are broken`;
      events.push({ index, result: { refused } });
    } else if (all.every((r) => r.written.finishReason)) {
      const result = await Promise.all(all.map((r) => r.written.generation(options.logProbabilities)));
      events.push({ index, result });
    }
  }
  return events;
}

function drop<T>(list: T[], unwanted: (item: T) => boolean): void {
  for (let i = list.length - 1; i >= 0; i--) if (unwanted(list[i])) list.splice(i, 1);
}
