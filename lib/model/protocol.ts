/** What parent and model host say to each other: one JSON object a line over stdin and stdout. */
import type { DecodeGraph } from "../arch/batch_graph.ts";
import type { AnySource } from "../arch/foreign/resolved_graph.ts";
import type { ModelOptions, ModelRef } from "../arch/model_ref.ts";
import type { DivergenceSums } from "./divergence.ts";
import type { GenerateBatchOptions, GenerateOptions, GenerateRequest, GenerateResult, Generation } from "./generate.ts";
import type { DecodeWay, ModelInfo } from "./info.ts";
import type { ScoreRequest, ScoreResult } from "./log_likelihood.ts";
import type { OpenOptionsOfHost } from "./open_options.ts";
import type { ScoreOptions, ScoreSettings } from "./score_options.ts";

/** Raised whenever a message's shape or meaning changes; both ends refuse another version. */
export const PROTOCOL_VERSION = 8;

/** Counters of the host's process, read after a repeat. Memory is null where the system has no such counter. */
export interface ProcessCounters {
  /** Peak resident bytes since the last `resetPeak` (Linux VmHWM). */
  peakResidentBytes: number;
  residentBytes: number;
  residentAnonymousBytes: number | null;
  residentFileBytes: number | null;
  /** How memory was read: "VmHWM" or the named fallback "rss" (a sample, may miss the peak). */
  memoryMethod: "VmHWM" | "rss";
  cpuTimeMs: number | null;
  voluntarySwitches: number | null;
  involuntarySwitches: number | null;
}

export interface OpenResult {
  info: ModelInfo;
  /** Time to build (0 when cached) and to create the session. */
  buildMs: number;
  sessionMs: number;
  /** Bytes that were moved into huge pages once everything was loaded; 0 where the system has none. */
  hugePageBytes: number;
  /** Counters before anything was loaded, and after (peak = load peak). */
  before: ProcessCounters;
  loaded: ProcessCounters;
}

export interface GenerateRunRequest {
  /** Random prompt of this many tokens from `seed`, or the ids themselves. */
  prompt: { tokens: number; seed: number } | { ids: number[] };
  /** Output tokens, counting the one that prefill gives. */
  newTokens: number;
  way: DecodeWay;
  repeats: number;
  /** The graph that runs, see `lib/arch/batch_graph.ts`. Default: the faster one for so many tokens. */
  graph?: DecodeGraph;
}

/** Raw times of one generation request in ms since the host's start. */
export interface GenerateSample {
  startMs: number;
  /** First token id on the host: TTFT = firstTokenMs - startMs. */
  firstTokenMs: number;
  endMs: number;
  /** `step` only: the time at which each token was there, [newTokens]; null for `loop`. */
  tokenMs: number[] | null;
  ids: number[];
  counters: ProcessCounters;
}

export interface ForwardRunRequest {
  batch: number;
  seqLen: number;
  seed: number;
  /** Head on the last row only (default) or on all. */
  logits?: "last" | "all";
  repeats: number;
}

export interface ForwardSample {
  startMs: number;
  endMs: number;
  /** The most probable next token of every row that the head ran on: the same in every repeat, or something is wrong. */
  ids: number[];
  counters: ProcessCounters;
}

/** The model that a host's own model is compared with. */
export interface BaselineModel {
  ref: ModelRef;
  options?: ModelOptions;
}

export interface DivergenceResult {
  baseline: ModelInfo;
  /** Of each text, in order. */
  texts: DivergenceSums[];
}

/** Runs of a graph that stands for itself: a probe of the machine. */
export interface GraphRunRequest {
  /** Tells the graph from others of the same host, which keeps its session. */
  name: string;
  /** The ONNX model in base64; weights are inside it. */
  model: string;
  /** Inputs of type float32, filled with ones: dims by name. */
  inputs: Record<string, number[]>;
  /** The only output that is copied out. */
  output: string;
  options: Pick<ModelOptions, "provider" | "threads">;
  repeats: number;
}

export interface GraphRuns {
  /** Time of each run in ms. */
  ms: number[];
  provider: string;
  threads: number;
}

/** What a host can be asked, with the answer's type. */
export interface HostMethods {
  open: { params: { ref: AnySource; options: OpenOptionsOfHost }; result: OpenResult };
  generateRuns: { params: GenerateRunRequest; result: GenerateSample[] };
  forwardRuns: { params: ForwardRunRequest; result: ForwardSample[] };
  /** The results of every run come with a progress message, and all of them at the end. */
  score: {
    params: { requests: ScoreRequest[]; settings?: ScoreSettings; known?: Record<number, ScoreResult> };
    result: ScoreResult[];
  };
  generate: { params: { prompt: string | number[]; options?: GenerateOptions }; result: Generation[] };
  /** Each request's result comes with a progress message as soon as it is finished, and all of them at the end. */
  generateBatch: {
    params: { requests: GenerateRequest[]; options?: Omit<GenerateBatchOptions, "onResult"> };
    result: GenerateResult[];
  };
  encode: { params: { texts: string[] }; result: number[][] };
  /** The baseline is opened beside the host's own model at the first call, and stays open until another is named. */
  divergence: { params: { baseline: BaselineModel; texts: string[] }; result: DivergenceResult };
  /** Needs no model. */
  graphRuns: { params: GraphRunRequest; result: GraphRuns };
  resetPeak: { params: Record<string, never>; result: ProcessCounters };
  counters: { params: Record<string, never>; result: ProcessCounters };
}

export interface HostRequest {
  id: number;
  method: keyof HostMethods;
  params: unknown;
}

/** The result of one part of a call, before the others are there. */
export interface FinishedPart {
  index: number;
  result: unknown;
}

/** `progress`, the number of finished parts, may come any number of times before the result. Id -1 is the host's first word. */
export type HostReply =
  | { id: number; result: unknown }
  | { id: number; progress: number; parts: FinishedPart[] }
  | { id: number; error: { name: string; message: string } };

/** A running model host as its parent sees it. Every call rejects with `HostError` when the child died. */
export interface ModelHost {
  readonly pid: number;
  readonly open: OpenResult;
  generateRuns(request: GenerateRunRequest): Promise<GenerateSample[]>;
  forwardRuns(request: ForwardRunRequest): Promise<ForwardSample[]>;
  score(requests: ScoreRequest[], options?: ScoreOptions): Promise<ScoreResult[]>;
  generate(prompt: string | number[], options?: GenerateOptions): Promise<Generation[]>;
  /** `onResult` is called with each request's result as it is finished. */
  generateBatch(requests: GenerateRequest[], options?: GenerateBatchOptions): Promise<GenerateResult[]>;
  encode(texts: string[]): Promise<number[][]>;
  /** How far the host's model is from a baseline with the same tokenizer; the host then holds both. */
  divergence(baseline: BaselineModel, texts: string[]): Promise<DivergenceResult>;
  /** Start a new peak: VmHWM counts from here. */
  resetPeak(): Promise<ProcessCounters>;
  counters(): Promise<ProcessCounters>;
  /** Ends the child at once, also while it is busy; pending calls reject. */
  close(): Promise<void>;
}

/** `startHost(ref, options)` in `lib/model/host.ts` gives this. */
export type StartHost = (ref: AnySource, options?: OpenOptionsOfHost) => Promise<ModelHost>;

/** A host without a model, which runs graphs of the caller's: `startGraphHost()` in `lib/model/host.ts` gives this. */
export interface GraphHost {
  readonly pid: number;
  graphRuns(request: GraphRunRequest): Promise<GraphRuns>;
  close(): Promise<void>;
}
