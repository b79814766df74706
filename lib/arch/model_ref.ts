/** What a model is asked for by: a reference, plain JSON, and how it is to run. */
import type { ArchEdit, ArchSpec } from "./spec.ts";

export const PRECISIONS = ["fp32", "fp16", "bf16", "int8", "int4", "stored"] as const;
export type Precision = (typeof PRECISIONS)[number];
export const PROVIDERS = ["auto", "cuda", "webgpu", "cpu"] as const;
export type Provider = (typeof PROVIDERS)[number];

/** What can be added to a graph that was made elsewhere; each holds those before it. */
export const OPTIMISATIONS = ["heads", "loop"] as const;
export type Optimisation = (typeof OPTIMISATIONS)[number];

export interface ModelOptions {
  /** Default "fp32". Of a graph that another program made it chooses among the folder's files. Default: the plain one. */
  precision?: Precision;
  /** Default "auto". */
  provider?: Provider;
  /** Default: the physical cores. */
  threads?: number;
  /**
   * Of a graph that was made elsewhere, which runs as it is by default. `"heads"`: its head works on the rows that are
   * asked for, and log-probabilities come out in place of logits; `"loop"`: so, and tokens are made in a loop inside of
   * the graph, as our own graphs do.
   */
  optimise?: Optimisation;
}

/**
 * A catalog name, a path (a .gguf file, or a folder with config.json and .safetensors; it has a slash), a model of the
 * hub (`hf:owner/name[@revision][/file.gguf or /folder]`), or a spec (seeded random weights), with options; plain JSON.
 */
export type ModelRef =
  | string
  | ArchSpec
  | ({
    ref: string | ArchSpec;
    edits?: ArchEdit[];
    /**
     * Weights of the architecture, in place of its own or of random ones: a .safetensors file, its index or a folder of
     * them, here or on the hub, by our own names ("embedding", "layers.0.q") or by transformers' of the spec's family.
     */
    weights?: string;
    /** Which of the forms of a folder, or of a repository of the hub, is opened, where it holds both. Default "safetensors". */
    format?: "onnx" | "safetensors";
    /** Seed of random weights. Default 0. */
    seed?: number;
    /**
     * A folder with tokenizer.json, that file, a .gguf file, a catalog name, or `hf:owner/name`. Default: the model's own,
     * else bytes.
     */
    tokenizer?: string | "bytes";
  } & ModelOptions);
