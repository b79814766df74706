/** What is asked about when memory and speed are estimated: an architecture with its weights, or a graph as it is. */
import type { AnySource } from "../arch/foreign/resolved_graph.ts";
import { isResolvedGraph } from "../arch/foreign/resolved_graph.ts";
import { resolveModel, resolveSpec } from "../arch/resolve.ts";
import { isResolved, type ModelSource } from "../arch/resolved.ts";
import type { Precision } from "../arch/model_ref.ts";
import type { ArchSpec } from "../arch/spec.ts";
import { weightsOf } from "../arch/weights_of.ts";
import { zoo, zooNames } from "../arch/zoo/zoo.ts";
import { catalogNames } from "../store/catalog.ts";
import { parameterCount } from "./bytes.ts";
import { type CostedGraph, graphOfRef } from "./costed_graph.ts";
import { type Demand, demandOf, type DemandOptions } from "./demand.ts";
import { graphDemand, graphPlan } from "./graph_demand.ts";
import type { Machine } from "./hardware.ts";
import { type MemoryPlan, type MemoryPlanOptions, planOf } from "./memory_plan.ts";
import { formsOf, storedForms, type WeightForms } from "./weight_forms.ts";

export interface Subject {
  name: string;
  parameters: number;
  contextLength: number;
  /** The only one that it has; null: any. */
  precision: Precision | null;
  plan(options: MemoryPlanOptions & { logits?: "last" | "all" }): Promise<MemoryPlan>;
  /** Throws for "stored" where there is no file. */
  demand(kind: Machine["kind"], options: DemandOptions): Promise<Demand>;
}

/**
 * The subject of a reference, or of a name of the zoo, whose weights need not be here.
 *
 * @param precision That chooses the file, of a folder with graphs in several.
 */
export async function subjectOf(ref: AnySource, precision?: Precision): Promise<Subject> {
  const inZoo = typeof ref === "string" && zooNames().includes(ref);
  if (inZoo && !catalogNames().includes(ref)) return ofSpec(zoo(ref), (p) => Promise.resolve(formsOf(p)));
  const graph = await graphOfRef(ref, { precision });
  if (graph) return ofGraph(graph);
  const model = withoutOptions(ref as ModelSource);
  return ofSpec(
    inZoo ? zoo(ref) : await resolveSpec(model),
    async (p) => p === "stored" ? storedForms(await weightsOf(await resolveModel(model))) : formsOf(p),
  );
}

function ofSpec(spec: ArchSpec, forms: (precision: Precision) => Promise<WeightForms>): Subject {
  return {
    name: spec.name,
    parameters: parameterCount(spec),
    contextLength: spec.contextLength,
    precision: null,
    plan: async (options) => planOf(spec, await forms(options.precision), options),
    demand: async (kind, options) => demandOf(spec, kind, options, await forms(options.precision ?? "fp32")),
  };
}

function ofGraph(graph: CostedGraph): Subject {
  return {
    name: graph.name,
    parameters: graph.parameters,
    contextLength: graph.contextLength ?? Infinity,
    precision: graph.precision,
    plan: (options) => Promise.resolve(graphPlan(graph, options)),
    demand: (kind, options) => Promise.resolve(graphDemand(graph, kind, options)),
  };
}

/** A reference without the options of a run, which a spec does not depend on: precisions that can't run here are asked about too. */
function withoutOptions(ref: ModelSource): ModelSource {
  if (typeof ref === "string" || isResolved(ref) || isResolvedGraph(ref) || !("ref" in ref)) return ref;
  const { precision: _precision, provider: _provider, threads: _threads, ...rest } = ref;
  return rest;
}
