/** Costs of a graph that was made elsewhere, counted node by node: its inputs are known by its layout. */
import { countedGraph } from "../arch/foreign/counted_graph.ts";
import type { GraphLayout } from "../arch/foreign/layout.ts";
import type { ResolvedGraph } from "../arch/foreign/resolved_graph.ts";
import { type Bindings, namedDims } from "../onnx/dims.ts";
import type { OnnxModel } from "../onnx/onnx_model.ts";
import { elementCount } from "../onnx/tensor_types.ts";
import { checkContext } from "./context.ts";
import type { Flops } from "./flops_convention.ts";
import { passBindings, type PassSizes } from "./graph_bindings.ts";
import { countGraph, type GraphCost, requireComplete } from "./graph_cost.ts";
import { sumOfSteps } from "./graph_steps.ts";
import type { FlopsOptions, LayerFlopsOptions } from "./flops_options.ts";

/** Counts passes of one graph, which was read once. */
export class ForeignCosts {
  private constructor(readonly found: ResolvedGraph, readonly model: OnnxModel, readonly layout: GraphLayout) {}

  static async of(found: ResolvedGraph): Promise<ForeignCosts> {
    const { model, layout } = await countedGraph(found);
    return new ForeignCosts(found, model, layout);
  }

  /** @throws {TypeError} If an operator is not known; names it. */
  pass(sizes: PassSizes): GraphCost {
    const { bindings, values } = layoutBindings(this.model, this.layout, sizes);
    return requireComplete(countGraph(this.model, bindings, values));
  }

  flops({ promptTokens, newTokens = 1, batch = 1, convention = "causal" }: FlopsOptions): Flops {
    this.#fits("Cannot estimate FLOPs", promptTokens + newTokens - 1);
    const pass = (tokens: number, past: number) => this.pass({ batch, tokens, past }).flops[convention];
    const prefill = pass(promptTokens, 0);
    const decode = sumOfSteps(promptTokens, promptTokens + newTokens - 1, (past) => pass(1, past));
    return { prefill, decode, total: prefill + decode };
  }

  layerFlops({ tokens, past = 0, batch = 1, convention = "causal" }: LayerFlopsOptions): number[] {
    this.#fits("Cannot estimate FLOPs of layers", tokens + past);
    return this.pass({ batch, tokens, past }).layers.map(({ flops }) => flops[convention]);
  }

  #fits(cannot: string, tokens: number): void {
    const { name, facts: { contextLength } } = this.found;
    checkContext(cannot, { name, contextLength }, tokens, `${tokens} tokens`);
  }
}

/** Sizes of the inputs by what the layout says that they are, the rest by their names. */
function layoutBindings(model: OnnxModel, layout: GraphLayout, { batch, tokens, past }: PassSizes) {
  const cached = layout.caches.length > 0;
  // A graph without caches runs all tokens.
  const sizes = cached ? { batch, tokens, past } : { batch, tokens: past + tokens, past: 0 };
  const total = sizes.past + sizes.tokens, more: Bindings = { rows: batch, targets: 0 };
  const bind = (name: string, of: (number | null)[]) => {
    const input = model.graph.inputs.find((i) => i.name === name)!;
    namedDims(input).forEach((dim, axis) => {
      if (typeof dim === "string" && of[axis] !== null) more[dim] = of[axis];
    });
  };
  bind(layout.ids.name, [batch, sizes.tokens]);
  if (layout.mask) bind(layout.mask.name, [batch, total]);
  if (layout.positions) bind(layout.positions.name, [batch, sizes.tokens]);
  for (const { past: name, dims } of layout.caches) {
    bind(name, [batch, ...dims.map((d) => d === "slots" ? sizes.past : d)]);
  }
  if (layout.keep) more[layout.keep.name] = 0;
  if (layout.useCache) more[layout.useCache] = sizes.past > 0 ? 1 : 0;
  const { bindings, values } = passBindings(model, sizes, more);
  if (layout.mask) values[layout.mask.name] = (dims) => new Float64Array(elementCount(dims)).fill(1);
  if (layout.positions) {
    values[layout.positions.name] = (dims) =>
      Float64Array.from({ length: elementCount(dims) }, (_, i) => sizes.past + i % dims[1]);
  }
  return { bindings, values };
}
