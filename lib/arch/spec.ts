/** What an architecture is: plain JSON, from the embedding to the head, one entry a layer. */

/** Softmax attention with rotary positions; `kvHeads < heads` is GQA, `kvHeads == 1` is MQA. */
export interface AttentionSpec {
  kind: "attention";
  heads: number;
  kvHeads: number;
  headDim: number;
  /** Keys that a token sees, itself included; absent: all. */
  window?: number;
}

/** Gated MLP: down(silu(gate(x)) * up(x)). */
export interface SwigluSpec {
  kind: "swiglu";
  intermediateSize: number;
}

export interface LayerSpec {
  mixer: AttentionSpec;
  channel: SwigluSpec;
  /** The layer of the weights file that this one takes; default: its own index. */
  weightsLayer?: number;
}

export interface ArchSpec {
  name: string;
  /** Family in the words of its weights file, e.g. "llama". */
  family: "llama";
  vocabSize: number;
  hiddenSize: number;
  /** Longest sequence in tokens (prompt and generated together). */
  contextLength: number;
  layers: LayerSpec[];
  norm: { kind: "rmsnorm"; epsilon: number };
  position: { kind: "rope"; theta: number };
  /** Whether the head is the embedding's transpose. */
  tiedHead: boolean;
  /** How keys and values are kept. Default "fp32"; "int8" has one scale a channel, from a calibration text. */
  kvCache?: "fp32" | "int8";
}

/** A change of an architecture that keeps its weights. Edits compose, left to right. */
export type ArchEdit =
  /** The layers that stay, by index, in order. */
  | { keepLayers: number[] }
  /** Keys that a token sees, itself included, in every layer. */
  | { window: number }
  /** How keys and values are kept: int8 takes a quarter of the memory, and costs some accuracy. */
  | { kvCache: "fp32" | "int8" };

export const PRECISIONS = ["fp32", "fp16", "bf16", "int8", "int4", "stored"] as const;
export type Precision = (typeof PRECISIONS)[number];
export const PROVIDERS = ["auto", "cuda", "webgpu", "cpu"] as const;
export type Provider = (typeof PROVIDERS)[number];

export interface ModelOptions {
  /** Default "fp32". */
  precision?: Precision;
  /** Default "auto". */
  provider?: Provider;
  /** Default: the physical cores. */
  threads?: number;
}

/** A catalog name, a path (.gguf), or a spec (seeded random weights), with options; plain JSON. */
export type ModelRef =
  | string
  | ArchSpec
  | ({
    ref: string | ArchSpec;
    edits?: ArchEdit[];
    weights?: string;
    /** Seed of random weights. Default 0. */
    seed?: number;
    tokenizer?: string | "bytes";
  } & ModelOptions);
