/** Nodes of our graphs in the words of older operator sets, for graphs that join one that was made elsewhere. */
import { create } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  type GraphProto,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
} from "onnx-buf";

/** Squeeze, Unsqueeze and ReduceSum take axes as an input from here on. */
const OLDEST = 13;
/** ReduceMax and its like take axes as an input from here on. */
const AXES_AS_INPUT = 18;
/** Shape can give some of the axes from here on. */
const PART_OF_SHAPE = 15;

/**
 * The graph with our nodes as an operator set of this version has them; those of `adopted` stay as they are.
 *
 * @throws {RangeError} For a version that has no words for them.
 */
export function lowered(graph: GraphProto, opset: number, adopted: ReadonlySet<NodeProto>): GraphProto {
  if (opset < OLDEST) {
    throw new RangeError(
      `its operators are those of opset ${opset}, and nodes can be added from opset ${OLDEST} on; export it with that`,
    );
  }
  if (opset < AXES_AS_INPUT) lowerGraph(graph, opset, adopted, new Map());
  return graph;
}

type Constants = Map<string, TensorProto>;

function lowerGraph(graph: GraphProto, opset: number, adopted: ReadonlySet<NodeProto>, outer: Constants): void {
  const constants = new Map([...outer, ...graph.initializer.map((t): [string, TensorProto] => [t.name, t])]);
  graph.node = graph.node.flatMap((node) => {
    if (adopted.has(node)) return [node];
    for (const { g } of node.attribute) if (g) lowerGraph(g, opset, adopted, constants);
    if (/^Reduce(Max|Min)$/.test(node.opType)) return [withAxes(node, constants)];
    return node.opType === "Shape" && opset < PART_OF_SHAPE ? partOfShape(node) : [node];
  });
}

function withAxes(node: NodeProto, constants: Constants): NodeProto {
  const [data, axes] = node.input;
  if (axes === undefined) return node;
  const { rawData } = constants.get(axes)!, view = new DataView(rawData.buffer, rawData.byteOffset, rawData.length);
  const ints = Array.from({ length: rawData.length / 8 }, (_, i) => view.getBigInt64(8 * i, true));
  node.input = [data];
  node.attribute.push(create(AttributeProtoSchema, { name: "axes", type: AttributeType.INTS, ints }));
  return node;
}

/** Shape, then a slice of it. */
function partOfShape(node: NodeProto): NodeProto[] {
  const bound = (name: string, absent: bigint) => node.attribute.find((a) => a.name === name)?.i ?? absent;
  const starts = bound("start", 0n), ends = bound("end", 2n ** 31n - 1n);
  const [output] = node.output, whole = `${output}/all`;
  const constant = (name: string, value: bigint) =>
    create(NodeProtoSchema, {
      opType: "Constant",
      output: [`${output}/${name}`],
      attribute: [create(AttributeProtoSchema, { name: "value_ints", type: AttributeType.INTS, ints: [value] })],
    });
  return [
    create(NodeProtoSchema, { opType: "Shape", input: node.input, output: [whole] }),
    constant("starts", starts),
    constant("ends", ends),
    create(NodeProtoSchema, {
      opType: "Slice",
      name: node.name,
      input: [whole, `${output}/starts`, `${output}/ends`],
      output: [output],
    }),
  ];
}
