/** A graph that another program made, ready to be costed: read once, and counted for every size that is asked. */
import { basename, resolve } from "node:path";
import type { GraphFacts } from "../arch/foreign/facts.ts";
import { countedGraph } from "../arch/foreign/counted_graph.ts";
import { resolveGraph } from "../arch/foreign/resolve_graph.ts";
import { type AnySource, isResolvedGraph, type ResolvedGraph } from "../arch/foreign/resolved_graph.ts";
import { type GraphWeights, graphWeights } from "../arch/foreign/weights.ts";
import type { CacheSlot } from "../arch/foreign/cache_slot.ts";
import type { GraphLayout } from "../arch/foreign/layout.ts";
import { checkModel } from "../arch/ref_fields.ts";
import { isResolved } from "../arch/resolved.ts";
import { type ModelOptions, type ModelRef, type Precision, PRECISIONS } from "../arch/model_ref.ts";
import { noOptions } from "../check/options.ts";
import type { Bindings } from "../onnx/dims.ts";
import type { OnnxModel } from "../onnx/onnx_model.ts";
import { readModel } from "../onnx/read_model.ts";
import type { FlopsConvention } from "./flops_convention.ts";
import { passBindings, type PassSizes } from "./graph_bindings.ts";
import { countGraph, type GraphCost, requireComplete } from "./graph_cost.ts";
import { sumOfSteps } from "./graph_steps.ts";
import { layoutPass } from "./layout_bindings.ts";

/** What is known of a graph beside its file; a bare .onnx file may say no more than its nodes. */
export interface KnownOfGraph extends Partial<Pick<ResolvedGraph, "first">> {
  name: string;
  path: string;
  facts: GraphFacts | null;
  layout: GraphLayout | null;
  weights: GraphWeights;
}

/**
 * A graph made elsewhere, in the place of a spec where costs are counted: its nodes say what it multiplies, its inputs
 * what it caches. `costedGraph` gives one.
 */
export class CostedGraph {
  readonly name: string;
  /** null: no file says. */
  readonly contextLength: number | null;
  /** As it runs; precisions that are not asked of it. */
  readonly precision: Precision;
  readonly #passes = new Map<string, GraphCost>();

  /** @param first Of a model in two graphs, the one that reads prompts. */
  constructor(readonly known: KnownOfGraph, readonly model: OnnxModel, readonly first: OnnxModel | null = null) {
    this.name = known.name;
    this.contextLength = known.facts?.contextLength ?? null;
    this.precision = PRECISIONS.find((p) => p === known.weights.type) ?? "fp32";
  }

  /** The cost of one forward pass; complete. */
  pass(sizes: PassSizes): GraphCost {
    const key = JSON.stringify([sizes.batch, sizes.tokens, sizes.past]);
    let cost = this.#passes.get(key);
    if (!cost) {
      const { model, layout } = this.#graphOf(sizes), of = layout && layoutPass(layout, model, sizes);
      // Of added heads: logits of the last rows, no targets.
      const heads: Bindings = layout && model.graph.inputs.some(({ name }) => name === "targets") ? { targets: 0 } : {};
      const { bindings, values } = passBindings(model, sizes, { ...of?.bindings, ...heads });
      cost = requireComplete(countGraph(model, bindings, { ...values, ...of?.values }));
      this.#passes.set(key, cost);
    }
    return cost;
  }

  /** FLOPs of one step behind `past` tokens, or of a prompt behind none: in as many runs as the graph takes for it. */
  flops(sizes: PassSizes, convention: FlopsConvention): number {
    const { batch, tokens, past } = sizes, only = this.known.layout?.only;
    if (only?.rows === 1 && batch > 1) return batch * this.flops({ ...sizes, batch: 1 }, convention);
    if (only?.tokens === 1 && tokens > 1) {
      return sumOfSteps(past, past + tokens, (at) => this.flops({ batch, tokens: 1, past: at }, convention));
    }
    return this.pass(sizes).flops[convention];
  }

  #graphOf({ past }: PassSizes): { model: OnnxModel; layout: GraphLayout | null } {
    const { first, layout } = this.known;
    return past === 0 && first && this.first
      ? { model: this.first, layout: first.layout }
      : { model: this.model, layout };
  }

  /** Elements of weights; a table that the file holds twice counts once. */
  get parameters(): number {
    return this.#step.parameters - this.#twice;
  }

  /** Without the experts that a token does not go to. */
  get activeParameters(): number {
    return this.#step.activeParameters - this.#twice;
  }

  get layers(): number {
    return this.#step.layers.length;
  }

  /** The fewest bytes of weights that a pass over so many tokens reads: look-ups of tables left out. */
  weightBytes(tokens = 1, batch = 1): number {
    return this.pass({ batch, tokens, past: 0 }).parameterBytes;
  }

  /** Bytes of a sequence's keys and values for each token. */
  get cacheBytesPerToken(): number {
    return this.#cacheBytes((slot) => slot.dims.includes("slots"));
  }

  /** Bytes of a sequence's states that do not grow. */
  get stateBytes(): number {
    return this.#cacheBytes((slot) => !slot.dims.includes("slots"));
  }

  get #step(): GraphCost {
    return this.pass({ batch: 1, tokens: 1, past: 0 });
  }

  get #twice(): number {
    return this.known.weights.twice?.reduce((sum, { elements }) => sum + elements, 0) ?? 0;
  }

  #cacheBytes(of: (slot: CacheSlot) => boolean): number {
    const { layout, path } = this.known;
    if (!layout) {
      throw new TypeError(
        `Cannot tell what ${path} caches: its inputs are not understood as a text decoder's, or no config.json beside ` +
          "it says how long its context is; openModel says which",
      );
    }
    return layout.caches.filter(of).reduce((sum, { type, dims }) => {
      const elements = dims.reduce<number>((product, d) => product * (d === "slots" ? 1 : d), 1);
      return sum + (type === "float16" ? 2 : 4) * elements;
    }, 0);
  }
}

/**
 * Read a graph that another program made, for its costs: `costTable`, `kvCacheBytes`, `weightBytes`, `roofline` and
 * `parameterCount` take it in the place of a spec. No weights are read.
 *
 * @param ref An .onnx file, or a folder of optimum, transformers.js or onnxruntime-genai; one that holds safetensors too
 * with `{ ref, format: "onnx" }`.
 * @throws {TypeError} If the reference is to be run by our own graphs.
 * @example
 * ```ts ignore
 * const theirs = await costedGraph({ ref: "models/llama", format: "onnx" });
 * costTable({ theirs, ours: await resolveSpec("models/llama") });
 * ```
 */
export async function costedGraph(ref: ModelRef): Promise<CostedGraph> {
  noOptions("costedGraph", arguments, 1);
  const graph = await graphOfRef(ref);
  if (graph) return graph;
  throw new TypeError(
    `Cannot read the graph of ${JSON.stringify(ref).slice(0, 80)}: our own graphs run it, of its architecture; pass ` +
      'resolveSpec(ref) instead, or { ref, format: "onnx" } for a folder that holds both forms',
  );
}

/** The graph of a reference that is to run as it is; null for every other. */
export async function graphOfRef(
  ref: AnySource,
  options: ModelOptions = {},
): Promise<CostedGraph | null> {
  checkModel("Cannot open the model", ref);
  if (isResolved(ref)) return null;
  if (isResolvedGraph(ref)) return await read(ref);
  const path = typeof ref === "object" && "ref" in ref ? ref.ref : ref;
  const bare = typeof path === "string" && path.endsWith(".onnx");
  // Of a bare file its nodes are enough; what else there is to know may be missing.
  const found = bare ? await resolveGraph(ref, options).catch(() => null) : await resolveGraph(ref, options);
  if (found) return await read(found);
  if (!bare) return null;
  const model = await readModel(path), name = basename(resolve(path));
  return new CostedGraph({ name, path, facts: null, layout: null, weights: graphWeights(model) }, model);
}

async function read(found: ResolvedGraph): Promise<CostedGraph> {
  const { first } = found, { model, layout } = await countedGraph(found);
  return new CostedGraph({ ...found, layout }, model, first ? await readModel(first.path) : null);
}
