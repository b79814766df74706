/** What a rule of shape inference sees of one node: its inputs as tensors, and its attributes. */
import { numberAttribute, numbersAttribute, stringAttribute } from "./attributes.ts";
import type { OnnxNode } from "./onnx_model.ts";
import { NotKnown, type Tensor } from "./tensor.ts";

/** The outputs of a node, as many as the operator has; null for one that can't be told. */
export type ShapeRule = (node: NodeView) => (Tensor | null)[];

export class NodeView {
  /** @param inputs null where an input is left out. */
  constructor(readonly node: OnnxNode, readonly inputs: (Tensor | null)[], readonly opset: number) {}

  /** @throws {RangeError} If the input is left out. */
  input(index: number): Tensor {
    return this.inputs[index] ?? fail(`needs an input ${index}`);
  }

  optional(index: number): Tensor | null {
    return this.inputs[index] ?? null;
  }

  /** What a rule had to assume about values that depend on data. */
  readonly assumptions: string[] = [];

  /** The values of an input. @throws {NotKnown} If they are not known; names the input. */
  values(index: number): number[] {
    const { values } = this.input(index);
    if (!values) throw new NotKnown(`its shape depends on the values of "${this.node.inputs[index]}"`);
    return [...values];
  }

  /** Axes (or the like) that older versions of an operator have as an attribute, newer ones as an input. */
  numbers(attribute: string, index: number): number[] | null {
    const given = numbersAttribute(this.node, attribute);
    return given ?? (this.inputs[index] ? this.values(index) : null);
  }

  number(name: string, absent?: number): number {
    return numberAttribute(this.node, name, absent);
  }

  list(name: string): number[] | null {
    return numbersAttribute(this.node, name);
  }

  text(name: string, absent?: string): string {
    return stringAttribute(this.node, name, absent);
  }
}

function fail(reason: string): never {
  throw new RangeError(reason);
}
