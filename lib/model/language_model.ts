/** A running language model: the graphs of one spec behind one set of options. */
import { join } from "node:path";
import { buildInMemory, buildOnDisk, cacheKey, type GraphKind } from "../arch/build.ts";
import { packedBytes, type PackedWeights } from "../arch/packed_weights.ts";
import { precisionLabel } from "../arch/precision_label.ts";
import { type ResolvedModel, resolveModel } from "../arch/resolve.ts";
import { cacheName, forEachState } from "../arch/states.ts";
import type { ArchSpec, ModelRef, Provider } from "../arch/spec.ts";
import { headsOf } from "../arch/heads.ts";
import { shown } from "../check/check.ts";
import { checkArgument, checkOptions } from "../check/options.ts";
import { parameterCount } from "../cost/bytes.ts";
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
import { zeroState } from "./caches.ts";
import { decodeRequests } from "./generate_batch.ts";
import { CALIBRATION_TEXT, kvScales, scaleFeeds } from "./kv_scales.ts";
import { OPEN_OPTIONS, type OpenOptions, threadWarnings } from "./open_options.ts";
import { chooseProvider } from "./provider.ts";
import { allLogits, scoreRequests } from "./score.ts";
import { SCORE_OPTIONS, SCORE_REQUESTS, type ScoreOptions } from "./score_options.ts";
import type { ModelInfo, ScoreRequest, ScoreResult } from "./protocol.ts";
import { type Feeds, openSession, physicalCores, type Session, type SessionOptions, type Tensor } from "./session.ts";
import { streamText } from "./stream.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { tokenizerOf } from "./tokenizer_files.ts";
import { tokenizerFingerprint } from "./tokenizer_fingerprint.ts";

export type { OpenOptions };

/** Makes a session of a graph. */
type OpenGraph = (kind: GraphKind) => Promise<Session>;

/** A running model of `openModel`: text in, text, logits or log-likelihoods out. `close` it when it is done. */
export class LanguageModel {
  readonly #sessions = new Map<GraphKind, Promise<Session>>();
  readonly #openGraph: OpenGraph;
  #closed = false;
  /** The names of every cache in the graphs. */
  readonly caches: { past: string; present: string }[] = [];

  /** Use `openModel`. */
  constructor(
    readonly info: ModelInfo,
    readonly tokenizer: Tokenizer,
    readonly spec: ArchSpec,
    openGraph: OpenGraph,
  ) {
    this.#openGraph = openGraph;
    forEachState(spec, (layer, { name }) => {
      this.caches.push({ past: cacheName("past", layer, name), present: cacheName("present", layer, name) });
    });
  }

  /** The ids that end a text, of those that the vocabulary has. */
  get endIds(): number[] {
    return this.tokenizer.endIds.filter((id) => id < this.spec.vocabSize);
  }

  /** The session of a graph, created at its first use. */
  session(kind: GraphKind): Promise<Session> {
    if (this.#closed) throw new TypeError(`Cannot use ${this.info.name}: the model is closed`);
    let session = this.#sessions.get(kind);
    if (!session) {
      session = this.#openGraph(kind);
      this.#sessions.set(kind, session);
    }
    return session;
  }

  /**
   * Logits of every position.
   *
   * @param ids Token ids, at least one and at most `info.contextLength`.
   * @returns `data` [tokens * vocab] with `dims` [tokens, vocab].
   */
  logits(ids: number[]): Promise<{ data: Float32Array; dims: [number, number] }> {
    return allLogits(this, this.checkIds(ids, "compute logits"));
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
    for await (const event of decodeRequests(this, requests, options)) {
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
    return streamText(this, prompt, options);
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
    return await scoreRequests(this, requests, options);
  }

  /** Ends the sessions and frees their memory. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const session of this.#sessions.values()) await (await session).release();
    this.#sessions.clear();
  }

  /** The caches that a run gave, as the next one reads them. */
  carryCaches(out: Record<string, Tensor>): Feeds {
    const feeds: Feeds = {};
    for (const { past, present } of this.caches) feeds[past] = out[present];
    return feeds;
  }

  /** Empty caches of a batch, the start of every sequence; with `slots`, caches of so many zeros. */
  emptyCaches(batch: number, slots = 0): Feeds {
    const feeds: Feeds = {};
    forEachState(this.spec, (layer, state) => {
      feeds[cacheName("past", layer, state.name)] = zeroState(state, batch, slots);
    });
    return feeds;
  }

  #cannot(doing: string): string {
    return `Cannot ${doing} with ${this.info.name}`;
  }

  /** @throws {RangeError} If there are no ids, too many, or one outside the vocabulary. */
  checkIds(ids: number[], doing: string): number[] {
    const { name, contextLength, vocabSize } = this.info;
    if (!Array.isArray(ids)) throw new TypeError(`${this.#cannot(doing)}: ids must be a list, got ${shown(ids)}`);
    if (ids.length === 0) {
      throw new RangeError(`Cannot ${doing} with ${name}: the prompt is empty; pass text or at least one token id`);
    }
    if (ids.length > contextLength) {
      throw new RangeError(
        `Cannot ${doing} with ${name}: ${ids.length} tokens are more than its context of ${contextLength}; shorten them`,
      );
    }
    const bad = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabSize);
    if (bad !== undefined) {
      throw new RangeError(`Cannot ${doing} with ${name}: ${bad} is not a token id (0 to ${vocabSize - 1})`);
    }
    return ids;
  }
}

/**
 * Open a model in this process, for exploring. Measuring and evaluating open theirs in processes of their own.
 *
 * @param ref A catalog name ("smollm2-135m"), a .gguf path, a folder (config.json, .safetensors), a model of the hub
 * ("hf:owner/name[@revision][/path]"), or an `ArchSpec` (seeded random weights, or those of its `weights`), with options.
 * @throws {RangeError} If the precision or provider is unknown or cannot run here.
 * @throws {SyntaxError} If the file is damaged.
 * @example A model of the hub: fetched once, checked, and read without a network from then on
 * ```ts ignore
 * const model = await openModel("hf:HuggingFaceTB/SmolLM2-135M"); // model.info.hub has its commit
 * ```
 */
export async function openModel(ref: ModelRef, options: OpenOptions = {}): Promise<LanguageModel> {
  checkOptions("Cannot open the model", options, OPEN_OPTIONS);
  const resolved = await resolveModel(ref, options);
  const threads = resolved.options.threads ?? physicalCores();
  const provider = chooseProvider(resolved.options.provider ?? "auto");
  const model = await modelOf(resolved, { provider, threads, profilePrefix: options.profilePrefix });
  for (const kind of options.graphs ?? ["generate"]) await model.session(kind);
  return model;
}

/** A model none of whose sessions is there yet. */
async function modelOf(resolved: ResolvedModel, options: SessionOptions & { provider: Provider }) {
  const { spec } = resolved;
  const parts = await modelParts(resolved, options);
  const info = modelInfo(resolved, options, parts.weights);
  if (spec.kvCache !== "int8") return new LanguageModel(info, parts.tokenizer, spec, parts.openGraph);
  const inFp32 = () => modelOf({ ...resolved, spec: { ...spec, kvCache: "fp32" } }, options);
  const calibration = [spec, CALIBRATION_TEXT, await tokenizerFingerprint(resolved)];
  const file = parts.folder && join(parts.folder, `kv_scales_${cacheKey(calibration)}.json`);
  const scales = scaleFeeds(spec, await kvScales(inFp32, file));
  return new LanguageModel(info, parts.tokenizer, spec, async (kind) => {
    const session = await parts.openGraph(kind);
    return { ...session, run: (feeds, fetches) => session.run({ ...scales, ...feeds }, fetches) };
  });
}

/** Weights, tokenizer and graphs: random weights are packed in memory, those of files are built on disk once. */
async function modelParts(
  { base, spec, precision, identity, weights, tokenizer: origin, vocabulary, ends }: ResolvedModel,
  options: SessionOptions,
): Promise<{ weights: PackedWeights; tokenizer: Tokenizer; openGraph: OpenGraph; folder: string | null }> {
  const tokenizer = await tokenizerOf(origin, spec.vocabSize, vocabulary, ends);
  if (identity === null) {
    const built = await buildInMemory(base, spec, precision, await weights());
    const { externalData } = built;
    return {
      weights: built.weights,
      tokenizer,
      openGraph: (kind) => openSession(built.graph(kind), { ...options, externalData }),
      folder: null,
    };
  }
  const built = await buildOnDisk(base, spec, identity, precision, weights);
  return {
    weights: built.weights,
    tokenizer,
    openGraph: async (kind) => openSession(await built.graph(kind), options),
    folder: built.folder,
  };
}

function modelInfo(
  resolved: ResolvedModel,
  { provider, threads }: { provider: Provider; threads: number },
  weights: PackedWeights,
): ModelInfo {
  const { spec } = resolved;
  const { heads, kvHeads, headDim } = headsOf(spec), warnings = threadWarnings(threads);
  return {
    name: resolved.name,
    architecture: spec.name,
    parameters: parameterCount(spec),
    layers: spec.layers.length,
    heads,
    kvHeads,
    headDim,
    vocabSize: spec.vocabSize,
    contextLength: spec.contextLength,
    precision: resolved.precision,
    precisionLabel: precisionLabel(resolved.precision, resolved.storedAs, weights),
    provider,
    threads,
    weightBytes: packedBytes(weights),
    source: resolved.source,
    ...(resolved.hub ? { hub: resolved.hub } : {}),
    ...(warnings.length ? { warnings } : {}),
  };
}
