/** The graphs behind a model that was opened, for tests and benchmarks of what runs them. */
import type { ArchSpec } from "../../lib/arch/spec.ts";
import { GraphSessions, type OpenGraph } from "../../lib/model/graph_sessions.ts";
import type { ModelInfo } from "../../lib/model/info.ts";
import { LanguageModel } from "../../lib/model/language_model.ts";
import { OwnModel } from "../../lib/model/own_model.ts";
import { byteTokenizer } from "../../lib/model/tokenizer.ts";

/** @throws {TypeError} For a graph that was made elsewhere. */
export function graphsOf({ running }: LanguageModel): GraphSessions {
  if (running instanceof OwnModel) return running.graphs;
  throw new TypeError(`${running.info.name} has no graphs of our own`);
}

/** A model of a spec whose sessions the test makes. */
export function modelOf(info: ModelInfo, spec: ArchSpec, open: OpenGraph): LanguageModel {
  const graphs = new GraphSessions(info.name, spec, open);
  return new LanguageModel(new OwnModel(info, byteTokenizer(spec.vocabSize), graphs));
}
