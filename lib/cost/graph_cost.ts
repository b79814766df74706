/** What an ONNX graph must cost: counted node by node from the file, with numbers for its symbols. */
import { data } from "../check/data.ts";
import { checkArgument, noOptions } from "../check/options.ts";
import { entries } from "../check/rules.ts";
import type { Bindings } from "../onnx/dims.ts";
import { type Execution, operatorName } from "../onnx/graph_scope.ts";
import { inferShapes } from "../onnx/infer_shapes.ts";
import type { OnnxModel, OnnxNode } from "../onnx/onnx_model.ts";
import { readModel } from "../onnx/read_model.ts";
import { PlainAttention } from "./graph_attention.ts";
import { NO_BYTES, type NodeBytes, nodeBytes } from "./graph_bytes.ts";
import { checkBindings } from "./binding_names.ts";
import { Experts } from "./graph_experts.ts";
import type { ConventionFlops } from "./flops_convention.ts";
import { nodeFlops } from "./graph_flops.ts";
import { Layers } from "./graph_layers.ts";
import { Liveness } from "./graph_liveness.ts";
import { Parameters } from "./graph_parameters.ts";
import { GRAPH_SOURCE } from "./graph_source.ts";

/** FLOPs and bytes of a part of a graph. */
export interface Cost {
  /** How often nodes ran. */
  runs: number;
  flops: ConventionFlops;
  bytes: NodeBytes;
}

export interface NodeCost extends Cost {
  name: string;
  /** As "ai.onnx:MatMul". */
  operator: string;
  /** By the names of the weights and caches that it touches; null outside of the layers. */
  layer: number | null;
}

export interface GraphCost extends Cost {
  /** By operator, the costliest (executed FLOPs, then bytes) first. */
  operators: (Cost & { operator: string })[];
  /** In the order of the graph; nodes of subgraphs where they ran first. */
  nodes: NodeCost[];
  /** By layer, [layers]; what belongs to none is `outside`. */
  layers: Cost[];
  outside: Cost;
  /** Of `bytes.weights`, those of parameters that are multiplied by or added: look-ups, tables and constants left out. */
  parameterBytes: number;
  /** Elements of weights, shared ones once. */
  parameters: number;
  /** Without the experts that a token does not go to. */
  activeParameters: number;
  /** FLOPs of the experts as counted (those that are chosen), and if all were computed; null without experts. */
  experts: { active: ConventionFlops; all: ConventionFlops } | null;
  /** The most bytes of activations that live at once (Liveness says what is left out), and where. */
  peakActivations: { bytes: number; node: string };
  /** Nodes whose cost is not in the sums, and why. Empty: the cost is complete. */
  unknown: { name: string; operator: string; reason: string }[];
  /** What was assumed: of masks whose values are not known, of sizes that depend on data. */
  notes: string[];
}

/**
 * The cost of one run of an ONNX model.
 *
 * FLOPs are given in all three conventions (see `FlopsConvention`); the causal one needs the mask: fused attention says
 * it itself, attention in plain operators is counted by its mask where the mask follows from the bindings. Of experts,
 * those are counted that a token goes to, whatever a kernel does. Nodes whose inputs are all weights are computed when
 * the model is opened and cost nothing here.
 *
 * @param source A path, a file's bytes, or a model that was read before.
 * @param bindings A number for every symbol of the inputs (`modelSymbols` lists them); and by the name of an input the
 *   value of its elements, where a shape or a number of turns depends on it.
 * @param values Values of whole inputs, such as a mask of ones, by name.
 * @throws {RangeError} If a symbol is not bound or shapes do not fit; {SyntaxError} if the file is no model; {TypeError}
 * for a binding of a name that the model does not have.
 */
export async function graphCost(
  source: string | Uint8Array | OnnxModel,
  bindings: Bindings,
  values: Record<string, (dims: number[]) => Float64Array> = {},
): Promise<GraphCost> {
  noOptions("graphCost", arguments, 3);
  checkArgument("Cannot count the graph's cost", "source", source, GRAPH_SOURCE);
  const model = typeof source === "string" || source instanceof Uint8Array ? await readModel(source) : source;
  checkBindings(model, bindings, values, source);
  try {
    return countGraph(model, bindings, values);
  } catch (error) {
    if (typeof source !== "string" || !(error instanceof RangeError)) throw error;
    throw new RangeError(`${error.message}; the model is ${source}`, { cause: error });
  }
}

/** `graphCost` of a model that was read, with bindings that may hold more than it needs. */
export function countGraph(
  model: OnnxModel,
  bindings: Bindings,
  values: Record<string, (dims: number[]) => Float64Array> = {},
): GraphCost {
  return new Count(model).run(bindings, values);
}

const GRAPH_COST = data<GraphCost>("the cost of a graph, as graphCost gives", { unknown: entries() });

/**
 * A cost whose sums are whole.
 *
 * @throws {TypeError} If operators were not known; names them.
 */
export function requireComplete(cost: GraphCost): GraphCost {
  checkArgument("Cannot count the cost", "cost", cost, GRAPH_COST);
  if (cost.unknown.length === 0) return cost;
  const { name, operator, reason } = cost.unknown[0];
  const more = cost.unknown.length > 1 ? ` (and ${cost.unknown.length - 1} more nodes, most of them behind it)` : "";
  throw new TypeError(`Cannot count the cost of node "${name}" (${operator}): ${reason}${more}`);
}

class Count {
  readonly #nodes = new Map<OnnxNode, NodeCost>();
  readonly #attention = new PlainAttention();
  readonly #layers = new Layers();
  readonly #liveness = new Liveness();
  readonly #parameters: Parameters;
  readonly #unknown = new Map<OnnxNode, GraphCost["unknown"][number]>();
  readonly #experts = new Experts();
  readonly #notes = new Set<string>();
  #expertFlops: GraphCost["experts"] = null;
  #parameterBytes = 0;

  constructor(readonly model: OnnxModel) {
    this.#parameters = new Parameters(model.graph);
  }

  run(bindings: Bindings, values: Record<string, (dims: number[]) => Float64Array>): GraphCost {
    inferShapes(this.model, bindings, {
      ran: (execution) => this.#ran(execution),
      hold: (x) => this.#liveness.hold(x),
      release: (x) => this.#liveness.release(x),
      unknown: (node, reason) => {
        this.#unknown.set(node, { name: node.name, operator: operatorName(node), reason });
      },
    }, values);
    const nodes = [...this.#nodes.values()];
    const byOperator = Map.groupBy(nodes, (n) => n.operator);
    const layers = nodes.reduce((most, n) => Math.max(most, (n.layer ?? -1) + 1), 0);
    return {
      ...total(nodes),
      operators: [...byOperator].map(([operator, of]) => ({ operator, ...total(of) })).sort(costliest),
      nodes,
      layers: Array.from({ length: layers }, (_, i) => total(nodes.filter((n) => n.layer === i))),
      outside: total(nodes.filter((n) => n.layer === null)),
      parameterBytes: this.#parameterBytes,
      parameters: this.#parameters.total,
      activeParameters: this.#parameters.active,
      experts: this.#expertFlops,
      peakActivations: { bytes: this.#liveness.peakBytes, node: this.#liveness.peakNode },
      unknown: [...this.#unknown.values()],
      notes: [...this.#notes, ...new Set(this.#attention.unmasked.map(unmaskedNote))],
    };
  }

  #ran(execution: Execution): void {
    const { view, times } = execution, cost = this.#costOf(view.node), flops = nodeFlops(execution);
    this.#liveness.ran(execution);
    const share = this.#experts.visit(execution);
    const read = this.#parameters.visit(execution, share), bytes = nodeBytes(execution);
    if (read) this.#parameterBytes += times * bytes.weights;
    view.assumptions.forEach((note) => this.#notes.add(note));
    cost.layer = this.#layers.visit(execution);
    cost.runs += times;
    cost.flops = sumFlops(cost.flops, flops, times);
    cost.bytes = sumBytes(cost.bytes, bytes, times);
    this.#attention.visit(execution, (visible, of) => {
      cost.flops.causal -= times * (flops.dense - flops.dense / of * visible);
    });
    if (share < 1) {
      const { active, all } = this.#expertFlops ?? { active: NO_FLOPS, all: NO_FLOPS };
      this.#expertFlops = { active: sumFlops(active, flops, times), all: sumFlops(all, flops, times / share) };
    }
  }

  #costOf(node: OnnxNode): NodeCost {
    let cost = this.#nodes.get(node);
    if (!cost) {
      cost = { name: node.name, operator: operatorName(node), layer: null, ...total([]) };
      this.#nodes.set(node, cost);
    }
    return cost;
  }
}

const NO_FLOPS: ConventionFlops = { dense: 0, causal: 0, executed: 0 };

function unmaskedNote(name: string): string {
  return `the mask of "${name}" is not known: all of its pairs are counted`;
}

function total(parts: Cost[]): Cost {
  return parts.reduce<Cost>((sum, p) => ({
    runs: sum.runs + p.runs,
    flops: sumFlops(sum.flops, p.flops, 1),
    bytes: sumBytes(sum.bytes, p.bytes, 1),
  }), { runs: 0, flops: NO_FLOPS, bytes: NO_BYTES });
}

function sumFlops(a: ConventionFlops, b: ConventionFlops, times: number): ConventionFlops {
  return {
    dense: a.dense + times * b.dense,
    causal: a.causal + times * b.causal,
    executed: a.executed + times * b.executed,
  };
}

function sumBytes(a: NodeBytes, b: NodeBytes, times: number): NodeBytes {
  return {
    weights: a.weights + times * b.weights,
    caches: a.caches + times * b.caches,
    activations: a.activations + times * b.activations,
    written: a.written + times * b.written,
  };
}

function costliest(a: Cost, b: Cost): number {
  const bytes = ({ bytes: { weights, caches, activations, written } }: Cost) =>
    weights + caches + activations + written;
  return b.flops.executed - a.flops.executed || bytes(b) - bytes(a);
}
