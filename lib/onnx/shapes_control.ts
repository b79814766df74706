/** Loop, Scan and If: their subgraphs run as often as they would. */
import { graphAttribute, numberAttribute, numbersAttribute } from "./attributes.ts";
import type { Bindings } from "./dims.ts";
import type { OnnxGraph, OnnxNode } from "./onnx_model.ts";
import { axisOf, isKnown, type Known, NotKnown, type Tensor, tensor } from "./tensor.ts";

/** What a rule needs of the graph around its node. */
export interface Surroundings {
  readonly bindings: Bindings;
  hold(values: Known[]): void;
  release(values: Known[]): void;
  /** Runs a subgraph that sees the names around the node; its outputs come back held. */
  runInner(graph: OnnxGraph, inputs: Known[], times: number): Known[];
}

/** Runs a node's subgraphs. The outputs come back held. */
export type ControlRule = (scope: Surroundings, node: OnnxNode, inputs: (Tensor | null)[], times: number) => Known[];

/** Turns of a Loop that are run one by one; turns that are alike are counted, however many they are. */
const MAX_TURNS = 16_384;

/**
 * All `M` turns are taken to run: an early end is not foreseen. Where the value of M is not known, it is the binding of
 * its name.
 */
function loop(scope: Surroundings, node: OnnxNode, inputs: (Tensor | null)[], times: number): Known[] {
  const body = graphAttribute(node, "body"), count = inputs[0]?.values?.[0] ?? scope.bindings[node.inputs[0]];
  if (count === undefined) throw new NotKnown(`its number of turns is not known; bind "${node.inputs[0]}"`);
  const counter = tensor("int64", []), goOn = tensor("bool", []), carried = body.inputs.length - 2;
  let state: Known[] = inputs.slice(2).map((x) => x ?? { reason: "an input of the loop is left out" });
  let before: Known[] | null = null, scanned: Known[] = [];
  scope.hold(state);
  for (let turn = 0; turn < count;) {
    if (turn === MAX_TURNS) throw new NotKnown(`${count} turns that all differ are more than ${MAX_TURNS}`);
    const alikeTurns = before && state.every((x, i) => alike(x, before![i])) ? count - turn : 1;
    const outputs = scope.runInner(body, [counter, goOn, ...state], times * alikeTurns);
    scope.release([...state, outputs[0], ...outputs.slice(1 + carried)]);
    before = state;
    state = outputs.slice(1, 1 + carried);
    scanned = outputs.slice(1 + carried);
    turn += alikeTurns;
  }
  const stacked = node.outputs.slice(carried).map((_, i) => {
    const last = scanned[i] ?? { reason: "the loop has no turns" };
    return isKnown(last) ? tensor(last.type, [count, ...last.dims]) : last;
  });
  scope.hold(stacked);
  return [...state, ...stacked];
}

/** Same type and shape, and the same values where they are known. */
function alike(a: Known, b: Known): boolean {
  if (!isKnown(a) || !isKnown(b)) return !isKnown(a) && !isKnown(b);
  if (a.type !== b.type || a.dims.join() !== b.dims.join() || !a.values !== !b.values) return false;
  return !a.values || a.values.every((x, i) => x === b.values![i]);
}

/** States keep their shape, so one turn stands for all. */
function scan(scope: Surroundings, node: OnnxNode, inputs: (Tensor | null)[], times: number): Known[] {
  const body = graphAttribute(node, "body"), slices = numberAttribute(node, "num_scan_inputs");
  const states = inputs.length - slices, inputAxes = numbersAttribute(node, "scan_input_axes") ?? [];
  const outputAxes = numbersAttribute(node, "scan_output_axes") ?? [];
  let length = 0;
  const given = inputs.map((x, i): Known => {
    if (!x) return { reason: "an input of the scan is left out" };
    if (i < states) return tensor(x.type, x.dims);
    const axis = axisOf(inputAxes[i - states] ?? 0, x.dims.length);
    length = x.dims[axis];
    return tensor(x.type, x.dims.filter((_, j) => j !== axis));
  });
  const outputs = scope.runInner(body, given, times * length);
  const stacked = outputs.slice(states).map((x, i) => {
    if (!isKnown(x)) return x;
    const axis = axisOf(outputAxes[i] ?? 0, x.dims.length + 1);
    return tensor(x.type, [...x.dims.slice(0, axis), length, ...x.dims.slice(axis)]);
  });
  scope.release(outputs.slice(states));
  scope.hold(stacked);
  return [...outputs.slice(0, states), ...stacked];
}

function branch(scope: Surroundings, node: OnnxNode, inputs: (Tensor | null)[], times: number): Known[] {
  const condition = inputs[0]?.values?.[0] ?? scope.bindings[node.inputs[0]];
  if (condition === undefined) {
    throw new NotKnown(`its condition is not known; bind "${node.inputs[0]}" or the inputs that it is computed from`);
  }
  return scope.runInner(graphAttribute(node, condition ? "then_branch" : "else_branch"), [], times);
}

export const CONTROL_RULES: Record<string, ControlRule> = { ":Loop": loop, ":Scan": scan, ":If": branch };
