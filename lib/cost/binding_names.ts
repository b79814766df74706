/** The names that bindings may have: of a model's symbols, and of values that its graphs compute with. */
import { Check } from "../check/check.ts";
import { names } from "../check/objects.ts";
import { func, quantity, type Rule } from "../check/rules.ts";
import { type Bindings, symbolsOf } from "../onnx/dims.ts";
import type { OnnxAttribute, OnnxGraph, OnnxModel, OnnxNode } from "../onnx/onnx_model.ts";

/** Numbers by name; whether a model knows the names, `checkBindings` says. */
export const BINDINGS: Rule<Bindings> = names(quantity(), "number");
const VALUES = names(func(), "function");

/**
 * Refuse a name that the model has neither as a symbol nor as a value: it would change nothing.
 *
 * @param values Of whole inputs, by name.
 * @throws {TypeError} Naming it, with what was meant.
 */
export function checkBindings(
  model: OnnxModel,
  bindings: Bindings,
  values: Record<string, unknown> = {},
  source?: unknown,
): void {
  const of = typeof source === "string" ? `the cost of ${source}` : "the graph's cost";
  const check = new Check(`Cannot count ${of}`, { part: "binding" });
  BINDINGS(check, "bindings", bindings);
  VALUES(check, "values", values);
  const inputs = model.graph.inputs.map(({ name }) => name);
  const stranger = Object.keys(values).find((name) => !inputs.includes(name));
  if (stranger !== undefined) check.unknown("values", stranger, inputs);
  const given = Object.keys(bindings);
  if (!given.length) return;
  const symbols = new Set<string>(), valueNames = new Set<string>();
  collect(model.graph, symbols, valueNames);
  for (const { nodes } of model.functions.values()) nodes.forEach((node) => collectNode(node, symbols, valueNames));
  const unknown = given.find((name) => !symbols.has(name) && !valueNames.has(name));
  if (unknown !== undefined) check.unknown("bindings", unknown, [...new Set([...symbols, ...inputs])]);
}

function collect(graph: OnnxGraph, symbols: Set<string>, valueNames: Set<string>): void {
  for (const { name, dims } of [...graph.inputs, ...graph.outputs, ...graph.valueInfo.values()]) {
    valueNames.add(name);
    (dims ?? []).forEach((dim, axis) => {
      if (dim === "") symbols.add(`${name}#${axis}`);
      else if (typeof dim === "string") [dim, ...symbolsOf(dim)].forEach((symbol) => symbols.add(symbol));
    });
  }
  graph.nodes.forEach((node) => collectNode(node, symbols, valueNames));
}

function collectNode(node: OnnxNode, symbols: Set<string>, valueNames: Set<string>): void {
  for (const name of [...node.inputs, ...node.outputs]) valueNames.add(name);
  for (const attribute of node.attributes.values()) {
    if (isGraph(attribute)) collect(attribute, symbols, valueNames);
  }
}

function isGraph(attribute: OnnxAttribute): attribute is OnnxGraph {
  return typeof attribute === "object" && "nodes" in attribute;
}
