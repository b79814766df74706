import assert from "node:assert/strict";
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation as DataLocation,
  TensorProtoSchema,
} from "onnx-buf";
import { GraphBuilder } from "../../lib/onnx/graph_builder.ts";
import { readModel } from "../../lib/onnx/read_model.ts";

/** Bytes of a model with this graph. */
function modelBytes(graph: GraphProto): Uint8Array {
  return toBinary(ModelProtoSchema, create(ModelProtoSchema, { irVersion: 10n, graph }));
}

function withTensor(tensor: Partial<TensorProto>): Uint8Array {
  const initializer = [create(TensorProtoSchema, { name: "w", dataType: 1, ...tensor as object })];
  return modelBytes(create(GraphProtoSchema, { initializer }));
}

function external(entries: Record<string, string>, dims: bigint[]): Uint8Array {
  const externalData = Object.entries(entries).map(([key, value]) =>
    create(StringStringEntryProtoSchema, { key, value })
  );
  return withTensor({ dims, dataLocation: DataLocation.EXTERNAL, externalData });
}

Deno.test("readModel() gives nodes with attributes of every kind, inputs with symbols, and small values", async () => {
  const g = new GraphBuilder("g");
  g.input("x", "float32", ["n", 2]);
  const w = g.constant("w", "int64", [3], [1, -2, 3]);
  g.weight("big", "float32", [4, 2], { location: "w.bin", offset: 16, length: 32 });
  const then = new GraphBuilder("then", "then/");
  then.output(then.node("Identity", ["x"]), "float32", ["n", 2]);
  g.node("Thing", ["x", "", w], { one: 1, half: { float: 0.5 }, axes: [0, -1], mode: "fast", body: { graph: then } }, {
    domain: "my.domain",
    outputs: ["y", ""],
  });
  g.output("y", "float32", ["n", 2]);
  const { graph, opsets } = await readModel(g.model());
  assert.deepEqual([...opsets], [["", 21], ["com.microsoft", 1]]);
  assert.deepEqual(graph.inputs, [{ name: "x", type: "float32", dims: ["n", 2] }]);
  const [node] = graph.nodes;
  assert.deepEqual([node.domain, node.opType, node.inputs, node.outputs], ["my.domain", "Thing", ["x", "", "w"], [
    "y",
    "",
  ]]);
  const { body, ...rest } = Object.fromEntries(node.attributes);
  assert.deepEqual(rest, { one: 1, half: 0.5, axes: [0, -1], mode: "fast" });
  assert.ok(typeof body === "object" && "nodes" in body && body.nodes[0].opType === "Identity");
  assert.deepEqual([...graph.initializers.get("w")!.values(10)!], [1, -2, 3]);
  assert.equal(graph.initializers.get("w")!.values(2), null, "more than the limit");
  const { external, dims } = graph.initializers.get("big")!;
  assert.deepEqual([external, dims], [{ location: "w.bin", offset: 16, length: 32 }, [4, 2]]);
  assert.equal(graph.initializers.get("big")!.values(100), null);
});

Deno.test("values are read from raw bytes and from typed fields, halves too", async () => {
  const values = async (tensor: Partial<TensorProto>) => {
    const { graph } = await readModel(withTensor(tensor));
    return [...graph.initializers.get("w")!.values(100)!];
  };
  assert.deepEqual(await values({ dims: [2n], floatData: [0.5, -1] }), [0.5, -1]);
  assert.deepEqual(await values({ dims: [2n], dataType: 7, int64Data: [5n, -6n] }), [5, -6]);
  // IEEE 754 halves: 1.0, -2.0, the smallest subnormal, infinity.
  const halves = [0x3c00, 0xc000, 1, 0x7c00], want = [1, -2, 2 ** -24, Infinity];
  assert.deepEqual(await values({ dims: [4n], dataType: 10, int32Data: halves }), want);
  const rawData = new Uint8Array(new Uint16Array(halves).buffer);
  assert.deepEqual(await values({ dims: [4n], dataType: 10, rawData }), want);
});

Deno.test("what is no model, or lies about its sizes, is refused with the reason", async () => {
  const four = new Uint8Array(4);
  const table: [bytes: Uint8Array, message: RegExp][] = [
    [new Uint8Array(0), /1 byte to 2 GiB, this one 0/],
    [new TextEncoder().encode("hello, I am no model"), /not an ONNX model/],
    [modelBytes(create(GraphProtoSchema, {})).slice(0, 3), /not an ONNX model|no graph/],
    [toBinary(ModelProtoSchema, create(ModelProtoSchema, { irVersion: 10n })), /it has no graph/],
    [withTensor({ dims: [2n], rawData: four }), /"w" \[2\] of float32 holds 4 bytes/],
    [withTensor({ dims: [2n], floatData: [1, 2, 3] }), /holds 3/],
    [withTensor({ dims: [-1n] }), /"w" has a dimension of -1/],
    [withTensor({ dims: [2n ** 62n] }), /a dimension of 4611686018427387904/],
    [withTensor({ dims: [2n ** 30n, 2n ** 30n] }), /"w" has the shape \[1073741824,1073741824\]/],
    [withTensor({ dims: new Array(65).fill(1n) }), /has the shape/],
    [withTensor({ dims: [1n], dataType: 99 }), /unknown element type 99/],
    [external({ location: "../secret", length: "4" }, [1n]), /lies in "..\/secret"; a file in the model's folder/],
    [external({ location: "/etc/passwd", length: "4" }, [1n]), /lies in "\/etc\/passwd"/],
    [external({ length: "4" }, [1n]), /lies in ""/],
    [external({ location: "w.bin", offset: "-4", length: "4" }, [1n]), /external offset "-4"/],
    [external({ location: "w.bin", offset: "1e300", length: "4" }, [1n]), /external offset "1e300"/],
    [external({ location: "w.bin", length: "8" }, [1n]), /needs 4 bytes, its external length is 8/],
  ];
  for (const [bytes, message] of table) await assert.rejects(readModel(bytes), message);
  const twice = create(TensorProtoSchema, { name: "w", dataType: 1, dims: [0n] });
  await assert.rejects(
    readModel(modelBytes(create(GraphProtoSchema, { initializer: [twice, twice] }))),
    /two initialisers are called "w"/,
  );
});

Deno.test("subgraphs nested without end are refused", async () => {
  let graph = create(GraphProtoSchema, {});
  for (let depth = 0; depth < 20; depth++) {
    const attribute = [create(AttributeProtoSchema, { name: "body", type: AttributeType.GRAPH, g: graph })];
    graph = create(GraphProtoSchema, { node: [create(NodeProtoSchema, { opType: "If", attribute })] });
  }
  await assert.rejects(readModel(modelBytes(graph)), /nested deeper than 16/);
});

Deno.test("an external tensor must lie inside its file, where the file is there", async () => {
  const folder = await mkdtemp(join(tmpdir(), "read-model-"));
  try {
    const path = join(folder, "model.onnx");
    await writeFile(path, external({ location: "w.bin", offset: "8", length: "8" }, [2n]));
    assert.equal((await readModel(path)).graph.initializers.size, 1, "the graph alone is enough");
    await writeFile(join(folder, "w.bin"), "");
    await truncate(join(folder, "w.bin"), 15);
    await assert.rejects(readModel(path), /"w" lies at 8 \+ 8 in w.bin, which has 15 bytes/);
    await truncate(join(folder, "w.bin"), 16);
    await readModel(path);
  } finally {
    await rm(folder, { recursive: true });
  }
});
