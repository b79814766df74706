/** Typed access to a node's attributes. */
import type { OnnxAttribute, OnnxGraph, OnnxNode, OnnxTensor } from "./onnx_model.ts";

/** @throws {SyntaxError} If there is none and no `absent`, or it is no number. */
export function numberAttribute(node: OnnxNode, name: string, absent?: number): number {
  return read(node, name, "a number", (a) => typeof a === "number" ? a : undefined, absent);
}

export function stringAttribute(node: OnnxNode, name: string, absent?: string): string {
  return read(node, name, "a string", (a) => typeof a === "string" ? a : undefined, absent);
}

/** A list of numbers, or null where the node has none. */
export function numbersAttribute(node: OnnxNode, name: string): number[] | null {
  const numbers = (a: OnnxAttribute) => Array.isArray(a) && a.every((x) => typeof x === "number") ? a : undefined;
  return read<number[] | null>(node, name, "a list of numbers", numbers, null);
}

export function graphAttribute(node: OnnxNode, name: string): OnnxGraph {
  return read(node, name, "a graph", (a) => typeof a === "object" && "nodes" in a ? a : undefined);
}

/** A tensor, or null where the node has none. */
export function tensorAttribute(node: OnnxNode, name: string): OnnxTensor | null {
  const tensor = (a: OnnxAttribute) => typeof a === "object" && "values" in a && "dims" in a ? a : undefined;
  return read<OnnxTensor | null>(node, name, "a tensor", tensor, null);
}

function read<T>(
  node: OnnxNode,
  name: string,
  kind: string,
  as: (attribute: OnnxAttribute) => T | undefined,
  absent?: T,
): T {
  const attribute = node.attributes.get(name);
  const value = attribute === undefined ? absent : as(attribute);
  if (value === undefined) {
    const got = attribute === undefined ? "which it has not" : "and is of another kind";
    throw new SyntaxError(`Node "${node.name}" (${node.opType}): attribute "${name}" must be ${kind}, ${got}`);
  }
  return value;
}
