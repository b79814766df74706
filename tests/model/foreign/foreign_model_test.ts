/** Graphs that other programs made, run as they are: the same ids and log-likelihoods, whatever their inputs are called. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resolveGraph } from "../../../lib/arch/foreign/resolve_graph.ts";
import type { ModelRef } from "../../../lib/arch/model_ref.ts";
import { runTrial } from "../../../lib/model/foreign/graph_trial.ts";
import { QualityBenchmark } from "../../../lib/eval/quality_benchmark.ts";
import { exportModel } from "../../../lib/model/export.ts";
import { startHost } from "../../../lib/model/host.ts";
import { openModel } from "../../../lib/model/open_model.ts";
import { GraphBuilder } from "../../../lib/onnx/graph_builder.ts";
import { sharedFolder } from "../../shared.ts";
import { withStore } from "../../store/with_store.ts";
import { someIds, tinySpec } from "../tiny_spec.ts";

interface Golden {
  cases: {
    prompt: string;
    ids: number[];
    last_logits_first8: number[];
    prompt_logprob_sum: number;
    greedy_ids: number[];
  }[];
}

const shared = sharedFolder("models");
const folders: [string, ModelRef][] = shared === null ? [] : [
  ["llama-optimum", { ref: join(shared, "llama-optimum"), format: "onnx" }],
  ...["gpt2-optimum", "qwen3-optimum", "llama-nocache", "llama-genai-fp32"].map((name): [string, ModelRef] => [
    name,
    join(shared, name),
  ]),
];

for (const [name, ref] of folders) {
  Deno.test(`${name} gives its golden ids, logits and log-likelihoods as it is`, async () => {
    const { cases } = JSON.parse(await readFile(join(shared!, name, "golden.json"), "utf8")) as Golden;
    const model = await openModel(ref, { threads: 1 });
    try {
      assert.deepEqual([model.info.source, model.info.ways, model.info.precision], ["model.onnx", ["step"], "fp32"]);
      for (const { prompt, ids, last_logits_first8, prompt_logprob_sum, greedy_ids } of cases) {
        assert.deepEqual(await model.tokenizer.encode(prompt), ids);
        const { data, dims } = await model.logits(ids), last = data.subarray((dims[0] - 1) * dims[1]);
        last_logits_first8.forEach((want, i) => assert.ok(Math.abs(last[i] - want) < 2e-5, `${last[i]}, not ${want}`));
        const [{ ids: greedy }] = await model.generate(ids, { maxNewTokens: 24, ignoreEos: true });
        assert.deepEqual(greedy, greedy_ids);
        const [score] = await model.score([{ contextIds: ids.slice(0, 1), continuationIds: ids.slice(1) }]);
        assert.ok(Math.abs(score.logLikelihood - prompt_logprob_sum) < 1e-4);
      }
      await assert.rejects(model.score([{ context: "a", continuation: "b" }], { mode: "tree" }), /pass strict/);
    } finally {
      await model.close();
    }
  });
}

if (shared !== null) {
  Deno.test("a graph of another precision opens, and says which", async () => {
    const model = await openModel(join(shared, "llama-genai-int4"), { threads: 1 });
    assert.deepEqual([model.info.precision, model.info.parameters], ["int4", 102848]);
    assert.equal((await model.generate("Hello", { maxNewTokens: 4, ignoreEos: true }))[0].ids.length, 4);
    await model.close();
  });
}

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "foreign-"));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

Deno.test("an exported model answers as the one that it was made of: greedy, drawn, scored, in a host too", async () => {
  await inFolder(async (folder) => {
    const ref = { ref: tinySpec(), seed: 3 };
    await exportModel(ref, folder);
    const own = await openModel(ref, { threads: 1 }), foreign = await openModel(folder, { threads: 1 });
    try {
      const prompts = [[10, 200, 33, 7, 99], someIds.slice(0, 9)].map((prompt) => ({ prompt }));
      for (const draw of [{}, { temperature: 0.9, topK: 40, topP: 0.8, samples: 3, seed: 5 }]) {
        const options = { maxNewTokens: 12, ignoreEos: true, ...draw };
        assert.deepEqual(await foreign.generateBatch(prompts, options), await own.generateBatch(prompts, options));
      }
      const certain = { maxNewTokens: 12, ignoreEos: true, logProbabilities: true }, [first] = prompts;
      const [a] = await own.generate(first.prompt, certain), [b] = await foreign.generate(first.prompt, certain);
      a.logProbabilities!.forEach((p, i) => assert.ok(Math.abs(p - b.logProbabilities![i]) < 1e-4));
      const requests = prompts.map(({ prompt }) => ({
        contextIds: prompt.slice(0, 2),
        continuationIds: prompt.slice(2),
      }));
      const want = await own.score(requests), found = await foreign.score(requests);
      want.forEach((w, i) => assert.ok(Math.abs(w.logLikelihood - found[i].logLikelihood) < 1e-4));
      assert.throws(() => foreign.spec, /its graph was made elsewhere/);
      assert.deepEqual([foreign.info.kvHeads, foreign.info.headDim, foreign.info.layers], [2, 16, 3]);

      const host = await startHost(folder, { threads: 1 });
      try {
        const [{ ids }] = await host.generate(prompts[0].prompt, { maxNewTokens: 12, ignoreEos: true });
        const run = { prompt: { ids: prompts[0].prompt }, newTokens: 12, repeats: 1 };
        const [step] = await host.generateRuns({ ...run, way: "step" });
        assert.deepEqual(step.ids, ids);
        await assert.rejects(host.generateRuns({ ...run, way: "loop" }), /Cannot decode .* by "loop".* pass way: step/);
        const [pass] = await host.forwardRuns({ batch: 2, seqLen: 5, seed: 1, repeats: 1 });
        const [all] = await host.forwardRuns({ batch: 2, seqLen: 5, seed: 1, repeats: 1, logits: "all" });
        assert.deepEqual(pass.ids, [all.ids[4], all.ids[9]]);
      } finally {
        await host.close();
      }
    } finally {
      await own.close();
      await foreign.close();
    }
  });
});

Deno.test(
  "an evaluation of a graph as it is gives the numbers of the model that it was made of, and is kept",
  () =>
    withStore((store) =>
      inFolder(async (folder) => {
        const ref = { ref: tinySpec(), seed: 3 }, text = "The river had risen overnight.\nAnna counted eleven sheep.";
        await exportModel(ref, folder);
        const bitsOf = async (ref: ModelRef, scoring = {}) => {
          const quality = new QualityBenchmark(ref, { threads: 1 });
          return await quality.evaluateTask("bits_per_byte", text, { store, scoring });
        };
        const want = await bitsOf(ref), found = await bitsOf(folder), again = await bitsOf(folder, { mode: "strict" });
        assert.ok(Math.abs(want.metrics.bits_per_byte.point - found.metrics.bits_per_byte.point) < 1e-4);
        assert.deepEqual([found.environment.reused, again.environment.reused], [0, found.n]);
        assert.equal(found.environment.model.precisionLabel, "fp32 (graph as it is)");
      })
    ),
);

/** A graph whose logits of a token are a row of a table: what follows a token is the same wherever it stands. */
function tableGraph(inputs: (g: GraphBuilder) => void, vocab = 4): GraphBuilder {
  const g = new GraphBuilder("table");
  g.input("ids", "int32", ["batch", "tokens"]);
  inputs(g);
  g.output("logits", "float32", ["batch", "tokens", vocab]);
  // Token t is followed by t + 1.
  const rows = Array.from(
    { length: vocab * vocab },
    (_, i) => Number((Math.floor(i / vocab) + 1) % vocab === i % vocab),
  );
  g.node("Gather", [g.literal("float32", [vocab, vocab], rows), "ids"], { axis: 0 }, { outputs: ["logits"] });
  return g;
}

const config = JSON.stringify({ model_type: "table", max_position_embeddings: 16, vocab_size: 4 });

Deno.test("a graph of 32-bit ids and no other input runs; one input that no decoder has is refused by name", async () => {
  await inFolder(async (folder) => {
    await writeFile(join(folder, "config.json"), config);
    const path = join(folder, "next.onnx"), ref = { ref: path, tokenizer: "bytes" };
    await writeFile(path, tableGraph(() => {}).model());
    const model = await openModel(ref, { threads: 1 });
    assert.deepEqual((await model.generate([1], { maxNewTokens: 6 }))[0].ids, [2, 3, 0, 1, 2, 3]);
    assert.equal(model.info.architecture, "table");
    await model.close();

    await writeFile(path, tableGraph((g) => g.input("pixel_values", "float32", ["batch", 3, 8, 8])).model());
    await assert.rejects(openModel(ref), {
      name: "TypeError",
      message: /input "pixel_values" \(float32 \[batch, 3, 8, 8\]\)/,
    });
    await assert.rejects(openModel({ ref: path, edits: [{ keepLayers: [0] }] }), /with edits: a graph made elsewhere/);
    await rm(join(folder, "config.json"));
    await writeFile(path, tableGraph(() => {}).model());
    await assert.rejects(openModel(ref), /no config\.json .* says how long its context is/);
  });
});

/**
 * Logits of a token: one-hot of the next token, plus what the states hold: of the token before 0.5 (a state that does
 * not grow) and how many tokens are cached (one that does) at entry 0.
 */
function statefulGraph(): GraphBuilder {
  const g = new GraphBuilder("stateful"), int = (values: number[]) => g.literal("int64", [values.length], values);
  g.input("token_ids", "int64", ["batch", "tokens"]);
  g.input("use_cache_branch", "bool", [1]);
  g.input("num_logits_to_keep", "int64", []);
  g.input("past_conv.0", "float16", ["batch", 1, 4]);
  g.input("past.0.key", "float32", ["batch", 1, "past", 1]);
  g.output("logits", "float16", ["batch", "tokens", 4]);
  g.output("present_conv.0", "float16", ["batch", 1, 4]);
  g.output("present.0.key", "float32", ["batch", 1, "total", 1]);
  const identity = Array.from({ length: 16 }, (_, i) => Number(i % 5 === 0));
  const oneHot = g.node("Cast", [g.node("Gather", [g.literal("float32", [4, 4], identity), "token_ids"])], { to: 10 });
  const next = Array.from({ length: 16 }, (_, i) => Number((Math.floor(i / 4) + 1) % 4 === i % 4));
  const logits = g.node("Cast", [g.node("Gather", [g.literal("float32", [4, 4], next), "token_ids"])], { to: 10 });
  const half = g.literal("float16", [], [0.5]);
  const states = g.node("Concat", ["past_conv.0", oneHot], { axis: 1 });
  const before = g.node("Slice", [states, int([0]), int([-1]), int([1])]);
  const withConv = g.node("Add", [logits, g.node("Mul", [before, half])]);
  g.node("Slice", [states, int([-1]), int([100]), int([1])], {}, { outputs: ["present_conv.0"] });
  const shape = g.node("Concat", [
    g.node("Shape", ["token_ids"], { end: 1 }),
    int([1]),
    g.node("Shape", ["token_ids"], { start: 1 }),
    int([1]),
  ], { axis: 0 });
  const ones = g.node("Expand", [g.literal("float32", [], [1]), shape]);
  g.node("Concat", ["past.0.key", ones], { axis: 2 }, { outputs: ["present.0.key"] });
  const cached = g.node("ReduceSum", ["past.0.key", int([1, 2, 3])], { keepdims: 0 });
  const scaled = g.node("Cast", [g.node("Unsqueeze", [cached, int([1, 2])])], { to: 10 });
  const first = g.literal("float16", [4], [1, 0, 0, 0]);
  g.node("Add", [withConv, g.node("Mul", [scaled, first])], {}, { outputs: ["logits"] });
  return g;
}

Deno.test("states that grow and states that do not, half precision, flags of merged decoders: as the graph has them", async () => {
  await inFolder(async (folder) => {
    await writeFile(join(folder, "config.json"), config);
    await writeFile(join(folder, "model.onnx"), statefulGraph().model());
    const model = await openModel({ ref: folder, tokenizer: "bytes" }, { threads: 1 });
    try {
      // Nothing is cached: only the token before adds, 0.5 at its entry.
      assert.deepEqual([...(await model.logits([1, 3])).data], [0, 0, 1, 0, 1, 0.5, 0, 0]);
      // Greedy from 1: 2; then 1 token is cached, which makes entry 0 a 1 beside the 1 of token 3; then 2 of them win.
      assert.deepEqual((await model.generate([1], { maxNewTokens: 4 }))[0].ids, [2, 0, 0, 0]);
      // Two prompts side by side are what each is alone.
      const both = await model.generateBatch([{ prompt: [1] }, { prompt: [2, 3] }], { maxNewTokens: 3 });
      assert.deepEqual(both[1], await model.generate([2, 3], { maxNewTokens: 3 }));
    } finally {
      await model.close();
    }
  });
});

Deno.test("weights of a graph that lie elsewhere, or nowhere, are refused before anything reads them", async () => {
  await inFolder(async (folder) => {
    await exportModel({ ref: tinySpec() }, folder);
    const data = join(folder, "onnx", "model.onnx_data"), moved = join(folder, "moved");
    await writeFile(moved, await readFile(data));
    await rm(data);
    await assert.rejects(openModel(folder), { message: /weights are in model\.onnx_data, and there is no such file/ });
    await symlink(moved, data);
    await assert.rejects(openModel(folder), {
      name: "SyntaxError",
      message: /model\.onnx_data.* is a link to .*moved/,
    });
  });
});

Deno.test("a graph with an operator that nobody knows is refused with its name, here and in a host", async () => {
  await inFolder(async (folder) => {
    const g = new GraphBuilder("unknown");
    g.input("ids", "int32", ["batch", "tokens"]);
    g.output("logits", "float32", ["batch", "tokens", 4]);
    const table = g.literal("float32", [4, 4], new Array(16).fill(1)), rows = g.node("Gather", [table, "ids"]);
    g.node("Entangle", [rows], {}, { outputs: ["logits"] });
    await writeFile(join(folder, "config.json"), config);
    await writeFile(join(folder, "model.onnx"), g.model());
    for (const open of [openModel, startHost]) {
      await assert.rejects(open(folder, { threads: 1 }), { name: "TypeError", message: /model\.onnx: .*Entangle/ });
    }
  });
});

Deno.test("a process that ends in a graph's trial is a named error of opening it", async () => {
  await inFolder(async (folder) => {
    await writeFile(join(folder, "config.json"), config);
    await writeFile(join(folder, "model.onnx"), tableGraph(() => {}).model());
    const graph = await resolveGraph(folder);
    for (
      const [end, message] of [["kill -SEGV $$", /trial .* ended by SIGSEGV/], ["exit 3", /ended with code 3/]] as const
    ) {
      await assert.rejects(runTrial(graph!, { command: ["/bin/sh", "-c", end] }), { name: "TypeError", message });
    }
    const larger = { ...graph!, facts: { ...graph!.facts, vocabSize: 5 } };
    await assert.rejects(runTrial(larger), {
      message: /4 logits a token, and its configuration says a vocabulary of 5/,
    });
  });
});
