/** What is known of an opened model: plain data, below everything that runs it. */

import type { HubSource } from "../arch/origin.ts";

/** All tokens inside the graph, or a run of the graph for each. */
export type DecodeWay = "loop" | "step";

/** Facts of an opened model; `precision` and `provider` are those that really run. */
export interface ModelInfo {
  name: string;
  architecture: string;
  /** Parameters of the graph, tied weights counted once. */
  parameters: number;
  layers: number;
  heads: number;
  kvHeads: number;
  headDim: number;
  vocabSize: number;
  contextLength: number;
  precision: string;
  /** As shown to people, e.g. "fp32 (from Q4_K_M, 4.9 bits a weight)"; of "stored", with the form that it took. */
  precisionLabel: string;
  provider: string;
  threads: number;
  /** Bytes of the weights that the graph reads. */
  weightBytes: number;
  /** Where the weights came from: file or "random, seed 0". */
  source: string;
  /** Repository, revision and commit of a model of the hub. Absent: it came from elsewhere. */
  hub?: HubSource;
  /** How it can decode, where not in both ways: a graph made elsewhere takes a run for each token. Absent: both. */
  ways?: DecodeWay[];
  /**
   * What to know before its numbers are trusted, in sentences: more threads than logical cores, other forms of the model in
   * its folder. Absent: nothing.
   */
  warnings?: string[];
}
