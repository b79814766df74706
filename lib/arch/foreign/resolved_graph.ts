/** A model that another program exported to ONNX: plain data that travels, as a resolved model does. */
import type { EndsOrigin, HubSource, TokenizerOrigin } from "../origin.ts";
import type { ModelSource } from "../resolved.ts";
import type { ModelOptions } from "../model_ref.ts";
import type { GraphFacts } from "./facts.ts";
import type { GraphLayout } from "./layout.ts";
import type { GraphWeights } from "./weights.ts";

export interface ResolvedGraph {
  /** Tells it from a resolved model and from a reference. */
  resolvedGraph: 1;
  name: string;
  /** The ONNX file. */
  path: string;
  layout: GraphLayout;
  /** Of a model in two graphs, the one that reads prompts: it takes no caches, and gives them. Absent: one does both. */
  first?: { path: string; layout: GraphLayout };
  facts: GraphFacts & { contextLength: number; vocabSize: number };
  weights: GraphWeights;
  options: ModelOptions;
  /** What is worth knowing of its folder, in sentences: other forms of the model that lie there. Absent: nothing. */
  notes?: string[];
  /** Repository, revision and commit of a model of the hub. Absent: it came from elsewhere. */
  hub?: HubSource;
  /** The ONNX files and those of their external weights. */
  files: string[];
  /** Tells these weights from all others without reading them. */
  identity: string;
  tokenizer: TokenizerOrigin;
  /** Whether the reference or the folder names it; bytes are what a graph reads that has none. */
  tokenizerNamed: boolean;
  ends: EndsOrigin;
}

/** A reference, or what was found for one. */
export type AnySource = ModelSource | ResolvedGraph;

export function isResolvedGraph(source: unknown): source is ResolvedGraph {
  return typeof source === "object" && source !== null && "resolvedGraph" in source && source.resolvedGraph === 1;
}
