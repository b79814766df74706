import assert from "node:assert/strict";
import { GraphBuilder, MS } from "../../lib/onnx/graph_builder.ts";
import { bool, floats, int64s, openSession } from "../../lib/model/session.ts";

Deno.test("a built graph runs: constants, attributes of every kind, a subgraph that reads outer names", async () => {
  const g = new GraphBuilder("g");
  g.input("x", "float32", ["n", 2]);
  g.input("flag", "bool", []);
  const w = g.constant("w", "float32", [2, 2], [1, 2, 3, 4]);
  assert.equal(g.constant("w", "float32", [2, 2], [0, 0, 0, 0]), "w", "the same name is added once");
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
