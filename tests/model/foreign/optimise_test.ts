/** Graphs that other programs made, with heads and a loop added: the same ids and log-likelihoods as they are. */
import assert from "node:assert/strict";
import { link, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema } from "onnx-buf";
import type { ModelRef, Optimisation } from "../../../lib/arch/model_ref.ts";
import { exportModel } from "../../../lib/model/export.ts";
import { startHost } from "../../../lib/model/host.ts";
import type { LanguageModel } from "../../../lib/model/language_model.ts";
import { openModel } from "../../../lib/model/open_model.ts";
import { openForSurgery } from "../../../lib/onnx/surgery/foreign_file.ts";
import { DATA_TYPES, GraphBuilder } from "../../../lib/onnx/graph_builder.ts";
import { sharedFolder } from "../../shared.ts";
import { someIds, tinySpec } from "../tiny_spec.ts";
import { inFolder } from "./in_folder.ts";

const OPTIMISATIONS: Optimisation[] = ["heads", "loop"];

/** Greedy and drawn ids, alone and side by side, log-likelihoods with shared prefixes and without, and logits. */
async function assertSame(found: LanguageModel, want: LanguageModel, prompts: number[][]): Promise<void> {
  const requests = prompts.map((prompt) => ({ prompt }));
  for (const draw of [{}, { temperature: 0.9, topK: 4, topP: 0.8, samples: 2, seed: 5 }]) {
    const options = { maxNewTokens: 12, ignoreEos: true, ...draw };
    assert.deepEqual(await found.generateBatch(requests, options), await want.generateBatch(requests, options));
  }
  const [long] = prompts;
  const shared = [[5, 1, 2], [5, 1], [4, 0, 3, 3]].map((continuationIds) => ({
    contextIds: [...long, ...long, ...long],
    continuationIds,
  }));
  const scored = [...shared, ...prompts.map((ids) => ({ contextIds: ids.slice(0, 1), continuationIds: ids.slice(1) }))];
  const scores = await want.score(scored);
  for (const settings of [{}, { mode: "strict" as const }, { tokenBudget: 4 }]) {
    (await found.score(scored, settings)).forEach(({ logLikelihood, isGreedy }, i) => {
      assert.ok(Math.abs(logLikelihood - scores[i].logLikelihood) < 1e-4, `${logLikelihood}`);
      assert.equal(isGreedy, scores[i].isGreedy);
    });
  }
  const [logits, others] = [await found.logits(long), await want.logits(long)];
  assert.deepEqual(logits.dims, others.dims);
  logits.data.forEach((x, i) => assert.ok(Math.abs(x - others.data[i]) < 1e-4));
}

const shared = sharedFolder("models");
const names = [
  "llama-optimum",
  "gpt2-optimum",
  "qwen3-optimum",
  "llama-nocache",
  "llama-genai-fp32",
  "llama-genai-int4",
];
for (const name of shared === null ? [] : names) {
  Deno.test(`${name} with heads, and with a loop, is what it is without`, async () => {
    const ref = { ref: join(shared!, name), format: "onnx" as const };
    const { cases } = JSON.parse(await readFile(join(shared!, name, "golden.json"), "utf8"));
    const plain = await openModel(ref, { threads: 1 });
    try {
      for (const optimise of OPTIMISATIONS) {
        const model = await openModel({ ...ref, optimise }, { threads: 1 });
        const added = optimise === "loop" ? "graph with heads and loop" : "graph with heads";
        assert.equal(model.info.precisionLabel, `${model.info.precision} (${added})`);
        assert.deepEqual(model.info.ways, optimise === "loop" ? ["loop", "step"] : ["step"]);
        await assertSame(model, plain, cases.map(({ ids }: { ids: number[] }) => ids));
        for (const { ids, greedy_ids } of name.endsWith("int4") ? [] : cases) {
          assert.deepEqual((await model.generate(ids, { maxNewTokens: 24, ignoreEos: true }))[0].ids, greedy_ids);
        }
        await model.close();
      }
    } finally {
      await plain.close();
    }
  });
}

Deno.test("an exported model with a loop answers as the one that it was made of, in a host too", async () => {
  await inFolder(async (folder) => {
    const ref = { ref: tinySpec(), seed: 3 };
    await exportModel(ref, folder);
    // A second name of the weights' file, as caches make them.
    await link(join(folder, "onnx", "model.onnx_data"), join(folder, "second name"));
    const own = await openModel(ref, { threads: 1 });
    const looped = await openModel(folder, { threads: 1, optimise: "loop" });
    try {
      const prompts = [[10, 200, 33, 7, 99], someIds.slice(0, 9)];
      await assertSame(looped, own, prompts);
      const host = await startHost({ ref: folder, optimise: "loop" }, { threads: 1 });
      try {
        const run = { prompt: { ids: prompts[0] }, newTokens: 12, repeats: 1 };
        const [loop] = await host.generateRuns({ ...run, way: "loop" });
        const [step] = await host.generateRuns({ ...run, way: "step" });
        assert.deepEqual(loop.ids, step.ids);
        assert.deepEqual([loop.tokenMs, step.tokenMs?.length], [null, 12]);
        const [pass] = await host.forwardRuns({ batch: 2, seqLen: 5, seed: 1, repeats: 1 });
        const [all] = await host.forwardRuns({ batch: 2, seqLen: 5, seed: 1, repeats: 1, logits: "all" });
        assert.deepEqual(pass.ids, [all.ids[4], all.ids[9]]);
      } finally {
        await host.close();
      }
    } finally {
      await own.close();
      await looped.close();
    }
  });
});

const VOCAB = 6, HIDDEN = 8;

/** A table of hidden states, and a head: what follows a token is the same wherever it stands. */
function headedGraph(
  head: (g: GraphBuilder, hidden: string) => void,
  type: "float32" | "float16" = "float32",
): GraphBuilder {
  const g = new GraphBuilder("headed");
  g.input("ids", "int32", ["batch", "tokens"]);
  g.output("logits", type, ["batch", "tokens", VOCAB]);
  head(g, g.node("Gather", [weights(g, "table", [VOCAB, HIDDEN]), "ids"], { axis: 0 }));
  return g;
}

/** Numbers that differ, from -1 to 1. */
function weights(g: GraphBuilder, name: string, dims: number[]): string {
  const count = dims.reduce((a, b) => a * b, 1);
  return g.constant(name, "float32", dims, Array.from({ length: count }, (_, i) => Math.sin(7 * i + name.length)));
}

const logits = { outputs: ["logits"] };
const HEADS: Record<string, (g: GraphBuilder, hidden: string) => void> = {
  "MatMul": (g, x) => void g.node("MatMul", [x, weights(g, "head", [HIDDEN, VOCAB])], {}, logits),
  "MatMul by a transposed table, with a bias": (g, x) => {
    const turned = g.node("Transpose", [weights(g, "head", [VOCAB, HIDDEN])], { perm: [1, 0] });
    g.node("Add", [weights(g, "bias", [VOCAB]), g.node("MatMul", [x, turned])], {}, logits);
  },
  "Gemm between Reshapes": (g, x) => {
    const flat = g.node("Reshape", [x, g.literal("int64", [2], [-1, HIDDEN])]);
    const product = g.node("Gemm", [flat, weights(g, "head", [VOCAB, HIDDEN]), weights(g, "bias", [VOCAB])], {
      transB: 1,
    });
    const shape = g.node("Concat", [g.node("Shape", ["ids"]), g.literal("int64", [1], [VOCAB])], { axis: 0 });
    g.node("Reshape", [product, shape], {}, logits);
  },
  "a soft cap": (g, x) => {
    const cap = g.literal("float32", [], [1.5]), product = g.node("MatMul", [x, weights(g, "head", [HIDDEN, VOCAB])]);
    g.node("Mul", [cap, g.node("Tanh", [g.node("Div", [product, cap])])], {}, logits);
  },
};

const config = JSON.stringify({ model_type: "table", max_position_embeddings: 64, vocab_size: VOCAB });

async function writeGraph(folder: string, bytes: Uint8Array): Promise<ModelRef & object> {
  await writeFile(join(folder, "config.json"), config);
  const path = join(folder, "model.onnx");
  await writeFile(path, bytes);
  return { ref: path, tokenizer: "bytes" };
}

/** The same graph in the words of another operator set. */
function inOpset(bytes: Uint8Array, version: bigint): Uint8Array {
  const model = fromBinary(ModelProtoSchema, bytes);
  model.opsetImport.find(({ domain }) => domain === "")!.version = version;
  return toBinary(ModelProtoSchema, model);
}

const prompts = [[1, 5, 2, 0], [3, 1], [2, 4]];

for (const [name, head] of Object.entries(HEADS)) {
  Deno.test(`a head is found and works on the rows that are asked for: ${name}`, async () => {
    await inFolder(async (folder) => {
      for (const version of name === "MatMul" ? [13n, 17n, 21n] : [14n]) {
        const ref = await writeGraph(folder, inOpset(headedGraph(head).model(), version));
        const plain = await openModel(ref, { threads: 1 });
        for (const optimise of OPTIMISATIONS) {
          const model = await openModel({ ...ref, optimise } as ModelRef, { threads: 1 });
          await assertSame(model, plain, prompts);
          await model.close();
        }
        await plain.close();
      }
    });
  });
}

Deno.test("logits of half precision are made float32 before a token is chosen", async () => {
  await inFolder(async (folder) => {
    const half = headedGraph((g, x) => {
      const product = g.node("MatMul", [x, weights(g, "head", [HIDDEN, VOCAB])]);
      g.node("Cast", [product], { to: DATA_TYPES.float16 }, logits);
    }, "float16");
    const ref = await writeGraph(folder, half.model());
    const plain = await openModel(ref, { threads: 1 }), looped = await openModel(ref, { threads: 1, optimise: "loop" });
    await assertSame(looped, plain, prompts);
    await plain.close();
    await looped.close();
  });
});

Deno.test("states of every kind go round in the loop: growing ones, others, half precision, flags of merged decoders", async () => {
  await inFolder(async (folder) => {
    const g = new GraphBuilder("stateful"), int = (values: number[]) => g.literal("int64", [values.length], values);
    g.input("ids", "int64", ["batch", "tokens"]);
    g.input("attention_mask", "int32", ["batch", "total"]);
    g.input("position_ids", "int32", ["batch", "tokens"]);
    g.input("use_cache_branch", "bool", [1]);
    g.input("num_logits_to_keep", "int64", []);
    g.input("past_conv.0", "float16", ["batch", 1, HIDDEN]);
    g.input("past.0.key", "float32", ["batch", 1, "past", 1]);
    g.output("logits", "float32", ["batch", "tokens", VOCAB]);
    g.output("present_conv.0", "float16", ["batch", 1, HIDDEN]);
    g.output("present.0.key", "float32", ["batch", 1, "all", 1]);
    const float = (x: string) => g.node("Cast", [x], { to: DATA_TYPES.float32 });
    const half = (x: string) => g.node("Cast", [x], { to: DATA_TYPES.float16 });
    const embedded = g.node("Gather", [weights(g, "table", [VOCAB, HIDDEN]), "ids"]);
    const states = g.node("Concat", ["past_conv.0", half(embedded)], { axis: 1 });
    const before = float(g.node("Slice", [states, int([0]), int([-1]), int([1])]));
    g.node("Slice", [states, int([-1]), int([100]), int([1])], {}, { outputs: ["present_conv.0"] });
    // A token's key is its position; all of them, the mask's sum and the flag shift the hidden states.
    const keys = g.node("Unsqueeze", [float("position_ids"), int([1, 3])]);
    g.node("Concat", ["past.0.key", keys], { axis: 2 }, { outputs: ["present.0.key"] });
    const sums = [
      g.node("ReduceSum", ["past.0.key", int([1, 2, 3])], { keepdims: 0 }),
      g.node("ReduceSum", [float("attention_mask"), int([1])], { keepdims: 0 }),
      float("use_cache_branch"),
    ].reduce((a, b) => g.node("Add", [a, b]));
    const shift = g.node("Sin", [g.node("Unsqueeze", [sums, int([1, 2])])]);
    const hidden = [before, shift].reduce((x, y) => g.node("Add", [x, y]), g.node("Sin", [embedded]));
    g.node("MatMul", [hidden, weights(g, "head", [HIDDEN, VOCAB])], {}, logits);
    const ref = await writeGraph(folder, g.model()), plain = await openModel(ref, { threads: 1 });
    for (const optimise of OPTIMISATIONS) {
      const model = await openModel({ ...ref, optimise } as ModelRef, { threads: 1 });
      for (const prompt of prompts) {
        const options = { maxNewTokens: 20, ignoreEos: true };
        assert.deepEqual(await model.generate(prompt, options), await plain.generate(prompt, options));
      }
      await model.close();
    }
    await plain.close();
  });
});

Deno.test("a head that is not found is refused by the output's name, and so are operators that are too old", async () => {
  await inFolder(async (folder) => {
    const quantized = headedGraph((g, x) => {
      // One scale for all rows: a row's logits depend on the rows beside it.
      const [q, scale, zero] = ["q", "scale", "zero"];
      g.node("DynamicQuantizeLinear", [x], {}, { outputs: [q, scale, zero] });
      const whole = Array.from({ length: HIDDEN * VOCAB }, (_, i) => (7 * i) % 31);
      const product = g.node("MatMulInteger", [q, g.constant("head", "int8", [HIDDEN, VOCAB], whole), zero]);
      g.node("Mul", [g.node("Cast", [product], { to: DATA_TYPES.float32 }), scale], {}, logits);
    });
    const ref = await writeGraph(folder, quantized.model());
    await (await openModel(ref, { threads: 1 })).close();
    for (const optimise of OPTIMISATIONS) {
      const message = new RegExp(
        `optimise "${optimise}": no head was found behind its output "logits": .*Mul.*MatMulNBits`,
      );
      await assert.rejects(openModel(ref, { optimise }), { name: "TypeError", message });
      await assert.rejects(startHost({ ...ref, optimise } as ModelRef), { name: "TypeError", message });
    }
    const old = await writeGraph(folder, inOpset(headedGraph(HEADS.MatMul).model(), 11n));
    await assert.rejects(openModel(old, { optimise: "heads" }), /opset 11.*from opset 13 on/);
  });
});

Deno.test("only graphs made elsewhere can be optimised", async () => {
  await assert.rejects(openModel({ ref: tinySpec(), optimise: "loop" }), {
    name: "TypeError",
    message: /our own graphs/,
  });
  await assert.rejects(openModel(tinySpec(), { optimise: "loops" as "loop" }), {
    name: "RangeError",
    message: /heads, loop/,
  });
});

Deno.test("a changed graph is as small as its nodes: weights inside the file are read from that file", async () => {
  await inFolder(async (folder) => {
    const large = headedGraph((g, x) => {
      const wide = g.node("MatMul", [x, weights(g, "wide", [HIDDEN, 4096])]);
      g.node("MatMul", [wide, weights(g, "narrow", [4096, VOCAB])], {}, logits);
    });
    const { ref } = await writeGraph(folder, large.model()) as { ref: string };
    const { model, folder: weightsFolder } = await openForSurgery(ref);
    assert.ok((await stat(ref)).size > 200_000 && toBinary(ModelProtoSchema, model).length < 2_000);
    const moved = model.graph.initializer.filter(({ externalData }) => externalData.length > 0);
    assert.deepEqual(moved.map(({ name }) => name), ["wide", "narrow"]);
    const file = await readFile(join(weightsFolder, "model.onnx"));
    const [, offset, length] = moved[0].externalData.map(({ value }) => Number(value));
    assert.equal(length, 4 * HIDDEN * 4096);
    assert.equal(file.readFloatLE(offset + 4), Math.fround(Math.sin(7 + "wide".length)));
  });
});
