import assert from "node:assert/strict";
import { zoo } from "../../../lib/mod.ts";
import { parseArguments } from "./arguments.ts";
import { endingRequests, goldLead, hellaswagFile, readPrintedScore } from "./hellaswag_score.ts";
import { Journal } from "./journal.ts";
import { matricesOf } from "./limit_matrices.ts";
import { MODELS } from "./models.ts";
import { ratioOf } from "./result.ts";
import { type BlockOutcome, type Contestant, type RoundSample, runRounds } from "./rounds.ts";

const read = (...args: string[]) => parseArguments(args, "data");

Deno.test("bench:peers takes a model, and works in full or by their first word, and all when none is named", () => {
  const decode = ["decode-fp32", "decode-int4", "decode-stored"];
  assert.deepEqual(read("decode", "--rounds", "6").works, decode);
  assert.deepEqual(read("prefill", "decode-int4").works, ["decode-int4", "prefill"]);
  assert.deepEqual(read().works, MODELS[0].works);
  assert.equal(read("--rounds=4").rounds, 4);
  assert.equal(read().model.ref, "smollm2-135m");
  assert.deepEqual([read("gemma").model.ref, read("gemma").works.includes("mmlu")], ["gemma3-270m", false]);
  assert.deepEqual(read("gemma", "decode").works, decode);
});

Deno.test("bench:peers refuses bad arguments and lists what there is", () => {
  assert.throws(() => read("decod"), /Unknown work "decod"; smollm2 has decode-fp32, .*train; .* smollm2, gemma/);
  assert.throws(() => read("gemma", "mmlu"), /Unknown work "mmlu"; gemma has decode-fp32, .*hellaswag;/);
  assert.throws(() => read("--round", "3"), /Unknown option "--round"; there are:[\s\S]*--rounds/);
  assert.throws(() => read("--rounds", "1"), /--rounds must be an integer of at least 2, got "1"/);
  assert.throws(() => read("--rounds"), /--rounds needs a value/);
});

Deno.test("a contestant that fails is named with its reason, and the others go on", async () => {
  let open = 0;
  const contestant = (name: string, value: number, failsIn?: number): Contestant => ({
    name,
    open() {
      open++;
      return Promise.resolve({
        peakMb: () => Promise.resolve(null),
        versions: {},
        measure: (round) =>
          round === failsIn ? Promise.reject(new Error("out of memory")) : Promise.resolve({ value, raw: 0 }),
        close: () => Promise.resolve(void open--),
      });
    },
  });
  const all = [contestant("ours", 2), contestant("theirs", 1), contestant("weak", 1, 2)];
  const { samples, missing } = await runRounds(all, { rounds: 4, blocks: 2, seed: 0 });
  assert.deepEqual(missing, [{ name: "weak", reason: "out of memory" }]);
  assert.equal(samples.length, 4 + 4 + 2);
  assert.deepEqual(samples.filter((s) => s.name === "ours").map((s) => s.block), [0, 0, 1, 1]);
  assert.equal(open, 0);
});

Deno.test("a bench that was stopped goes on behind its last whole block, and one with other settings begins anew", async () => {
  const folder = await Deno.makeTempDir(), path = `${folder}/work.jsonl`;
  let measured = 0, stopAt = 3;
  const contestant: Contestant = {
    name: "ours",
    open: () =>
      Promise.resolve({
        peakMb: () => Promise.resolve(10 + measured),
        versions: {},
        measure: () => Promise.resolve({ value: ++measured, raw: 0 }),
        close: () => Promise.resolve(),
      }),
  };
  const run = (key: unknown) => {
    const journal = Journal.open(path, key);
    const onBlock = (block: BlockOutcome) => {
      if (measured >= stopAt) throw new Error("killed");
      journal.add(block);
    };
    return runRounds([contestant], { rounds: 6, blocks: 3, seed: 0, done: journal.done, onBlock });
  };
  try {
    await assert.rejects(run({ seed: 0 }), /killed/); // in the second block
    await Deno.writeTextFile(path, '{"samples":[{"na', { append: true }); // a line cut off by the kill
    stopAt = Infinity;
    const { samples, peakMemoryMb } = await run({ seed: 0 });
    assert.deepEqual(samples.map((s) => [s.block, s.round, s.value]), [
      ...[[0, 0, 1], [0, 1, 2]],
      ...[[1, 2, 5], [1, 3, 6], [2, 4, 7], [2, 5, 8]], // 3 and 4 were of the block that was not whole
    ]);
    assert.deepEqual(peakMemoryMb, { ours: 18 });
    assert.deepEqual((await run({ seed: 1 })).samples.map((s) => s.value), [9, 10, 11, 12, 13, 14]);
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    assert.equal(names.length, 2); // the first bench's samples stay, under the date of its start
    assert.match(names[0], /^\d{4}-\d\d-\d\dT.*-work\.jsonl$/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the limit of a model is its matrices, one row each: SmolLM2's and Gemma's by their published sizes", () => {
  const layers = (count: number, layer: number[][], head: number[]) => [...new Array(count).fill(layer).flat(), head];
  // hidden 576, 9 heads of 64, 3 of keys, inner 1,536
  const llama: [number, number][] = [[576, 960], [576, 576], [576, 1536], [576, 1536], [1536, 576]];
  assert.deepEqual(matricesOf(zoo("smollm2-135m")), layers(30, llama, [576, 49152]));
  // hidden 640, 4 heads of 256, 1 of keys, inner 2,048
  const gemma: [number, number][] = [[640, 1536], [1024, 640], [640, 2048], [640, 2048], [2048, 640]];
  assert.deepEqual(matricesOf(zoo("gemma-3-270m")), layers(18, gemma, [640, 262144]));
});

Deno.test("a goal beyond the limit becomes a share of the limit", () => {
  const samples = [0, 1, 2].flatMap((round): RoundSample[] =>
    Object.entries({ ours: 9.5, theirs: 8, limit: 10 }).map(([name, value]) => ({
      name,
      value,
      raw: 0,
      block: round,
      round,
    }))
  );
  const goal = { ours: "ours", against: "theirs", least: 1.3 };
  assert.equal(ratioOf(samples, goal)!.goal, "missed");
  const eased = ratioOf(samples, { ...goal, orShareOf: { limit: "limit", share: 0.9 } })!;
  assert.ok(Math.abs(eased.wanted! - 1.125) < 1e-12); // 0.9 x 10 / 8
  assert.equal(eased.goal, "met"); // 9.5 / 8 = 1.1875
  assert.equal(ratioOf(samples, { ...goal, against: "absent" }), null);
});

const QUESTION = {
  context: "Baking: A man cracks an egg. He",
  continuations: [" fries it.", " frames it.", " sings.", " eats."],
  choices: ["fries it.", "frames it.", "sings.", "eats."],
  gold: 0,
};

Deno.test("a question becomes the six lines that llama.cpp's perplexity tool reads", () => {
  assert.equal(
    hellaswagFile([QUESTION, { ...QUESTION, gold: 3 }]),
    "Baking: A man cracks an egg. He\n0\nfries it.\nframes it.\nsings.\neats.\n" +
      "Baking: A man cracks an egg. He\n3\nfries it.\nframes it.\nsings.\neats.\n",
  );
  assert.throws(() => hellaswagFile([{ ...QUESTION, choices: ["a", "b"] }]), /question 0 .* 2 endings, not 4/);
  assert.throws(() => hellaswagFile([{ ...QUESTION, context: "two\nlines" }]), /"two\\nlines" has a line break/);
});

Deno.test("the perplexity tool's score is its last line, its time the total after loading", () => {
  const stdout = "\ntask\tacc_norm\t95% confidence interval\n1\t100.00000000%\t[20.6549%, 100.0000%]\n" +
    "2\t50.00000000%\t[9.4531%, 90.5469%]\n3\t66.66666667%\t[20.7655%, 93.8508%]\n\n";
  const stderr = "0.08.031.344 I llama_perf_context_print:        load time =    4325.47 ms\n" +
    "0.08.031.366 I llama_perf_context_print: prompt eval time =       0.06 ms /   103 tokens (    0.00 ms per token)\n" +
    "0.08.031.393 I llama_perf_context_print:       total time =    3513.24 ms /   104 tokens\n";
  assert.deepEqual(readPrintedScore(stdout, stderr, 3), { right: 2, ms: 3513.24 });
  const complaint =
    "0.04.522.215 E hellaswag_score : task 3 does not fit in the context window (requires 1100 tokens)\n";
  assert.throws(
    () => readPrintedScore(stdout, complaint + stderr, 4),
    /answered 3 of 4 questions: .* task 3 does not fit/,
  );
  assert.throws(() => readPrintedScore("", "no such file", 4), /answered 0 of 4 questions: no such file/);
});

Deno.test("an ending is scored from the first token that the four texts do not share", async () => {
  const words = ["Baking:", "A", "man", "cracks", "an", "egg.", "He", "fries", "it.", "frames", "sings.", "eats."];
  const encode = (texts: string[]) =>
    Promise.resolve(texts.map((text) => text.split(" ").map((word) => words.indexOf(word))));
  const before = [0, 1, 2, 3, 4, 5, 6];
  assert.deepEqual(
    await endingRequests(QUESTION, encode),
    [[7, 8], [9, 8], [10], [11]].map((continuationIds) => ({ contextIds: before, continuationIds })),
  );
  const same = { ...QUESTION, context: "A man", choices: ["fries it.", "fries sings.", "fries", "fries eats."] };
  assert.deepEqual(
    (await endingRequests(same, encode)).map((r) => "contextIds" in r && [r.contextIds, r.continuationIds]),
    [[[1, 2, 7], [8]], [[1, 2, 7], [10]], [[1, 2, 7], []], [[1, 2, 7], [11]]],
  );
});

Deno.test("the gold ending's lead is that of its mean log-probability a token", () => {
  const scores = [[-6, 3], [-5, 2], [-9, 3], [-4, 1]].map(([logLikelihood, tokens]) => ({
    logLikelihood,
    tokens,
    isGreedy: false,
  }));
  assert.equal(goldLead(scores, 0), 0.5); // -2 before -2.5
  assert.equal(goldLead(scores, 1), -0.5);
  assert.equal(goldLead(scores, 3), -2);
});
