/** Single blocks in ONNX against torch's FlopCounterMode on the same block (tests/golden/flops_torch.py). */
import assert from "node:assert/strict";
import { join } from "node:path";
import { attentionPairs } from "../../lib/cost/attention_pairs.ts";
import { type GraphCost, graphCost, requireComplete } from "../../lib/cost/graph_cost.ts";
import { type Attribute, GraphBuilder, MS } from "../../lib/onnx/graph_builder.ts";
import golden from "../golden/flops_torch.json" with { type: "json" };

const { cases } = golden;
const exported = (name: string) => join(import.meta.dirname!, "..", "golden", "flops_torch", `${name}.onnx`);

function isLike(cost: GraphCost, want: { dense: number; causal: number }, what: string): void {
  const { dense, causal } = requireComplete(cost).flops;
  assert.deepEqual({ dense, causal }, { dense: want.dense, causal: want.causal }, what);
}

/** A graph whose weights are names with dims, and whose inputs are floats unless said. */
class Sketch extends GraphBuilder {
  #offset = 0;

  weightOf(name: string, ...dims: number[]): string {
    const offset = this.#offset, length = 4 * dims.reduce((a, b) => a * b);
    this.#offset += length;
    return this.weight(name, "float32", dims, { location: "w", offset, length });
  }
  ms(op: string, inputs: string[], attributes: Record<string, Attribute>, outputs?: string[]): string {
    return this.node(op, inputs, attributes, { domain: MS, outputs });
  }
}

type GqaSizes = typeof cases["gqa_window"]["sizes"] | typeof cases["gqa"]["sizes"];

/** The block of `gqa` in flops_torch.py with the fused operator of onnxruntime, or with the one of ai.onnx. */
function fusedAttention({ hidden_size: D, heads, kv_heads, head_dim, window }: GqaSizes, standard: boolean): Sketch {
  const g = new Sketch("gqa"), kv = ["batch", kv_heads, "past", head_dim];
  const x = g.input("x", "float32", ["batch", "tokens", D]);
  const linear = (name: string, width: number) => g.node("MatMul", [x, g.weightOf(name, D, width)]);
  const q = linear("q", heads * head_dim), k = linear("k", kv_heads * head_dim), v = linear("v", kv_heads * head_dim);
  const past = ["past.0.key", "past.0.value"].map((name) => g.input(name, "float32", kv));
  const present = ["present.0.key", "present.0.value"];
  let y: string;
  if (standard) {
    const counts = { q_num_heads: heads, kv_num_heads: kv_heads, is_causal: 1 };
    y = g.node("Attention", [q, k, v, "", ...past], counts, { outputs: ["attended", ...present] });
  } else {
    g.input("seqlens", "int32", ["batch"]);
    g.input("total", "int32", []);
    const counts = { num_heads: heads, kv_num_heads: kv_heads, ...(window ? { local_window_size: window } : {}) };
    y = g.ms("GroupQueryAttention", [q, k, v, ...past, "seqlens", "total"], counts, ["attended", ...present]);
  }
  g.node("MatMul", [y, g.weightOf("o", heads * head_dim, D)], {}, { outputs: ["y"] });
  g.output("y", "float32", ["batch", "tokens", D]);
  return g;
}

Deno.test("grouped attention, fused: dense and causal FLOPs with and without past and window are torch's", async () => {
  for (const name of ["gqa", "gqa_past", "gqa_window", "gqa_window_past", "gqa_window_step"] as const) {
    const { sizes, ...want } = cases[name], { batch, tokens, past, window } = sizes;
    const cost = await graphCost(fusedAttention(sizes, false).model(), { batch, tokens, past });
    isLike(cost, want, name);
    // The closed form: projections, and 4 heads headDim a pair.
    const width = 2 * batch * tokens * 24 * 8 * (2 * 6 + 2 * 2);
    assert.equal(width + 4 * 6 * 8 * batch * attentionPairs(tokens, past, window ?? undefined), want.causal, name);
    if (window === null) {
      isLike(await graphCost(fusedAttention(sizes, true).model(), { batch, tokens, past }), want, `${name}, ai.onnx`);
    }
  }
});

Deno.test("a cache of fixed length counts the tokens that it holds, not its slots", async () => {
  const { sizes, ...want } = cases.gqa_window_past, { batch, tokens, past } = sizes;
  const graph = fusedAttention(sizes, false).model();
  const cost = await graphCost(graph, { batch, tokens, past: 64, total: past + tokens });
  isLike(cost, want, "64 slots");
  assert.equal(cost.bytes.caches, 2 * batch * sizes.kv_heads * past * sizes.head_dim * 4);
});

Deno.test("attention in plain operators, as torch exports it, is counted by its mask", async () => {
  const { sizes: { tokens, past }, ...want } = cases.gqa_window_past;
  isLike(await graphCost(exported("gqa_window"), { tokens, past }), want, "window of 7 behind 9");
  const other = await graphCost(exported("gqa_window"), { tokens: 13, past: 2 });
  const pairs = attentionPairs(13, 2, 7), projections = 2 * 13 * 24 * 8 * 16;
  assert.deepEqual([other.flops.dense, other.flops.causal], [
    projections + 4 * 6 * 8 * 13 * 15,
    projections + 4 * 6 * 8 * pairs,
  ]);
  assert.deepEqual(other.notes, []);
  assert.equal(other.parameters, 24 * 8 * 16);
  for (const name of ["mla_absorbed", "mla_absorbed_step"] as const) {
    const { sizes, ...want } = cases[name];
    isLike(await graphCost(exported("mla_absorbed"), { tokens: sizes.tokens, past: sizes.past }), want, name);
  }
});

Deno.test("latent attention with expanded keys and values: two score products under one mask", async () => {
  const { sizes, ...want } = cases.mla_expanded, { hidden_size: D, heads: H, latent, nope, rope, value_dim } = sizes;
  const g = new Sketch("mla"), { tokens, past } = sizes, total = tokens + past;
  const i64 = (...values: number[]) => g.constant(`i_${values.join("_")}`, "int64", [values.length], values);
  const x = g.input("x", "float32", [1, "tokens", D]),
    cache = g.input("past.0.latent", "float32", [1, "past", latent + rope]);
  const split = (from: string, axis: number, ...sizes: number[]) => {
    const outputs = sizes.map(() => g.fresh("part"));
    g.node("Split", [from, i64(...sizes)], { axis }, { outputs });
    return outputs;
  };
  const flipped = (a: string, perm: number[]) => g.node("Transpose", [a], { perm });
  const query = g.node("MatMul", [x, g.weightOf("q", D, H * (nope + rope))]);
  const byHead = flipped(g.node("Reshape", [query, i64(0, 0, H, nope + rope)]), [0, 2, 1, 3]);
  const [qn, qr] = split(byHead, 3, nope, rope);
  const compressed = g.node("MatMul", [x, g.weightOf("c", D, latent + rope)]);
  const seen = g.node("Unsqueeze", [g.node("Concat", [cache, compressed], { axis: 1 }), i64(1)]);
  const [c, kr] = split(seen, 3, latent, rope);
  const keys = g.node("MatMul", [c, g.weightOf("uk", H, latent, nope)]);
  const scores = g.node("Add", [
    g.node("MatMul", [qn, flipped(keys, [0, 1, 3, 2])]),
    g.node("MatMul", [qr, flipped(kr, [0, 1, 3, 2])]),
  ]);
  const mask = Array.from(
    { length: tokens * total },
    (_, i) => (i % total <= past + Math.floor(i / total) ? 0 : -1e30),
  );
  const bias = g.constant("bias", "float32", [1, 1, tokens, total], mask);
  const p = g.node("Softmax", [g.node("Add", [scores, bias])], { axis: -1 });
  const o = g.node("MatMul", [p, g.node("MatMul", [c, g.weightOf("uv", H, latent, value_dim)])]);
  const merged = g.node("Reshape", [flipped(o, [0, 2, 1, 3]), i64(0, 0, H * value_dim)]);
  g.node("MatMul", [merged, g.weightOf("o", H * value_dim, D)], {}, { outputs: ["y"] });
  g.output("y", "float32", [1, "tokens", D]);
  isLike(await graphCost(g.model(), { tokens, past }), want, "expanded");
});

Deno.test("experts: those that a token goes to are counted, fused or split by data, and all are told", async () => {
  const { sizes, ...want } = cases.moe_top2, { tokens, hidden_size: D, inner: I, experts: E, active: k } = sizes;
  const router = 2 * tokens * D * E, each = 2 * tokens * 3 * D * I;
  const fused = new Sketch("moe");
  fused.input("x", "float32", ["tokens", D]);
  const logits = fused.node("MatMul", ["x", fused.weightOf("router", D, E)]);
  const experts = [fused.weightOf("gateUp", E, 2 * I, D), "", fused.weightOf("down", E, D, I)];
  fused.ms("MoE", ["x", logits, ...experts], { k, activation_type: "swiglu", swiglu_fusion: 1 }, ["y"]);
  fused.output("y", "float32", ["tokens", D]);
  const cost = await graphCost(fused.model(), { tokens });
  isLike(cost, want, "fused");
  assert.equal(want.dense, router + k * each);
  assert.deepEqual([cost.experts!.active.dense, cost.experts!.all.dense], [k * each, E * each]);
  assert.deepEqual([cost.parameters, cost.activeParameters], [D * E + 3 * E * D * I, D * E + 3 * k * D * I]);
  const step = await graphCost(fused.model(), { tokens: 1 });
  assert.equal(step.bytes.weights, 4 * (D * E + 3 * k * D * I), "one token reads its experts only");

  // The same experts in 4 bits: as many FLOPs and parameters, an eighth of the bytes and a scale for every row.
  const packed = new Sketch("qmoe");
  packed.input("x", "float32", ["tokens", D]);
  packed.input("logits", "float32", ["tokens", E]);
  const bytes = (name: string, ...dims: number[]) =>
    packed.constant(name, "uint8", dims, new Array(dims.reduce((a, b) => a * b)).fill(0));
  const q = [bytes("gateUp", E, 2 * I, D / 2), packed.weightOf("scales1", E, 2 * I), ""];
  q.push(bytes("down", E, D, I / 2), packed.weightOf("scales2", E, D));
  packed.ms("QMoE", ["x", "logits", ...q], { k, expert_weight_bits: 4, activation_type: "swiglu", swiglu_fusion: 1 }, [
    "y",
  ]);
  packed.output("y", "float32", ["tokens", D]);
  const four = requireComplete(await graphCost(packed.model(), { tokens: 1 }));
  assert.equal(four.flops.dense, 2 * k * 3 * D * I);
  assert.deepEqual([four.parameters, four.activeParameters], [3 * E * D * I, 3 * k * D * I]);
  assert.equal(four.bytes.weights, k * (3 * D * I / 2 + 4 * (2 * I + D)));

  // In plain operators: routes sorted by expert, a product for every expert, a split by counts that only data knows.
  const plain = new Sketch("split");
  plain.input("x", "float32", ["tokens", D]);
  plain.input("order", "int64", ["routes"]);
  plain.input("counts", "int64", [E]);
  plain.node("MatMul", ["x", plain.weightOf("router", D, E)], {}, { outputs: ["logits"] });
  const routed = plain.node("Gather", ["x", "order"]), parts = Array.from({ length: E }, (_, e) => `part.${e}`);
  plain.node("Split", [routed, "counts"], { axis: 0 }, { outputs: parts });
  const made = parts.map((part, e) => {
    const up = plain.node("MatMul", [part, plain.weightOf(`gateUp.${e}`, D, 2 * I)]);
    const half = plain.fresh("half");
    plain.node("Split", [up], { axis: 1, num_outputs: 2 }, { outputs: [half, plain.fresh("rest")] });
    return plain.node("MatMul", [half, plain.weightOf(`down.${e}`, I, D)]);
  });
  plain.node("Concat", made, { axis: 0 }, { outputs: ["y"] });
  plain.output("y", "float32", ["routes", D]);
  const split = await graphCost(plain.model(), { tokens, routes: k * tokens });
  isLike(split, want, "split by data");
  assert.deepEqual([split.experts!.active.dense, split.experts!.all.dense], [k * each, E * each]);
  assert.equal(split.activeParameters, D * E + 3 * k * D * I);
  assert.match(split.notes[0], /the 5 parts of "Split_\d+" depend on data: taken as equal/);
});

Deno.test("experts that are all computed are counted as computed", async () => {
  const { sizes: { tokens }, ...want } = cases.moe_top2_all;
  const cost = await graphCost(exported("moe_top2_all"), { tokens });
  isLike(cost, want, "torch's own export");
  assert.equal(cost.experts, null);
});

Deno.test("recurrent states: the fused operator counts the products of torch's token by token recurrence", async () => {
  for (const [name, rule] of [["recurrence_gated", "gated"], ["recurrence_gated_delta", "gated_delta"]] as const) {
    const { sizes: { tokens, heads, key_dim, value_dim }, ...want } = cases[name];
    const g = new Sketch(rule),
      wide = (of: string, width: number) => g.input(of, "float32", [1, "tokens", heads * width]);
    const state = g.input("past.0.state", "float32", [1, heads, key_dim, value_dim]);
    const inputs = [wide("q", key_dim), wide("k", key_dim), wide("v", value_dim), state, wide("decay", 1)];
    if (rule === "gated_delta") inputs.push(wide("beta", 1));
    const counts = { q_num_heads: heads, kv_num_heads: heads, update_rule: rule };
    g.ms("LinearAttention", inputs, counts, ["y", "present.0.state"]);
    g.output("y", "float32", [1, "tokens", heads * value_dim]);
    const cost = await graphCost(g.model(), { tokens });
    isLike(cost, want, name);
    assert.equal(cost.flops.executed - want.dense, tokens * heads * key_dim * value_dim, "the decay, once a number");
    assert.equal(cost.bytes.caches, 4 * heads * key_dim * value_dim, "the state, whatever the length");
  }
});

Deno.test("a recurrence as a Scan counts its body for every token", async () => {
  const { sizes: { tokens, heads, key_dim, value_dim }, ...want } = cases.recurrence_gated;
  const body = new GraphBuilder("body", "body/");
  const column = body.constant("body/last", "int64", [1], [2]), row = body.constant("body/row", "int64", [1], [1]);
  const s = body.input("body/s", "float32", [heads, key_dim, value_dim]);
  const k = body.node("Unsqueeze", [body.input("body/k", "float32", [heads, key_dim]), column]);
  const v = body.node("Unsqueeze", [body.input("body/v", "float32", [heads, value_dim]), row]);
  const q = body.node("Unsqueeze", [body.input("body/q", "float32", [heads, key_dim]), row]);
  const next = body.node("Add", [s, body.node("MatMul", [k, v])]);
  body.output(next, "float32", [heads, key_dim, value_dim]);
  body.output(body.node("MatMul", [q, next]), "float32", [heads, 1, value_dim]);
  const g = new GraphBuilder("g");
  const inputs = [g.input("past.0.state", "float32", [heads, key_dim, value_dim])];
  for (const [name, width] of [["k", key_dim], ["v", value_dim], ["q", key_dim]] as const) {
    inputs.push(g.input(name, "float32", [heads, "tokens", width]));
  }
  const scan = { body: { graph: body }, num_scan_inputs: 3, scan_input_axes: [1, 1, 1] };
  g.node("Scan", inputs, scan, { outputs: ["present.0.state", "y"] });
  g.output("y", "float32", ["tokens", heads, 1, value_dim]);
  isLike(await graphCost(g.model(), { tokens }), want, "scan");
});

Deno.test("a gated recurrence as one chunk of products, and a short causal convolution", async () => {
  const { sizes: { tokens: T, heads, key_dim, value_dim }, dense } = cases.gated_chunk;
  const g = new Sketch("chunk");
  const [q, k, v] = [key_dim, key_dim, value_dim].map((width, i) =>
    g.input("qkv"[i], "float32", [heads, "tokens", width])
  );
  const state = g.input("past.0.state", "float32", [heads, key_dim, value_dim]);
  const turned = (x: string) => g.node("Transpose", [x], { perm: [0, 2, 1] });
  const decay = g.input("decay", "float32", [heads, "tokens", "tokens"]);
  const inside = g.node("MatMul", [g.node("Mul", [g.node("MatMul", [q, turned(k)]), decay]), v]);
  g.node("Add", [inside, g.node("MatMul", [q, state])], {}, { outputs: ["y"] });
  g.node("Add", [state, g.node("MatMul", [turned(k), v])], {}, { outputs: ["present.0.state"] });
  g.output("y", "float32", [heads, "tokens", value_dim]);
  g.output("present.0.state", "float32", [heads, key_dim, value_dim]);
  isLike(await graphCost(g.model(), { tokens: T }), { dense, causal: dense }, "no softmax, so nothing is hidden");

  const { sizes: { batch, tokens, channels, width }, ...want } = cases.short_conv;
  for (const fused of [true, false]) {
    const c = new Sketch("conv"), w = c.weightOf("w", channels, 1, width);
    const x = c.input("x", "float32", [batch, channels, "tokens"]);
    const past = c.input("past.0.conv", "float32", [batch, channels, width - 1]);
    if (fused) c.ms("CausalConvWithState", [x, w, "", past], {}, ["y", "present.0.conv"]);
    else c.node("Conv", [c.node("Concat", [past, x], { axis: 2 }), w], { group: channels }, { outputs: ["y"] });
    c.output("y", "float32", [batch, channels, "tokens"]);
    isLike(await graphCost(c.model(), { tokens }), want, `fused ${fused}`);
  }
});

Deno.test("a mask that hangs on data is told, and all pairs are counted", async () => {
  const g = new GraphBuilder("g");
  const [q, k, v] = ["q", "k", "v"].map((name) => g.input(name, "float32", ["heads", "tokens", 4]));
  const bias = g.input("bias", "float32", ["tokens", "tokens"]);
  const scores = g.node("MatMul", [q, g.node("Transpose", [k], { perm: [0, 2, 1] })]);
  g.node("MatMul", [g.node("Softmax", [g.node("Add", [scores, bias])], { axis: -1 }), v], {}, { outputs: ["y"] });
  g.output("y", "float32", ["heads", "tokens", 4]);
  const model = g.model(), free = await graphCost(model, { heads: 2, tokens: 3 });
  assert.equal(free.flops.causal, free.flops.dense);
  assert.deepEqual(free.notes, ['the mask of "Softmax_3" is not known: all of its pairs are counted']);
  // Given the mask's values, six of nine pairs are left.
  const causal = () => Float64Array.of(0, -1e9, -1e9, 0, 0, -1e9, 0, 0, 0);
  const known = await graphCost(model, { heads: 2, tokens: 3 }, { bias: causal });
  assert.deepEqual([known.flops.causal, known.notes], [free.flops.dense * 6 / 9, []]);
});
