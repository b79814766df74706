import assert from "node:assert/strict";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  FunctionProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
} from "onnx-buf";
import { openSession } from "../../lib/model/session.ts";
import { type Attribute, DATA_TYPES, type ElementType, GraphBuilder, MS } from "../../lib/onnx/graph_builder.ts";
import { inferShapes, modelSymbols } from "../../lib/onnx/infer_shapes.ts";
import { readModel } from "../../lib/onnx/read_model.ts";
import { isKnown, type Tensor } from "../../lib/onnx/tensor.ts";
import { seededRandom } from "../../lib/stats/random.ts";

type Input = [type: ElementType, dims: number[], values?: number[]] | null;
interface Case {
  op: string;
  inputs: Input[];
  attributes?: Record<string, Attribute>;
  domain?: string;
  outputs?: number;
}

/** Values that differ, all of them small and positive. */
function filled([type, dims, values]: NonNullable<Input>): number[] {
  const count = dims.reduce((a, b) => a * b, 1);
  return values ?? Array.from({ length: count }, (_, i) => (type === "bool" ? i % 2 : (i * 7) % 5 + 1));
}

/** A graph of one node whose inputs are constants, so that values are followed where the operator allows it. */
function oneNode({ op, inputs, attributes, domain, outputs = 1 }: Case, declared: Tensor[] | null): GraphBuilder {
  const g = new GraphBuilder("g");
  const names = inputs.map((x, i) => (x ? g.constant(`in_${i}`, x[0], x[1], filled(x)) : ""));
  const out = Array.from({ length: outputs }, (_, i) => `y${i}`);
  g.node(op, names, attributes, { domain, outputs: out });
  out.forEach((name, i) => {
    const { type, dims } = declared?.[i] ?? { type: "float32", dims: [] };
    g.output(name, type as ElementType, dims.map((_, axis) => `d${i}_${axis}`));
  });
  return g;
}

const i64 = (...values: number[]): Input => ["int64", [values.length], values];
const f32 = (...dims: number[]): Input => ["float32", dims];
const scalar = (value: number): Input => ["int64", [], [value]];
const ms = (op: string, inputs: Input[], attributes: Record<string, Attribute> = {}, outputs = 1): Case => ({
  op,
  inputs,
  attributes,
  outputs,
  domain: MS,
});
const ai = (op: string, inputs: Input[], attributes: Record<string, Attribute> = {}, outputs = 1): Case => ({
  op,
  inputs,
  attributes,
  outputs,
});

const CASES: Case[] = [
  ai("Add", [f32(3, 1, 2), f32(4, 1)]),
  ai("Sub", [i64(5, 6), scalar(2)]),
  ai("Div", [i64(7, -7), scalar(2)]),
  ai("Mod", [i64(7, -7), scalar(3)]),
  ai("LessOrEqual", [["int64", [1, 3], [0, 1, 2]], ["int64", [2, 1], [0, 1]]]),
  ai("And", [["bool", [2, 1]], ["bool", [3]]]),
  ai("Not", [["bool", [3]]]),
  ai("Where", [["bool", [2, 1]], f32(1, 3), f32(1)]),
  ai("Max", [i64(1, 5), i64(3, 2), scalar(2)]),
  ai("Max", [i64(1, 5), scalar(2)]),
  ai("Min", [i64(1, 5), i64(3, 2), i64(0, 9), scalar(2)]),
  ai("Abs", [i64(1, -5)]),
  ai("Cast", [["float32", [3], [1.5, -1.5, 0]]], { to: DATA_TYPES.int64 }),
  ai("Cast", [["int64", [3], [2, 0, -1]]], { to: DATA_TYPES.bool }),
  ai("Softmax", [f32(2, 3)]),
  ai("LayerNormalization", [f32(2, 3, 4), f32(4), f32(4)], { axis: -1 }, 3),
  ai("SimplifiedLayerNormalization", [f32(2, 3, 4), f32(4)], { axis: -1 }),
  ms("SkipSimplifiedLayerNormalization", [f32(2, 3, 4), f32(2, 3, 4), f32(4)]),
  ai("ReduceSum", [i64(1, 2, 3), i64(0)], { keepdims: 0 }),
  ai("ReduceSum", [["int64", [2, 3, 2]], i64(1, -1)], { keepdims: 1 }),
  ai("ReduceMax", [["int64", [2, 3]]], { keepdims: 0 }),
  ai("ReduceMean", [f32(2, 3, 4), i64(-1)]),
  ai("ArgMax", [f32(2, 3)], { axis: -1, keepdims: 0 }),
  ai("TopK", [f32(2, 5), i64(3)], { axis: -1 }, 2),
  ai("CumSum", [["int64", [2, 3]], scalar(1)]),
  ai("CumSum", [["int64", [2, 3]], scalar(0)]),
  ai("Trilu", [["float32", [1, 3, 4]], scalar(1)], { upper: 1 }),
  ai("Trilu", [["float32", [3, 3]]], { upper: 0 }),
  ai("Reshape", [["int64", [2, 6]], i64(0, -1, 3)]),
  ai("Flatten", [f32(2, 3, 4)], { axis: 2 }),
  ai("Flatten", [f32(2, 3, 4)], { axis: -1 }),
  ai("Squeeze", [["int64", [1, 2, 1]], i64(-1)]),
  ai("Squeeze", [["int64", [1, 2, 1]]]),
  ai("Unsqueeze", [["int64", [2, 3]], i64(0, -1)]),
  ai("Transpose", [["int64", [2, 3, 4]]], { perm: [2, 0, 1] }),
  ai("Concat", [["int64", [2, 1]], ["int64", [2, 3]]], { axis: -1 }),
  ai("Split", [["int64", [2, 5]]], { axis: 1, num_outputs: 2 }, 2),
  ai("Split", [["int64", [5, 2]], i64(2, 3)], { axis: 0 }, 2),
  ai("Slice", [["int64", [3, 6]], i64(1, -5), i64(2 ** 40, 5), i64(0, 1), i64(1, 2)]),
  ai("Slice", [i64(1, 2, 3, 4), i64(-1), i64(-(2 ** 40)), i64(0), i64(-2)]),
  ai("Slice", [i64(1, 2, 3), i64(5), i64(2)]),
  ai("Gather", [["int64", [2, 4, 3]], ["int64", [2], [-1, 0]]], { axis: 1 }),
  ai("Gather", [i64(4, 5, 6), scalar(-1)], { axis: 0 }),
  ai("GatherElements", [f32(2, 3), ["int64", [2, 1], [0, 1]]], { axis: 1 }),
  ai("GatherND", [f32(2, 3, 4), ["int64", [5, 2], [0, 0, 1, 1, 0, 2, 1, 0, 1, 2]]]),
  ai("Expand", [["int64", [2, 1]], i64(3, 1, 4)]),
  ai("Tile", [f32(2, 3), i64(2, 1)]),
  ai("Pad", [f32(2, 3), i64(1, 0, 0, 2)]),
  ai("Range", [scalar(2), scalar(9), scalar(3)]),
  ai("Range", [scalar(2), scalar(-3), scalar(-2)]),
  ai("Shape", [f32(2, 3, 4)], { start: 1, end: -1 }),
  ai("Shape", [f32(2, 3, 4)], { start: -2 }),
  ai("Size", [f32(2, 3, 4)]),
  ai("ConstantOfShape", [i64(2, 3)]),
  ai("MatMul", [f32(2, 1, 3, 4), f32(5, 4, 6)]),
  ai("MatMul", [f32(4), f32(5, 4, 6)]),
  ai("MatMul", [f32(3, 4), f32(4)]),
  ai("Gemm", [f32(4, 3), f32(5, 4), f32(5)], { transA: 1, transB: 1 }),
  ms("FusedMatMul", [f32(2, 3, 4), f32(2, 5, 4)], { transB: 1 }),
  ai("Einsum", [f32(2, 3, 4), f32(2, 5, 4)], { equation: "bij,bkj->bik" }),
  ai("Einsum", [f32(2, 3, 4), f32(4, 5)], { equation: "...j,jk" }),
  ai("Conv", [f32(2, 4, 9), f32(6, 2, 3)], { group: 2, pads: [2, 0], strides: [2], dilations: [2] }),
  ms("RotaryEmbedding", [f32(1, 2, 8), ["int64", [1, 2], [0, 1]], f32(4, 2), f32(4, 2)], { num_heads: 2 }),
  ms("MultiHeadAttention", [
    f32(1, 2, 8),
    f32(1, 2, 8),
    f32(1, 2, 8),
    null,
    null,
    null,
    f32(1, 2, 3, 4),
    f32(1, 2, 3, 4),
  ], {
    num_heads: 2,
    unidirectional: 1,
  }, 3),
  ms("LinearAttention", [f32(1, 3, 8), f32(1, 3, 8), f32(1, 3, 12), null, f32(1, 3, 2), f32(1, 3, 2)], {
    q_num_heads: 2,
    kv_num_heads: 2,
    update_rule: "gated_delta",
  }, 2),
  ms("CausalConvWithState", [f32(2, 3, 5), f32(3, 1, 4), f32(3), f32(2, 3, 3)], { activation: "silu" }, 2),
  ms("MoE", [f32(1, 3, 4), f32(3, 2), f32(2, 6, 4), null, f32(2, 4, 6)], { k: 1, activation_type: "silu" }),
];

Deno.test("shapes, types and followed values are those that onnxruntime gives", async () => {
  for (const c of CASES) {
    const what = `${c.op} ${JSON.stringify(c.inputs.map((x) => x?.[1] ?? null))} ${JSON.stringify(c.attributes)}`;
    const model = await readModel(oneNode(c, null).model());
    const inferred = [...inferShapes(model, {}).values()].map((x) => {
      assert.ok(isKnown(x), `${what}: ${JSON.stringify(x)}`);
      return x;
    });
    const session = await openSession(oneNode(c, inferred).model(), { threads: 1 });
    const got = await session.run({}, inferred.map((_, i) => `y${i}`));
    inferred.forEach(({ dims, values }, i) => {
      const y = got[`y${i}`];
      assert.deepEqual(dims, [...y.dims], what);
      if (values) assert.deepEqual([...values], Array.from(y.data as ArrayLike<number | bigint>, Number), what);
    });
    await session.release();
  }
});

Deno.test("a shape that is computed from shapes is followed, and its symbols are listed", async () => {
  const g = new GraphBuilder("g");
  g.input("x", "float32", ["batch", "past + tokens", 8]);
  const tokens = g.node("Shape", ["x"], { start: 1, end: 2 });
  const half = g.node("Div", [tokens, g.constant("two", "int64", [1], [2])]);
  const shape = g.node(
    "Concat",
    [g.constant("keep", "int64", [1], [0]), half, g.constant("rest", "int64", [1], [-1])],
    {
      axis: 0,
    },
  );
  g.node("Reshape", ["x", shape], {}, { outputs: ["y"] });
  g.output("y", "float32", ["a", "b", "c"]);
  const model = await readModel(g.model());
  assert.deepEqual(modelSymbols(model), ["batch", "past", "tokens"]);
  const y = inferShapes(model, { batch: 2, past: 4, tokens: 2 }).get("y")!;
  assert.ok(isKnown(y));
  assert.deepEqual(y.dims, [2, 3, 16]);
  assert.throws(
    () => inferShapes(model, { batch: 2, past: 4 }),
    /no size for tokens; the model's inputs need batch, past/,
  );
  assert.throws(() => inferShapes(model, { batch: 2, past: -9, tokens: 1 }), /input "x" \[batch,past \+ tokens,8\]/);
  assert.throws(() => inferShapes(model, { batch: NaN, past: 1, tokens: 1 }), /"batch" is NaN/);
});

Deno.test("shapes that do not fit name the node; a name that nothing gives is named", async () => {
  const g = new GraphBuilder("g");
  g.input("x", "float32", [2, 3]);
  g.node("MatMul", ["x", g.constant("w", "float32", [4, 2], new Array(8).fill(0))], {}, { outputs: ["y"] });
  g.output("y", "float32", [2, 2]);
  const model = await readModel(g.model());
  assert.throws(
    () => inferShapes(model, {}),
    /node "MatMul_0" \(ai.onnx:MatMul\): \[2,3\] times \[4,2\]: the inner sizes 3 and 4/,
  );
  const h = new GraphBuilder("h");
  h.node("Relu", ["nothing"], {}, { outputs: ["y"] });
  h.output("y", "float32", []);
  const other = await readModel(h.model());
  assert.throws(() => inferShapes(other, {}), /reads "nothing", which nothing before it gives/);
});

Deno.test("an unknown operator and a shape that needs unknown values are told, and what is behind them", async () => {
  const g = new GraphBuilder("g");
  g.input("x", "float32", ["n", 4]);
  g.input("k", "int64", [1]);
  const odd = g.node("Warp", ["x"], {}, { domain: "my.ops" });
  g.node("Relu", [odd], {}, { outputs: ["y"] });
  g.node("TopK", ["x", "k"], {}, { outputs: ["top", "at"] });
  g.output("y", "float32", ["n", 4]);
  g.output("top", "float32", ["n", "k"]);
  const model = await readModel(g.model());
  const told: string[] = [];
  const unknown = (node: { opType: string }, reason: string) => void told.push(`${node.opType}: ${reason}`);
  inferShapes(model, { n: 3 }, { unknown });
  assert.deepEqual(told, [
    "Warp: the operator my.ops:Warp is not known",
    `Relu: the shape of its input "${odd}" is not known`,
    'TopK: its shape depends on the values of "k"',
  ]);
  const top = inferShapes(model, { n: 3, k: 2 }).get("top")!;
  assert.deepEqual(isKnown(top) && top.dims, [3, 2]);
});

Deno.test("a loop's turns have their own shapes, a scan has as many as its inputs, a branch is chosen by its condition", async () => {
  const g = new GraphBuilder("g");
  g.input("turns", "int64", []);
  g.input("flag", "bool", []);
  g.input("x", "float32", ["n", 2]);
  const body = new GraphBuilder("body", "body/");
  body.input("body/i", "int64", []);
  body.input("body/go", "bool", []);
  body.input("body/state", "float32", ["m", 2]);
  body.output(body.node("Identity", ["body/go"]), "bool", []);
  body.output(body.node("Concat", ["body/state", "x"], { axis: 0 }), "float32", ["m2", 2]);
  body.output(body.node("ReduceSum", ["x"], { keepdims: 0 }), "float32", []);
  g.node("Loop", ["turns", g.constant("true", "bool", [], [1]), "x"], { body: { graph: body } }, {
    outputs: ["last", "sums"],
  });
  const row = new GraphBuilder("row", "row/");
  row.input("row/s", "float32", [2]);
  row.input("row/x", "float32", [2]);
  const next = row.node("Add", ["row/s", "row/x"]);
  row.output(next, "float32", [2]);
  row.output(row.node("Mul", [next, next]), "float32", [2]);
  g.node("Scan", [g.constant("zero", "float32", [2], [0, 0]), "x"], { body: { graph: row }, num_scan_inputs: 1 }, {
    outputs: ["sum", "squares"],
  });
  const branch = (op: string) => {
    const b = new GraphBuilder(op, `${op}/`);
    b.output(b.node(op, ["x"]), "float32", ["a", "b"]);
    return { graph: b };
  };
  g.node("If", ["flag"], { then_branch: branch("Transpose"), else_branch: branch("Identity") }, {
    outputs: ["chosen"],
  });
  for (const name of ["last", "squares", "chosen"]) g.output(name, "float32", ["a", "b"]);
  g.output("sums", "float32", ["a"]);
  const model = await readModel(g.model());
  const runs: Record<string, number> = {};
  let held = 0;
  const out = inferShapes(model, { n: 3, turns: 4, flag: 1 }, {
    ran: ({ view, times }) => runs[view.node.opType] = (runs[view.node.opType] ?? 0) + times,
    hold: () => held++,
    release: () => held--,
  });
  const dims = Object.fromEntries([...out].map(([name, x]) => [name, isKnown(x) ? x.dims : x.reason]));
  assert.deepEqual(dims, { last: [15, 2], squares: [3, 2], chosen: [2, 3], sums: [4] });
  assert.deepEqual([runs.Concat, runs.Add, runs.Mul, runs.Transpose, runs.Identity], [4, 3, 3, 1, 4]);
  assert.equal(held, model.graph.outputs.length, "only the outputs are held at the end");

  const told: string[] = [];
  inferShapes(model, { n: 3 }, { unknown: (_, reason) => void told.push(reason) });
  assert.deepEqual(told, [
    'its number of turns is not known; bind "turns"',
    'its condition is not known; bind "flag" or the inputs that it is computed from',
  ]);
});

Deno.test("turns of a loop that are alike are counted, not run", async () => {
  const g = new GraphBuilder("g");
  g.input("turns", "int64", []);
  g.input("x", "float32", [2]);
  const body = new GraphBuilder("body", "body/");
  body.input("body/i", "int64", []);
  body.input("body/go", "bool", []);
  body.input("body/x", "float32", [2]);
  body.output(body.node("Identity", ["body/go"]), "bool", []);
  body.output(body.node("Relu", ["body/x"]), "float32", [2]);
  g.node("Loop", ["turns", "", "x"], { body: { graph: body } }, { outputs: ["y"] });
  g.output("y", "float32", [2]);
  const times: number[] = [];
  inferShapes(await readModel(g.model()), { turns: 1e9 }, {
    ran: (e) => e.view.node.opType === "Relu" && times.push(e.times),
  });
  assert.deepEqual(times, [1, 1e9 - 1]);
});

Deno.test("a function of the model's own runs its nodes with the caller's inputs and attributes", async () => {
  const g = new GraphBuilder("g");
  g.input("x", "float32", ["n", 6]);
  g.node("Halves", ["x"], { at: 1 }, { domain: "my.functions", outputs: ["y"] });
  g.output("y", "float32", ["n", 3]);
  const node = create(NodeProtoSchema, {
    opType: "Split",
    input: ["a"],
    output: ["left", "right"],
    attribute: [
      create(AttributeProtoSchema, { name: "axis", refAttrName: "at", type: AttributeType.INT }),
      create(AttributeProtoSchema, { name: "num_outputs", i: 2n, type: AttributeType.INT }),
    ],
  });
  const proto = fromBinary(ModelProtoSchema, g.model());
  proto.functions.push(
    create(FunctionProtoSchema, {
      name: "Halves",
      domain: "my.functions",
      input: ["a"],
      output: ["right"],
      node: [node],
    }),
  );
  const model = await readModel(toBinary(ModelProtoSchema, proto));
  let held = 0;
  const y = inferShapes(model, { n: 2 }, { hold: () => held++, release: () => held-- }).get("y")!;
  assert.deepEqual(isKnown(y) && y.dims, [2, 3]);
  assert.equal(held, 1);
});

Deno.test("a damaged file gives a clear error or a shape, never another failure", async () => {
  const g = new GraphBuilder("g");
  g.input("x", "float32", ["n", 4, 6]);
  const shape = g.constant("shape", "int64", [3], [0, -1, 3]);
  const cut = g.node("Slice", ["x", ...[1, 5, 2, 2].map((v) => g.constant(`c${v}`, "int64", [1], [v]))]);
  const wide = g.node("Reshape", [g.node("Transpose", [cut], { perm: [0, 2, 1] }), shape]);
  g.node("Einsum", [wide, g.constant("w", "float32", [3, 2], [1, 2, 3, 4, 5, 6])], { equation: "...j,jk" }, {
    outputs: ["y"],
  });
  g.output("y", "float32", ["n", "m", 2]);
  const whole = g.model(), random = seededRandom(7);
  for (let i = 0; i < 2000; i++) {
    const bytes = whole.slice(0, random.next() < 0.1 ? Math.floor(random.next() * whole.length) : whole.length);
    for (let j = 0; j < 3; j++) bytes[Math.floor(random.next() * bytes.length)] = Math.floor(random.next() * 256);
    try {
      const model = await readModel(bytes);
      inferShapes(model, Object.fromEntries(modelSymbols(model).map((s) => [s, 2])));
    } catch (error) {
      const clear = error instanceof SyntaxError || error instanceof RangeError && /^Cannot/.test(error.message);
      assert.ok(clear, `${error} at ${i}`);
    }
  }
});
