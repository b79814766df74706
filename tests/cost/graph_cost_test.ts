import assert from "node:assert/strict";
import { type LayerFlopsOptions, specFlops, specLayerFlops } from "../../lib/cost/flops.ts";
import { graphCost, requireComplete } from "../../lib/cost/graph_cost.ts";
import { graphFlops, graphPassCost } from "../../lib/cost/graph_generation.ts";
import { GraphBuilder, MS } from "../../lib/onnx/graph_builder.ts";
import golden from "../golden/flops_smollm2.json" with { type: "json" };
import { llamaGraph, SMOLLM2 } from "./llama_graph.ts";
import { smollm2, windowed } from "./smollm2_spec.ts";

const all = llamaGraph({ ...SMOLLM2, logits: "all" }), last = llamaGraph(SMOLLM2);

Deno.test("a graph's dense FLOPs equal torch's FlopCounterMode on SmolLM2-135M, exactly", async () => {
  for (const { batch, tokens, past, logits, flops } of golden.cases) {
    const cost = await graphPassCost(logits === "all" ? all : last, { batch, tokens, past });
    assert.equal(requireComplete(cost).flops.dense, flops, `${tokens} tokens behind ${past}`);
    assert.equal(cost.parameters, golden.parameters);
    assert.equal(cost.activeParameters, golden.parameters);
  }
});

Deno.test("its causal FLOPs equal the published closed forms", async () => {
  const { closed_form: want } = golden;
  const causal = async (graph: Uint8Array, tokens: number, past = 0) =>
    (await graphPassCost(graph, { tokens, past })).flops.causal;
  assert.equal(await causal(all, 512), want.prefill_512_causal_all_logits);
  assert.equal(await causal(last, 512), want.prefill_512_causal_last_logit);
  assert.equal(await causal(last, 1, 512), want.decode_at_past_512);
});

Deno.test("graph and closed form agree in all conventions, for the whole and for every layer, with a window too", async () => {
  for (const [spec, window] of [[smollm2, undefined], [windowed(7), 7]] as const) {
    const graph = llamaGraph({ ...SMOLLM2, window });
    for (const sizes of [{ tokens: 20, past: 0, batch: 2 }, { tokens: 5, past: 11, batch: 1 }]) {
      const cost = await graphPassCost(graph, sizes);
      for (const convention of ["dense", "causal", "executed"] as const) {
        const options: LayerFlopsOptions = { ...sizes, convention };
        const layers = cost.layers.map((layer) => layer.flops[convention]);
        const rows = sizes.batch * sizes.tokens, head = 2 * sizes.batch * 576 * 49152;
        // In the graph a layer's last sum is part of the next norm, the first layer's before it and the final one after.
        const moved = convention === "executed" ? rows * 576 : 0;
        layers[0] += moved;
        assert.deepEqual(layers, specLayerFlops(spec, options), `${convention}, window ${window}`);
        assert.equal(cost.outside.flops[convention] - moved, head + (convention === "executed" ? 7 * rows * 576 : 0));
      }
    }
  }
});

Deno.test("graphFlops() adds up a prompt and the steps behind it, as specFlops() does", async () => {
  const options = { promptTokens: 9, newTokens: 4, batch: 2 };
  for (const convention of ["dense", "causal", "executed"] as const) {
    assert.deepEqual(
      await graphFlops(last, { ...options, convention }),
      specFlops(smollm2, { ...options, convention }),
      convention,
    );
  }
  const long = { promptTokens: 9, newTokens: 120 };
  assert.deepEqual(await graphFlops(llamaGraph({ ...SMOLLM2, window: 40 }), long), specFlops(windowed(40), long));
  await assert.rejects(graphFlops(last, { promptTokens: 0 }), /promptTokens must be an integer >= 1, got 0/);
  await assert.rejects(
    graphFlops(last, { promptTokens: 1, convention: "all" as "dense" }),
    /convention is "all"; there are: dense, causal, executed/,
  );
  await assert.rejects(graphPassCost(last, { tokens: 1, past: -1 }), /past must be an integer >= 0, got -1/);
});

Deno.test("bytes are weights at their precision, the rows that a look-up picks, the caches and the activations", async () => {
  const { bytes } = await graphPassCost(last, { tokens: 1, past: 512 });
  const kv = 30 * 2 * 3 * 64 * 4;
  // Every weight once, the embedding as the head, and beside it one row of it and a row of both tables in each layer.
  assert.equal(bytes.weights, 4 * (134515008 + 576 + 30 * 2 * 32) + 8); // 8: the index of the last row
  assert.equal(bytes.caches, 512 * kv);
  // Written: the present caches, and by hand what every node gives (norm + residual, qkv, heads, o, MLP).
  const layer = 2 * 2 * 576 + 960 + 576 + 576 + 4 * 1536 + 576, firstAndFinal = 576 + 576 - 576 + 576;
  assert.equal(bytes.written, 513 * kv + 4 * (30 * layer + firstAndFinal + 576 + 49152));
});

Deno.test("a quantised weight counts its elements as parameters and its packed bytes as bytes", async () => {
  const g = new GraphBuilder("g");
  g.input("x", "float32", ["rows", 64]);
  g.input("ids", "int64", ["rows"]);
  const q = g.weight("w.q", "uint8", [32, 2, 16], { location: "w", offset: 0, length: 1024 });
  const scales = g.weight("w.scales", "float32", [32, 2], { location: "w", offset: 1024, length: 256 });
  const table = g.node("Reshape", [q, g.constant("flat", "int64", [2], [32, 32])]);
  g.node("MatMulNBits", ["x", q, scales], { K: 64, N: 32, bits: 4, block_size: 32 }, { domain: MS, outputs: ["y"] });
  const look = { bits: 4, block_size: 32, gather_axis: 0, quantize_axis: 1 };
  g.node("GatherBlockQuantized", [table, "ids", scales], look, { domain: MS, outputs: ["rows_of_w"] });
  g.output("y", "float32", ["rows", 32]);
  g.output("rows_of_w", "float32", ["rows", 64]);
  const cost = await graphCost(g.model(), { rows: 3 });
  assert.equal(cost.parameters, 32 * 64, "the shared table once");
  assert.equal(cost.flops.dense, 2 * 3 * 64 * 32);
  assert.equal(cost.bytes.weights, 1024 + 256 + 3 * (32 + 2 * 4));
});

Deno.test("a weight that is dequantised in the graph is read as it is stored", async () => {
  const g = new GraphBuilder("g");
  g.input("x", "float32", ["n", 8]);
  const w = g.weight("layers.3.w", "int8", [8, 16], { location: "w", offset: 0, length: 128 });
  const dequantised = g.node("DequantizeLinear", [w, g.constant("scale", "float32", [], [0.5])]);
  g.node("MatMul", ["x", dequantised], {}, { outputs: ["y"] });
  g.output("y", "float32", ["n", 16]);
  const cost = await graphCost(g.model(), { n: 3 });
  assert.equal(cost.bytes.weights, 128 + 4);
  assert.deepEqual([cost.parameters, cost.flops.dense, cost.flops.executed], [128, 2 * 3 * 128, 2 * 3 * 128 + 2 * 128]);
  assert.equal(cost.layers[3].flops.dense, cost.flops.dense);
});

Deno.test("peak activations are what lives at once: views share memory, a result lives to its last reader", async () => {
  const g = new GraphBuilder("g");
  g.input("x", "float32", ["n", 8]);
  const wide = g.node("Concat", ["x", "x", "x"], { axis: 1 }); // n x 24, lives to the end
  const flat = g.node("Reshape", [wide, g.constant("flat", "int64", [1], [-1])]); // no memory of its own
  const a = g.node("Relu", [flat]); // n x 24
  const b = g.node("ReduceSum", [a], { keepdims: 1 }); // 1: a is gone after it
  const c = g.node("Add", [flat, b], {}, { outputs: ["y"] }); // n x 24
  g.output(c, "float32", ["m"]);
  const { peakActivations } = await graphCost(g.model(), { n: 10 });
  assert.deepEqual(peakActivations, { bytes: 4 * (2 * 240 + 1), node: "ReduceSum_3" });

  // SmolLM2 at 512 tokens, by hand: residual, packed qkv, the score matrix of nine heads, and its result.
  const wholeModel = await graphPassCost(last, { tokens: 512 });
  assert.equal(wholeModel.peakActivations.bytes, 4 * (512 * 576 + 512 * 960 + 9 * 512 * 512 + 512 * 576));
});

Deno.test("a loop counts its turns with their own lengths", async () => {
  const g = new GraphBuilder("g");
  g.input("turns", "int64", []);
  g.input("x", "float32", ["n", 4]);
  const w = g.constant("w", "float32", [4, 4], new Array(16).fill(1));
  const body = new GraphBuilder("body", "body/");
  body.input("body/i", "int64", []);
  body.input("body/go", "bool", []);
  body.input("body/state", "float32", ["m", 4]);
  body.output(body.node("Identity", ["body/go"]), "bool", []);
  body.output(body.node("Concat", [body.node("MatMul", ["body/state", w]), "x"], { axis: 0 }), "float32", ["m2", 4]);
  g.node("Loop", ["turns", "", "x"], { body: { graph: body } }, { outputs: ["y"] });
  g.output("y", "float32", ["m", 4]);
  const cost = await graphCost(g.model(), { n: 3, turns: 4 });
  assert.equal(cost.flops.dense, 2 * 4 * 4 * (3 + 6 + 9 + 12));
  assert.equal(cost.nodes.find((n) => n.operator === "ai.onnx:MatMul")!.runs, 4);
  assert.equal(cost.parameters, 16, "the weights of all turns are the same ones");
});

Deno.test("what follows from weights alone is computed when the model is opened, and costs nothing in a run", async () => {
  const g = new GraphBuilder("g");
  g.input("x", "float32", ["n", 4]);
  const w = g.constant("w", "float32", [6, 4], new Array(24).fill(1));
  g.node("MatMul", ["x", g.node("Transpose", [g.node("Exp", [w])], { perm: [1, 0] })], {}, { outputs: ["y"] });
  g.output("y", "float32", ["n", 6]);
  const cost = await graphCost(g.model(), { n: 5 });
  assert.deepEqual(cost.flops, { dense: 240, causal: 240, executed: 240 });
  assert.equal(cost.bytes.weights, 96);
});

Deno.test("an unknown operator is listed and keeps the sums from being called complete", async () => {
  const g = new GraphBuilder("g");
  g.input("x", "float32", ["n", 4]);
  const warped = g.node("Warp", ["x"], {}, { domain: "my.ops" });
  g.node("Relu", [warped], {}, { outputs: ["y"] });
  g.output("y", "float32", ["n", 4]);
  const cost = await graphCost(g.model(), { n: 5 });
  assert.deepEqual(cost.unknown.map(({ operator }) => operator), ["my.ops:Warp", "ai.onnx:Relu"]);
  assert.throws(
    () => requireComplete(cost),
    /node "Warp_0" \(my.ops:Warp\): the operator my.ops:Warp is not known \(and 1 more/,
  );
});
