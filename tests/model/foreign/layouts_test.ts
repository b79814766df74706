/** Every layout of a graph that another program may write: the ids and log-likelihoods that a hand calculation gives. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { resolveGraph } from "../../../lib/arch/foreign/resolve_graph.ts";
import type { ModelRef } from "../../../lib/arch/model_ref.ts";
import { openModel } from "../../../lib/model/open_model.ts";
import { GraphBuilder } from "../../../lib/onnx/graph_builder.ts";
import { inFolder } from "./in_folder.ts";
import {
  CONTEXT,
  type Names,
  OPTIMUM,
  tinyGreedy,
  type TinyLayout,
  tinyLogits,
  tinyLogLikelihood,
  VOCAB,
  writeTiny,
} from "./tiny_decoder.ts";

const CONFIG = JSON.stringify({ model_type: "tiny", max_position_embeddings: CONTEXT, vocab_size: VOCAB });
const PROMPTS = [[3, 9, 1, 14, 7], [5, 2], [8, 8, 4, 11, 6, 0, 13], [12, 1]];

/** The model's answers are those of the hand calculation: with the cache and without, alone and in batches. */
async function agrees(ref: ModelRef, layout: TinyLayout): Promise<void> {
  const model = await openModel(ref, { threads: 1 }), tolerance = layout.floats === "float16" ? 0.05 : 1e-4;
  try {
    const want = PROMPTS.map((prompt) => tinyGreedy(prompt, 12, layout));
    const options = { maxNewTokens: 12, ignoreEos: true };
    for (const [i, prompt] of PROMPTS.entries()) {
      assert.deepEqual((await model.generate(prompt, options))[0].ids, want[i]);
      const { data, dims } = await model.logits(prompt), logits = tinyLogits(prompt, layout).flat();
      assert.deepEqual(dims, [prompt.length, VOCAB]);
      logits.forEach((value, at) =>
        assert.ok(Math.abs(value - data[at]) < tolerance * 10, `${data[at]}, not ${value}`)
      );
    }
    const results = await model.generateBatch(PROMPTS.map((prompt) => ({ prompt })), options);
    assert.deepEqual(results.map((r) => "refused" in r ? r : r[0].ids), want);
    const requests = PROMPTS.map((ids) => ({ contextIds: ids.slice(0, 1), continuationIds: ids.slice(1) }));
    requests.push({ contextIds: [5, 2, 1], continuationIds: [3, 4] });
    for (const mode of ["strict", "batch"] as const) {
      const scores = await model.score(requests, { mode });
      for (const [i, { contextIds, continuationIds }] of requests.entries()) {
        const likely = tinyLogLikelihood(contextIds, continuationIds, layout);
        assert.ok(Math.abs(scores[i].logLikelihood - likely) < tolerance * 10, `${mode} ${i}`);
      }
    }
  } finally {
    await model.close();
  }
}

const LAYOUTS: Record<string, TinyLayout> = {
  "optimum, with position ids": {},
  "without position ids": { positions: false },
  "without a mask": { mask: false },
  "ids, mask and positions of 32 bits": { ints: "int32" },
  "half-precision caches and logits": { floats: "float16" },
  "no cache: whole sequences": { caches: "none" },
  "logits of the last token alone": { logits: "last" },
  "logits of as many tokens as are asked for": { logits: "keep" },
  "a merged decoder": { caches: "merged" },
  "a state that does not grow beside those that do": { conv: true },
  "the same in half precision": { conv: true, floats: "float16" },
  "one row a run": { rows: 1 },
  "one token a run": { tokens: 1 },
  "one row and one token, counted by the graph": { rows: 1, tokens: 1, positions: false, mask: false },
  "weights in one file beside it": { data: ["model.onnx_data"] },
  "weights in several files": { data: ["model.onnx_data", "model.onnx_data_1", "weights.bin"] },
};

for (const [name, layout] of Object.entries(LAYOUTS)) {
  Deno.test(`a graph opens and gives the right ids: ${name}`, () =>
    inFolder(async (folder) => {
      await writeFile(join(folder, "config.json"), CONFIG);
      await writeTiny(join(folder, "model.onnx"), layout);
      await agrees(folder, layout);
    }));
}

Deno.test("a decoder in two graphs: one reads the prompt, the other goes on from its caches", () =>
  inFolder(async (folder) => {
    await writeFile(join(folder, "config.json"), CONFIG);
    await writeTiny(join(folder, "onnx", "decoder_model.onnx"), { caches: "first" });
    await writeTiny(join(folder, "onnx", "decoder_with_past_model.onnx"), { tokens: 1 });
    await agrees(folder, {});
    const graph = await resolveGraph(folder);
    assert.deepEqual(graph!.files.map((file) => file.slice(folder.length + 1)), [
      "onnx/decoder_with_past_model.onnx",
      "onnx/decoder_model.onnx",
    ]);
    assert.equal(graph!.notes, undefined);
    await agrees(join(folder, "onnx", "decoder_model.onnx"), {}); // one of the two names both
    await writeTiny(join(folder, "onnx", "decoder_model.onnx"), { caches: "none" });
    await assert.rejects(resolveGraph(folder), {
      message: /decoder_model\.onnx: it has no output "present\.0\.key", which decoder_with_past_model goes on from/,
    });
  }));

Deno.test("genai_config.json names inputs and outputs, and the file that holds them", () =>
  inFolder(async (folder) => {
    const names: Names = {
      ...{ ids: "t", mask: "seen", positions: "where", logits: "scores" },
      past: (state) => `${state}_before_0`,
      present: (state) => `${state}_behind_0`,
    };
    const states = Object.fromEntries(["key", "value"].flatMap((state) => [
      [`past_${state}_names`, `${state}_before_%d`],
      [`present_${state}_names`, `${state}_behind_%d`],
    ]));
    const { past_key_names, past_value_names, ...present } = states;
    const inputs = { input_ids: "t", attention_mask: "seen", position_ids: "where", past_key_names, past_value_names };
    const config = (outputs: Record<string, string>) =>
      JSON.stringify({
        model: {
          ...{ type: "tiny", context_length: CONTEXT, vocab_size: VOCAB },
          decoder: { filename: "sub/decoder.onnx", inputs, outputs: { logits: "scores", ...outputs } },
        },
        search: { past_present_share_buffer: false },
      });
    await writeFile(join(folder, "genai_config.json"), config(present));
    await writeFile(join(folder, "other.onnx"), "not read");
    await writeTiny(join(folder, "sub", "decoder.onnx"), { names });
    await agrees(folder, {});
    await writeFile(join(folder, "genai_config.json"), config({ ...present, present_key_names: "gone_%d" }));
    await assert.rejects(resolveGraph(folder), {
      name: "TypeError",
      message: /its cache "key_before_0" \(float32 \[batch_size, 1, past_sequence_length, 8\]\) has no output "gone_0"/,
    });
  }));

Deno.test("rows of other lengths run together where the graph takes padding: found by trying, not by names", () =>
  inFolder(async (folder) => {
    await writeFile(join(folder, "config.json"), CONFIG);
    const { openGraphs } = await import("../../../lib/model/foreign/open_foreign.ts");
    const { sideBySide } = await import("../../../lib/model/foreign/side_by_side.ts");
    const found: Record<string, string> = {};
    const layouts: Record<string, TinyLayout> = {
      ...{ plain: {}, conv: { conv: true }, counted: { positions: false }, blind: { mask: false } },
      ...{ uncached: { caches: "none" }, merged: { caches: "merged" }, half: { floats: "float16" } },
      ...{ mixed: { mixed: true }, single: { rows: 1 } },
    };
    for (const [name, layout] of Object.entries(layouts)) {
      await writeTiny(join(folder, "model.onnx"), layout);
      const graph = await resolveGraph(folder), graphs = await openGraphs(graph!, { provider: "cpu", threads: 1 });
      found[name] = await sideBySide(graphs, VOCAB);
      await graphs.session.release();
    }
    assert.deepEqual(found, {
      ...{ plain: "any", conv: "any", merged: "any", half: "any", mixed: "alone" },
      ...{ counted: "alike", blind: "alike", uncached: "alike", single: "alone" },
    });
  }));

Deno.test("a recurrent graph: one token a run, a state that does not grow and no mask, rows of any lengths together", () =>
  inFolder(async (folder) => {
    const g = new GraphBuilder("recurrent"), inputs = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3];
    const heads = [2, 7, 1, 8, 2, 8, 1, 8, 2, 8, 4, 5, 9, 0, 4, 5];
    g.input("input_ids", "int64", ["batch", 1]);
    g.input("past_ssm.0", "float32", ["batch", 1, 4]);
    g.output("logits", "float32", ["batch", 1, 4]);
    g.output("present_ssm.0", "float32", ["batch", 1, 4]);
    const kept = g.node("Mul", ["past_ssm.0", g.literal("float32", [], [-0.5])]);
    const read = g.node("Gather", [g.literal("float32", [4, 4], inputs), "input_ids"]);
    g.node("Add", [kept, read], {}, { outputs: ["present_ssm.0"] });
    g.node("MatMul", ["present_ssm.0", g.literal("float32", [4, 4], heads)], {}, { outputs: ["logits"] });
    const byHand = (prompt: number[], count: number) => {
      const ids = [...prompt];
      for (let made = 0; made < count; made++) {
        const state = ids.reduce((s, id) => s.map((v, i) => inputs[4 * id + i] - v / 2), [0, 0, 0, 0]);
        const logits = state.map((_, id) => state.reduce((sum, v, i) => sum + v * heads[4 * i + id], 0));
        ids.push(logits.indexOf(Math.max(...logits)));
      }
      return ids.slice(prompt.length);
    };
    await writeFile(join(folder, "config.json"), JSON.stringify({ max_position_embeddings: 32, vocab_size: 4 }));
    await writeFile(join(folder, "model.onnx"), g.model());
    const model = await openModel(folder, { threads: 1 }), prompts = [[0, 1, 2], [3], [2, 2, 1, 0, 3], [1, 0]];
    const results = await model.generateBatch(prompts.map((prompt) => ({ prompt })), { maxNewTokens: 8 });
    assert.deepEqual(results.map((r) => "refused" in r ? r : r[0].ids), prompts.map((prompt) => byHand(prompt, 8)));
    assert.deepEqual((await model.logits([0, 1])).dims, [2, 4]);
    await model.close();
  }));

Deno.test("what is not understood of a graph is refused with its input or output", () =>
  inFolder(async (folder) => {
    await writeFile(join(folder, "config.json"), CONFIG);
    const path = join(folder, "model.onnx");
    const refused = async (names: Partial<Names>, message: RegExp) => {
      await writeTiny(path, { names: { ...OPTIMUM, ...names } });
      await assert.rejects(openModel(folder), { name: "TypeError", message });
    };
    await refused({ present: (state) => `cache_${state}_of_next` }, /its input "past_key_values\.0\.key" \(float32 \[/);
    await refused({ mask: "bias", ids: "first" }, /none of its inputs is of token ids, .*"first" \(int64 \[/);
  }));
