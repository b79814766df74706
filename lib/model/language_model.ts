/** A model to talk to: text in, text, logits or log-likelihoods out. */
import type { ArchSpec } from "../arch/spec.ts";
import { checkArgument, checkOptions } from "../check/options.ts";
import { checkIds } from "./check_ids.ts";
import {
  GENERATE_BATCH_OPTIONS,
  GENERATE_OPTIONS,
  GENERATE_REQUESTS,
  type GenerateBatchOptions,
  type GenerateOptions,
  type GenerateRequest,
  type GenerateResult,
  type Generation,
  PROMPT,
  STREAM_OPTIONS,
  type StreamOptions,
} from "./generate.ts";
import { decodeRequests } from "./generate_batch.ts";
import type { ModelInfo } from "./info.ts";
import type { ScoreRequest, ScoreResult } from "./log_likelihood.ts";
import type { RunningModel } from "./running_model.ts";
import { scoreRequests } from "./score.ts";
import { SCORE_OPTIONS, SCORE_REQUESTS, type ScoreOptions } from "./score_options.ts";
import { streamText } from "./stream.ts";
import { endIdsOf, type Tokenizer } from "./tokenizer.ts";

/** A running model of `openModel`: text in, text, logits or log-likelihoods out. `close` it when it is done. */
export class LanguageModel {
  /** @internal */
  readonly running: RunningModel;

  /** Use `openModel`. */
  constructor(running: RunningModel) {
    this.running = running;
  }

  get info(): ModelInfo {
    return this.running.info;
  }

  get tokenizer(): Tokenizer {
    return this.running.tokenizer;
  }

  /** The ids that end a text, of those that the vocabulary has. */
  get endIds(): number[] {
    return endIdsOf(this.running);
  }

  /**
   * The architecture that runs.
   *
   * @throws {TypeError} For a graph that was made elsewhere.
   */
  get spec(): ArchSpec {
    const { spec, info } = this.running;
    if (spec) return spec;
    throw new TypeError(
      `Cannot give the architecture of ${info.name}: its graph was made elsewhere and runs as it is; model.info says what is known`,
    );
  }

  /**
   * Logits of every position.
   *
   * @param ids Token ids, at least one and at most `info.contextLength`.
   * @returns `data` [tokens * vocab] with `dims` [tokens, vocab].
   */
  async logits(ids: number[]): Promise<{ data: Float32Array; dims: [number, number] }> {
    checkIds(this.info, ids, "compute logits");
    const { data } = await this.running.logitsAt([ids], ids.map((_, at) => ({ sequence: 0, at })));
    return { data: data as Float32Array, dims: [ids.length, this.info.vocabSize] };
  }

  /**
   * Continue a prompt, greedily (temperature 0, the default) or by seeded sampling.
   *
   * @returns One generation for each of `options.samples`.
   * @throws {RangeError} If the prompt is empty, an option is out of range, or the result would pass the context.
   * @example Two sampled continuations (the same seed gives the same ids)
   * ```ts ignore
   * const model = await openModel("smollm2-135m");
   * const two = await model.generate("Once upon a time", { maxNewTokens: 32, temperature: 0.8, samples: 2, seed: 1 });
   * ```
   */
  async generate(prompt: string | number[], options: GenerateOptions = {}): Promise<Generation[]> {
    checkArgument(this.#cannot("generate"), "prompt", prompt, PROMPT);
    checkOptions(this.#cannot("generate"), options, GENERATE_OPTIONS);
    const [result] = await this.generateBatch([{ prompt }], options);
    if ("refused" in result) throw new RangeError(result.refused);
    return result;
  }

  /**
   * Continue many prompts side by side: a prompt runs once for all its samples, rows that end make room for waiting
   * ones. Each request gets what `generate` gives it alone, but for near-ties: matrix products of another height round
   * differently in fp32.
   *
   * @returns For each request its generations, one a sample, or why it was refused; the others go on.
   * @throws {RangeError} If an option is out of range.
   * @example Ten samples for each of several prompts
   * ```ts ignore
   * const prompts = problems.map(({ prompt }, seed) => ({ prompt, seed }));
   * const results = await model.generateBatch(prompts, { samples: 10, temperature: 0.2, topP: 0.95, stop: ["\ndef"] });
   * ```
   */
  async generateBatch(requests: GenerateRequest[], options: GenerateBatchOptions = {}): Promise<GenerateResult[]> {
    checkArgument(this.#cannot("generate"), "requests", requests, GENERATE_REQUESTS);
    checkOptions(this.#cannot("generate"), options, GENERATE_BATCH_OPTIONS);
    const results: GenerateResult[] = new Array(requests.length);
    for await (const event of decodeRequests(this.running, requests, options)) {
      if (!("result" in event)) continue;
      results[event.index] = event.result;
      options.onResult?.(event.index, event.result);
    }
    return results;
  }

  /**
   * The text of one continuation, piece by piece as it is written; the generator's return value is the whole
   * generation. Characters and stop strings are never cut in two.
   *
   * @throws {RangeError} As `generate`.
   * @example
   * ```ts ignore
   * for await (const piece of model.stream("Once upon a time", { maxNewTokens: 64 })) console.log(piece);
   * ```
   */
  stream(prompt: string | number[], options: StreamOptions = {}): AsyncGenerator<string, Generation> {
    checkArgument(this.#cannot("generate"), "prompt", prompt, PROMPT);
    checkOptions(this.#cannot("generate"), options, STREAM_OPTIONS);
    return streamText(this.running, prompt, options);
  }

  /**
   * Log-likelihoods of continuations, by lm-eval's rules (`api/model.py`, `TemplateLM._encode_pair`). Shared prefixes
   * run once; order, packing and mode change a result by no more than fp32 rounding.
   *
   * @throws {RangeError} For a request that cannot be scored or does not fit `maxCachedTokens`, an option out of range,
   * and a log-probability that is not finite.
   */
  async score(requests: ScoreRequest[], options: ScoreOptions = {}): Promise<ScoreResult[]> {
    checkArgument(this.#cannot("score"), "requests", requests, SCORE_REQUESTS);
    checkOptions(this.#cannot("score"), options, SCORE_OPTIONS);
    return await scoreRequests(this.running, requests, options);
  }

  /** Ends the sessions and frees their memory. */
  close(): Promise<void> {
    return this.running.close();
  }

  #cannot(doing: string): string {
    return `Cannot ${doing} with ${this.info.name}`;
  }
}
