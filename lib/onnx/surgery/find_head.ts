/** The head of a text decoder: the product that makes logits of hidden states, found by the way back from the logits. */
import type { GraphProto, NodeProto } from "onnx-buf";
import { Constants, makers } from "./constants.ts";

export interface Head {
  /** What the product reads, float [..., hidden]: each row makes one row of logits. */
  input: string;
  /** The product and what stands behind it, in order: each row by itself. */
  nodes: NodeProto[];
}

/** Products of rows with a matrix that is a weight: input 0 has the rows. */
const PRODUCTS = ["MatMul", "Gemm", "MatMulNBits", "FusedMatMul", "MatMulBnb4"];
/** Of one value, element by element. */
const UNARY = ["Cast", "Identity", "Tanh", "Clip", "Sigmoid"];
/** Of a value and one that is the same for all rows. */
const BINARY = ["Add", "Sub", "Mul", "Div", "Min", "Max"];

/**
 * Find the head.
 *
 * @throws {TypeError} If the logits do not come of one by operators that work on each row alone; names the output.
 */
export function findHead(graph: GraphProto, logits: string, vocabSize: number): Head {
  const made = makers(graph), constants = new Constants(graph), nodes: NodeProto[] = [];
  let name = logits;
  for (;;) {
    const node = made.get(name);
    if (!node) throw notFound(logits, `it comes of "${name}", which no operator makes`);
    nodes.unshift(node);
    if (PRODUCTS.includes(node.opType)) {
      if (!isRowProduct(node, constants)) throw notFound(logits, `it comes of a product of two ${shown(node)}`);
      const width = constants.dims(node.input[1])?.at(node.opType === "Gemm" && flag(node, "transB") ? 0 : -1);
      const reshaped = nodes.some(({ opType }) => opType === "Reshape");
      if (reshaped && node.opType !== "MatMulNBits" && width !== undefined && width !== vocabSize) {
        throw notFound(
          logits,
          `its product has ${width} columns, and the vocabulary ${vocabSize} entries ${shown(node)}`,
        );
      }
      return { input: node.input[0], nodes };
    }
    name = rowInput(node, constants) ?? fail(logits, node);
  }
}

/** The input whose rows become the rows of a node's output, or null where rows may touch one another. */
function rowInput({ opType, input }: NodeProto, constants: Constants): string | null {
  if (UNARY.includes(opType) || opType === "Reshape") return input[0];
  if (!BINARY.includes(opType) || input.length !== 2) return null;
  const variable = input.filter((name) => !constants.has(name));
  if (variable.length !== 1) return null;
  const [other] = input.filter((name) => name !== variable[0]), dims = constants.dims(other);
  return dims && dims.slice(0, -1).every((d) => d === 1) ? variable[0] : null;
}

function isRowProduct(node: NodeProto, constants: Constants): boolean {
  const [, ...others] = node.input;
  return others.length > 0 && others.every((name) => name === "" || constants.has(name)) && !flag(node, "transA");
}

function flag({ attribute }: NodeProto, name: string): boolean {
  return (attribute.find((a) => a.name === name)?.i ?? 0n) !== 0n;
}

function shown({ opType, name, output }: NodeProto): string {
  return `(${opType} "${name || output[0]}")`;
}

function fail(logits: string, node: NodeProto): never {
  throw notFound(logits, `it comes of ${node.opType} "${node.name || node.output[0]}", which may mix rows`);
}

function notFound(logits: string, reason: string): TypeError {
  return new TypeError(
    `no head was found behind its output "${logits}": ${reason}; looked for ${PRODUCTS.join(", ")} by a weight, with ` +
      `nothing between but ${[...BINARY, ...UNARY].join(", ")} and Reshape`,
  );
}
