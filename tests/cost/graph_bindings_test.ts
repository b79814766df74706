import assert from "node:assert/strict";
import { passBindings } from "../../lib/cost/graph_bindings.ts";
import { graphCost } from "../../lib/cost/graph_cost.ts";
import { graphFlops, graphPassCost } from "../../lib/cost/graph_generation.ts";
import { GraphBuilder, MS } from "../../lib/onnx/graph_builder.ts";
import { readModel } from "../../lib/onnx/read_model.ts";

type Inputs = Record<string, (string | number)[]>;

function inputs(of: Inputs): GraphBuilder {
  const g = new GraphBuilder("g");
  for (const [name, dims] of Object.entries(of)) g.input(name, "float32", dims);
  return g;
}

async function bound(of: Inputs, more = {}) {
  return passBindings(await readModel(inputs(of).model()), { batch: 2, tokens: 3, past: 5 }, more);
}

Deno.test("symbols are bound by what the inputs are called, whatever the symbols' names", async () => {
  const { bindings, values } = await bound({
    input_ids: ["b", "s"],
    attention_mask: ["b", "p + s"],
    "past_key_values.0.key": ["b", 2, "p", 16],
  });
  assert.deepEqual([bindings.b, bindings.s, bindings.p], [2, 3, 5]);
  assert.deepEqual([...values.position_ids([2, 3])], [5, 6, 7, 5, 6, 7]);
  assert.deepEqual([...values.attention_mask([1, 2])], [1, 1]);
  const { bindings: total } = await bound({ attention_mask: ["b", "t"], "past.0.key": ["b", 1, "p", 4] });
  assert.equal(total.t, 8);
});

Deno.test("a symbol with a sign in its name is bound as a whole", async () => {
  const { bindings } = await bound({ input_ids: ["b", "seq-len"], "past.0.key": ["b", 1, "p", 4] });
  assert.equal(bindings["seq-len"], 3);
});

Deno.test("a model without a cache gets the whole sequence", async () => {
  const { bindings } = await bound({ input_ids: ["b", "s"], attention_mask: ["b", "s"] });
  assert.deepEqual([bindings.b, bindings.s], [2, 8]);
});

Deno.test("this library's own graphs: states of any shape, and one greedy turn", async () => {
  const { bindings } = await bound({
    ids: ["batch", "tokens"],
    "past.0.latent": ["batch", 1, "past", 48],
    "past.1.state": ["batch", 2, 8, 8],
    total_length: [],
    max_new: [],
    uniforms: ["max_new", "batch"],
    eos: ["eos_ids"],
    temperature: [],
  });
  const { batch, tokens, past, total_length, max_new, eos_ids, temperature } = bindings;
  assert.deepEqual([batch, tokens, past, total_length, max_new, eos_ids, temperature], [2, 3, 5, 8, 1, 1, 0]);
});

Deno.test("a head size that the file leaves open follows from the projection before the attention", async () => {
  const g = inputs({ input_ids: ["b", "s"], "past_key_values.0.key": ["b", 2, "p", "d"], x: ["b", "s", 8] });
  const w = g.weight("w", "float32", [8, 128], { location: "w", offset: 0, length: 4096 });
  const inputsOf = [g.node("MatMul", ["x", w]), "", "", "past_key_values.0.key"];
  g.node("GroupQueryAttention", inputsOf, { num_heads: 4, kv_num_heads: 2 }, { domain: MS });
  const { bindings } = passBindings(await readModel(g.model()), { batch: 1, tokens: 2, past: 0 });
  assert.equal(bindings.d, 16);
});

Deno.test("a symbol that is left is named with its inputs, and can be given", async () => {
  const of: Inputs = { input_ids: ["b", "s"], pixels: ["b", "patches", "channels"] };
  await assert.rejects(bound(of), /no size for patches, channels \(of pixels\); give it as a binding/);
  const { bindings } = await bound(of, { patches: 4, channels: 3, s: 1 });
  assert.deepEqual([bindings.patches, bindings.s], [4, 1], "what is given wins");
});

Deno.test("a binding of a name that the model does not have is refused, with what was meant", async () => {
  const g = new GraphBuilder("named");
  g.input("input_ids", "int64", ["batch", "tokens"]);
  g.node("Cast", ["input_ids"], { to: 1 }, { outputs: ["out"] });
  g.output("out", "float32", ["batch", "tokens"]);
  const file = g.model();
  const cost = (bindings: Record<string, number>) => graphCost(file, bindings);
  await cost({ batch: 1, tokens: 2 });
  await cost({ batch: 1, tokens: 2, out: 3 });
  await assert.rejects(cost({ batch: 1, tokens: 2, bacth: 2 }), {
    name: "TypeError",
    message: /unknown binding "bindings\.bacth"; did you mean "batch"\? There are: batch, tokens, input_ids/,
  });
  await assert.rejects(cost({ batch: NaN, tokens: 2 }), /bindings\.batch must be a finite number, got NaN/);
  await assert.rejects(graphCost(file, { batch: 1, tokens: 2 }, { mask: () => new Float64Array(2) }), /"values\.mask"/);
  for (const bindings of [{ token: 2 }, { "": 1 }] as Record<string, number>[]) {
    await assert.rejects(graphPassCost(file, { tokens: 2, bindings }), /unknown binding "bindings\./);
    await assert.rejects(graphFlops(file, { promptTokens: 2, bindings }), /unknown binding "bindings\./);
  }
});
