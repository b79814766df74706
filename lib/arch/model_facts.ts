/** What measuring and comparing need to know of a model, whichever program made its graph. */
import { isResolvedGraph, type ResolvedGraph } from "./foreign/resolved_graph.ts";
import type { ResolvedModel } from "./resolved.ts";

/** What a reference was found to be: our own graphs of an architecture, or a graph as it is. */
export type FoundModel = ResolvedModel | ResolvedGraph;

export interface ModelFacts extends Pick<ResolvedModel, "tokenizer" | "tokenizerNamed" | "ends" | "vocabulary"> {
  name: string;
  vocabSize: number;
  /** The most tokens that a sequence may have. */
  contextLength: number;
}

export function modelFacts(found: FoundModel): ModelFacts {
  const { name, tokenizer, tokenizerNamed, ends } = found;
  const { vocabSize, contextLength } = isResolvedGraph(found) ? found.facts : found.spec;
  const vocabulary = isResolvedGraph(found) ? null : found.vocabulary;
  return { name, vocabSize, contextLength, tokenizer, tokenizerNamed, ends, vocabulary };
}
