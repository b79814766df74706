/** Which values of a graph do not depend on its inputs. */
import { AttributeProto_AttributeType as AttributeType, type GraphProto, type NodeProto } from "onnx-buf";

export class Constants {
  readonly #made: Map<string, NodeProto>;
  readonly #dims = new Map<string, number[]>();
  readonly #known = new Map<string, boolean>();

  constructor(graph: GraphProto) {
    this.#made = makers(graph);
    for (const { name, dims } of graph.initializer) this.#dims.set(name, dims.map(Number));
    for (const { opType, attribute, output } of graph.node) {
      const value = opType === "Constant" && attribute.find(({ type }) => type === AttributeType.TENSOR)?.t;
      if (value) this.#dims.set(output[0], value.dims.map(Number));
    }
  }

  /** Whether a value is a weight, or made of weights alone. */
  has(name: string): boolean {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    this.#known.set(name, false);
    const node = this.#made.get(name);
    const constant = node
      ? !/^Random|^Multinomial|^Bernoulli/.test(node.opType) && node.attribute.every(({ g }) => !g) &&
        node.input.every((input) => input === "" || this.has(input))
      : this.#dims.has(name);
    this.#known.set(name, constant);
    return constant;
  }

  /** The dims of a weight as it is stored; null for one that is made of others. */
  dims(name: string): number[] | null {
    return this.#dims.get(name) ?? null;
  }
}

/** The node that gives each value. */
export function makers(graph: GraphProto): Map<string, NodeProto> {
  return new Map(graph.node.flatMap((node) => node.output.map((name): [string, NodeProto] => [name, node])));
}
