/** What a reference stands for: plain data, found once, that travels to hosts and from task to task. */
import type { EndsOrigin, HubSource, StoredWeights, TokenizerOrigin } from "./origin.ts";
import type { ModelOptions, ModelRef, Precision } from "./model_ref.ts";
import type { ArchEdit, ArchSpec } from "./spec.ts";

export interface ResolvedModel {
  /** Tells it from a reference; raised when the shape changes. */
  resolved: 1;
  /** As the reference calls it. */
  name: string;
  /** The architecture as its source has it, and the edits of the reference. */
  unedited: ArchSpec;
  edits: ArchEdit[];
  /** The architecture that the weights belong to: after the edits that change them. */
  base: ArchSpec;
  /** The architecture that runs: `base` after the edits. */
  spec: ArchSpec;
  /** Options of the reference, overridden by those given to the function. */
  options: ModelOptions;
  precision: Precision;
  /** The format of the weights' file, e.g. "Q4_K_M, 4.9 bits a weight"; null for random weights. */
  storedAs: string | null;
  /** As shown to people: a file's name, or "random, seed 0". */
  source: string;
  /** Where the weights of `unedited` are: `weightsOf` opens them. */
  stored: StoredWeights | { seed: number };
  /** The files that hold the weights; null for random ones, which are made in memory. */
  files: string[] | null;
  /** Tells these weights from all others, without reading them: path, size and time of change of the files, or null. */
  identity: string | null;
  /** The edits that made the weights out of the files', or of random ones. */
  weightEdits: ArchEdit[];
  tokenizer: TokenizerOrigin;
  /** Whether the reference or the model's files name it; bytes are what a model reads that has none. */
  tokenizerNamed: boolean;
  /** Where the model's own files name the ends of texts; null where there are none. */
  ends: EndsOrigin | null;
  /** The tokenizer's ids that are left, in their new order; null: all. */
  vocabulary: number[] | null;
  /** Repository, revision and commit of a model of the hub; null for others. */
  hub: HubSource | null;
  /** What is worth knowing of its folder, in sentences: graphs of the model that lie there. Absent: nothing. */
  notes?: string[];
}

/** A reference, or what was found for one. */
export type ModelSource = ModelRef | ResolvedModel;

export function isResolved(source: unknown): source is ResolvedModel {
  return typeof source === "object" && source !== null && "resolved" in source && source.resolved === 1;
}

/** The options that a reference carries. */
export function optionsOf(source: ModelSource): ModelOptions {
  if (typeof source === "string") return {};
  if (isResolved(source)) return source.options;
  return "ref" in source ? source : {};
}
