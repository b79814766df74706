import assert from "node:assert/strict";
import { GraphBuilder, MS } from "../../lib/onnx/graph_builder.ts";
import { bool, floats, int64s, openSession } from "../../lib/model/session.ts";

Deno.test("a built graph runs: constants, attributes of every kind, a subgraph that reads outer names", async () => {
  const g = new GraphBuilder("g");
  g.input("x", "float32", ["n", 2]);
  g.input("flag", "bool", []);
  const w = g.constant("w", "float32", [2, 2], [1, 2, 3, 4]);
  assert.equal(g.constant("w", "float32", [2, 2], [1, 2, 3, 4]), "w", "the same constant is added once");
  const product = g.node("FusedMatMul", ["x", w], { transB: 1, alpha: { float: 0.5 } }, { domain: MS });
  const then = new GraphBuilder("then", "then/");
  then.output(then.node("Transpose", [product], { perm: [1, 0] }), "float32", [2, "n"]);
  const otherwise = new GraphBuilder("else", "else/");
  otherwise.output(otherwise.node("Identity", [product]), "float32", ["n", 2]);
  g.node("If", ["flag"], { then_branch: { graph: then }, else_branch: { graph: otherwise } }, { outputs: ["y"] });
  g.output("y", "float32", ["a", "b"]);

  const session = await openSession(g.model(), { threads: 1 });
  const x = floats([1, 0, 0, 2], [2, 2]);
  for (const [flag, want] of [[true, [0.5, 2, 1.5, 4]], [false, [0.5, 1.5, 2, 4]]] as const) {
    const { y } = await session.run({ x, flag: bool(flag) }, ["y"]);
    assert.deepEqual([...y.data as Float32Array], want); // x W^T / 2, by hand
  }
  await session.release();
});

Deno.test("a weight is read from the file beside the model, at its offset", async () => {
  const data = new Uint8Array(32);
  new Float32Array(data.buffer).set([10, 20], 4);
  const g = new GraphBuilder("g");
  g.input("ids", "int64", ["n"]);
  const table = g.weight("table", "float32", [2, 1], { location: "w.bin", offset: 16, length: 8 });
  g.node("Gather", [table, "ids"], {}, { outputs: ["y"] });
  g.output("y", "float32", ["n", 1]);
  const session = await openSession(g.model(), { threads: 1, externalData: [{ path: "w.bin", data }] });
  const { y } = await session.run({ ids: int64s([1, 0, 1], [3]) }, ["y"]);
  assert.deepEqual([...y.data as Float32Array], [20, 10, 20]);
  await session.release();
});

Deno.test("a builder that is given two values under one name throws, and names both", () => {
  const g = new GraphBuilder("g");
  g.input("x", "float32", [2]);
  g.constant("w", "float32", [2], [1, 2]);
  g.weight("table", "float32", [2], { location: "w.bin", offset: 0, length: 8 });
  g.weight("table", "float32", [2], { location: "w.bin", offset: 0, length: 8 });
  g.node("Add", ["x", "w"], {}, { outputs: ["y"] });
  g.output("y", "float32", [2]);
  const add = (...outputs: string[]) => () => g.node("Split", ["x"], { num_outputs: 2 }, { outputs });
  const two: [adding: () => void, message: RegExp][] = [
    [
      () => g.constant("w", "float32", [2], [1, 3]),
      /^Graph "g" has two values named "w": float32\[2\]:1,2, and .*:1,3/,
    ],
    [() => g.constant("w", "float32", [1, 2], [1, 2]), /two values named "w".*float32\[1,2\]:1,2/],
    [() => g.constant("w", "int64", [2], [1, 2]), /two values named "w".*int64\[2\]:1,2/],
    [() => g.constant("zero", "float32", [], [0]) && g.constant("zero", "float32", [], [-0]), /:0, and float32\[\]:-0/],
    [() => g.constant("x", "float32", [2], [1, 2]), /two values named "x": an input, and float32/],
    [() => g.weight("table", "float32", [2], { location: "w.bin", offset: 8, length: 8 }), /named "table".* from 8/],
    [() => g.weight("w", "float32", [2], { location: "w.bin", offset: 0, length: 8 }), /two values named "w"/],
    [() => g.input("x", "float32", [2]), /two values named "x": an input, and an input/],
    [() => g.input("y", "float32", [2]), /two values named "y": an output of Add, and an input/],
    [add("a", "y"), /two values named "y": an output of Add, and an output of Split/],
    [add("b", "b"), /two values named "b"/],
    [() => g.output("y", "float32", [2]), /^Graph "g" has an output "y" already/],
  ];
  for (const [adding, message] of two) assert.throws(adding, { name: "Error", message });
  add("", "")(); // optional outputs that are left out have no name
});

Deno.test("a value of a subgraph does not hide one of the graph around it, at any depth", () => {
  for (const depth of [1, 2]) {
    const root = new GraphBuilder("root");
    root.input("flag", "bool", []);
    root.constant("w", "float32", [], [1]);
    let inner = new GraphBuilder("innermost");
    inner.output(inner.node("Neg", ["w"], {}, { outputs: ["late"] }), "float32", []);
    for (let i = 0; i < depth; i++) {
      const outer = i === depth - 1 ? root : new GraphBuilder("between", "between/");
      const value = outer.node("If", ["flag"], { then_branch: { graph: inner }, else_branch: { graph: inner } });
      outer.output(value, "float32", []);
      inner = outer;
    }
    root.model();
    root.node("Neg", ["w"], {}, { outputs: ["late"] });
    assert.throws(() => root.model(), {
      message: /^Graph "innermost" inside "root" has an output of Neg named "late", which is an output of Neg there/,
    });
  }
});

Deno.test("literals are named by their value: equal ones are one, others are others", () => {
  const g = new GraphBuilder("g");
  const ramp = Array.from({ length: 100 }, (_, i) => i);
  const names = [
    g.literal("int64", [], [1]),
    g.literal("int64", [1], [1]),
    g.literal("float32", [], [1]),
    g.literal("float32", [], [0]),
    g.literal("float32", [], [-0]),
    g.literal("float32", [2], [-Infinity, 0.5]),
    g.literal("float32", [100], ramp),
    g.literal("float32", [10, 10], ramp),
    g.literal("float32", [100], ramp.with(99, 0)),
  ];
  assert.deepEqual(names.slice(0, 6), [
    ...["int64[]:1", "int64[1]:1", "float32[]:1", "float32[]:0", "float32[]:-0", "float32[2]:-Infinity,0.5"],
  ]);
  assert.equal(new Set(names).size, names.length);
  assert.equal(g.literal("float32", [100], [...ramp]), names[6]);
  assert.deepEqual(g.graph().initializer.map(({ name }) => name), names);
});
