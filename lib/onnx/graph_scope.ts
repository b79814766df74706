/** The walk through a model: graphs, their names, and each node's rule. */
import { type Bindings, evaluateDim } from "./dims.ts";
import { lastUses, withAttributes } from "./graph_names.ts";
import { NodeView, type ShapeRule } from "./node_view.ts";
import type { OnnxFunction, OnnxGraph, OnnxModel, OnnxNode, OnnxTensor, OnnxValue } from "./onnx_model.ts";
import { LIMITS } from "./read_model.ts";
import { CONTROL_RULES, type ControlRule, type Surroundings } from "./shapes_control.ts";
import { ELEMENTWISE_RULES } from "./shapes_elementwise.ts";
import { FUSED_RULES } from "./shapes_fused.ts";
import { MOVEMENT_RULES } from "./shapes_movement.ts";
import { PRODUCT_RULES } from "./shapes_products.ts";
import { isKnown, type Known, NotKnown, type Tensor, tensor, VALUES_LIMIT } from "./tensor.ts";
import { elementCount, isFloat } from "./tensor_types.ts";

/** One node that ran, with the shapes that it met. */
export interface Execution {
  view: NodeView;
  outputs: (Tensor | null)[];
  /** How often it ran in the same way: more than once in a loop whose turns are alike. */
  times: number;
  /** All of its inputs follow from weights: a runtime computes it once, when the model is opened. */
  constant: boolean;
}

/** What watches the walk. `hold` and `release` pair up: a tensor lives while a name holds it. */
export interface Visitor {
  ran?(execution: Execution): void;
  /** A node whose shapes can't be told; the operators behind it may be unknown for that reason alone. */
  unknown?(node: OnnxNode, reason: string): void;
  hold?(value: Tensor): void;
  release?(value: Tensor): void;
}

const RULES: Record<string, ShapeRule> = {
  ...ELEMENTWISE_RULES,
  ...MOVEMENT_RULES,
  ...PRODUCT_RULES,
  ...FUSED_RULES,
};
/** Never computed beforehand: what differs from run to run, and quantised weights, which stay as they are stored. */
const NOT_FOLDED = /^(Random|Multinomial|Bernoulli|DequantizeLinear)/;
/** Runs of nodes in one walk; a thousand turns of a large model's loop. */
const MAX_RUNS = 20_000_000;
/** Whether an operator of a domain can be known: those of ai.onnx and of onnxruntime. */
const KNOWN_DOMAINS = new Set(["", "com.microsoft"]);

/** What all graphs of one walk share. */
export class Walk {
  readonly #lastUses = new Map<OnnxGraph, Map<string, number>>();
  #runs = 0;

  constructor(readonly model: OnnxModel, readonly bindings: Bindings, readonly visitor: Visitor) {}

  lastUses(graph: OnnxGraph): Map<string, number> {
    let uses = this.#lastUses.get(graph);
    if (!uses) this.#lastUses.set(graph, uses = lastUses(graph));
    return uses;
  }

  /** A graph of loops in loops could run for ever. @throws {RangeError} */
  countRun(): void {
    if (++this.#runs > MAX_RUNS) throw new RangeError(`Cannot infer shapes: more than ${MAX_RUNS} runs of nodes`);
  }

  opset(domain: string): number {
    return this.model.opsets.get(domain) ?? 1;
  }
}

/** One run of a graph: the names that it knows, and those of the graphs around it. */
export class Scope implements Surroundings {
  readonly #known = new Map<string, Known>();

  constructor(readonly walk: Walk, readonly graph: OnnxGraph, readonly outer: Scope | null) {}

  /**
   * @param times How often this run counts.
   * @returns The graph's outputs, still held: the caller releases them.
   */
  run(inputs: Known[], times: number): Known[] {
    const { graph } = this;
    graph.inputs.forEach(({ name }, i) => this.#set(name, inputs[i]));
    const lastUse = this.walk.lastUses(graph);
    graph.nodes.forEach((node, at) => {
      this.#runNode(node, times);
      for (const name of [...node.inputs, ...node.outputs]) {
        if ((lastUse.get(name) ?? -1) <= at) this.#drop(name);
      }
    });
    const outputs = graph.outputs.map(({ name }) => this.lookup(name));
    this.hold(outputs);
    for (const name of [...this.#known.keys()]) this.#drop(name);
    return outputs;
  }

  lookup(name: string): Known {
    const known = this.#known.get(name);
    if (known) return known;
    const initializer = this.graph.initializers.get(name);
    if (initializer) {
      const { type, dims } = initializer, values = initializer.values(valuesLimit(initializer));
      const made: Tensor = { type, dims, values, constant: true, weight: name };
      this.#known.set(name, made);
      return made;
    }
    if (this.outer) return this.outer.lookup(name);
    throw new RangeError(`Cannot infer shapes: a node reads "${name}", which nothing before it gives`);
  }

  get bindings(): Bindings {
    return this.walk.bindings;
  }

  runInner(graph: OnnxGraph, inputs: Known[], times: number): Known[] {
    return new Scope(this.walk, graph, this).run(inputs, times);
  }

  #runNode(node: OnnxNode, times: number): void {
    this.walk.countRun();
    const inputs = node.inputs.map((name) => (name === "" ? null : this.lookup(name)));
    let outputs: Known[], held = false;
    try {
      const at = inputs.findIndex((x) => x !== null && !isKnown(x));
      if (at >= 0) throw new NotKnown(`the shape of its input "${node.inputs[at]}" is not known`);
      ({ outputs, held } = this.#outputs(node, inputs as (Tensor | null)[], times));
    } catch (error) {
      if (!(error instanceof NotKnown)) throw withNode(error, node);
      const reason = error.message;
      this.walk.visitor.unknown?.(node, reason);
      outputs = node.outputs.map((name) => this.#declared(name) ?? { reason });
    }
    node.outputs.forEach((name, i) => {
      if (name !== "") this.#set(name, outputs[i] ?? { reason: `${node.opType} gives no output ${i}` });
    });
    if (held) this.release(outputs);
  }

  /** A node's outputs; those of subgraphs come held. */
  #outputs(node: OnnxNode, inputs: (Tensor | null)[], times: number): { outputs: Known[]; held: boolean } {
    const key = `${node.domain}:${node.opType}`, called = this.walk.model.functions.get(key);
    if (called) return { outputs: this.#call(node, called, inputs, times), held: true };
    const control: ControlRule | undefined = CONTROL_RULES[key];
    if (control) return { outputs: control(this, node, inputs, times), held: true };
    return { outputs: this.#apply(node, inputs, times), held: false };
  }

  /** One operator; reports the run. */
  #apply(node: OnnxNode, inputs: (Tensor | null)[], times: number): Known[] {
    const rule = KNOWN_DOMAINS.has(node.domain) && (RULES[`${node.domain}:${node.opType}`] ?? RULES[node.opType]);
    if (!rule) throw new NotKnown(`the operator ${operatorName(node)} is not known`);
    const view = new NodeView(node, inputs, this.walk.opset(node.domain));
    const constant = inputs.every((x) => x === null || x.constant) && !NOT_FOLDED.test(node.opType);
    const outputs = rule(view).map((x, i) => {
      if (x === null || !node.outputs[i]) return null;
      requireShape(x.dims);
      return constant ? { ...x, constant: true, weight: x.weight ?? node.outputs[i] } : { ...x, constant: false };
    });
    this.walk.visitor.ran?.({ view, outputs, times, constant });
    return outputs.map((x, i) => x ?? { reason: `${node.opType} gives no output ${i}` });
  }

  /** A function of the model's own: its nodes run with the caller's inputs and attributes. */
  #call(node: OnnxNode, f: OnnxFunction, inputs: (Tensor | null)[], times: number): Known[] {
    const attributes = new Map([...f.defaults, ...node.attributes]);
    const named = (name: string): OnnxValue => ({ name, type: "unknown", dims: null });
    const graph: OnnxGraph = {
      name: node.opType,
      nodes: f.nodes.map((inner) => withAttributes(inner, attributes)),
      inputs: f.inputs.map(named),
      outputs: f.outputs.map(named),
      initializers: new Map(),
      valueInfo: new Map(),
    };
    const given = f.inputs.map((_, i) => inputs[i] ?? { reason: `input ${i} of ${node.opType} is left out` });
    return new Scope(this.walk, graph, null).run(given, times);
  }

  /** What the file itself says of a value's shape. */
  #declared(name: string): Tensor | null {
    const value = this.graph.valueInfo.get(name) ?? this.graph.outputs.find((o) => o.name === name);
    const dims = value?.dims?.map((d) => (d === "" ? null : evaluateDim(d, this.walk.bindings)));
    if (!dims || dims.some((d) => d === null)) return null;
    return tensor(value!.type, dims as number[]);
  }

  hold(values: Known[]): void {
    for (const x of values) if (isKnown(x)) this.walk.visitor.hold?.(x);
  }

  release(values: Known[]): void {
    for (const x of values) if (isKnown(x)) this.walk.visitor.release?.(x);
  }

  #set(name: string, value: Known): void {
    this.hold([value]);
    this.#known.set(name, value);
  }

  #drop(name: string): void {
    const value = this.#known.get(name);
    if (!value) return;
    if (!this.graph.initializers.has(name)) this.release([value]);
    this.#known.delete(name);
  }
}

/**
 * How many values of an initialiser are followed: all of a shape, a position or a mask, whose first axes are 1, but not
 * those of matrices.
 */
function valuesLimit({ type, dims }: OnnxTensor): number {
  const isMask = dims.length > 2 && dims.slice(0, -2).every((d) => d === 1);
  return isFloat(type) && !isMask ? 4096 : VALUES_LIMIT;
}

/** "domain:operator", as the lists of what is not known say it. */
export function operatorName(node: OnnxNode): string {
  return `${node.domain || "ai.onnx"}:${node.opType}`;
}

/** A rule's arithmetic on numbers of a damaged file may give anything. */
function requireShape(dims: number[]): void {
  const fits = dims.length <= LIMITS.rank && dims.every((d) => Number.isSafeInteger(d) && d >= 0);
  if (!fits || elementCount(dims) > Number.MAX_SAFE_INTEGER) throw new RangeError(`the shape [${dims}] is none`);
}

/** Shapes that do not fit together are an error that names the innermost node. */
function withNode(error: unknown, node: OnnxNode): unknown {
  if (!(error instanceof RangeError) || error.message.startsWith("Cannot")) return error;
  const where = `node "${node.name}" (${operatorName(node)})`;
  return new RangeError(`Cannot infer shapes: ${where}: ${error.message}`, { cause: error });
}
