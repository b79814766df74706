import assert from "node:assert/strict";
import { readLlamaBench } from "../../lib/compare/llama_bench.ts";
import { meanInterval } from "../../lib/stats/mean_interval.ts";
import { llamaBenchTable } from "../../lib/view/llama_bench_table.ts";

/** The numbers of llama.cpp's own example (tools/llama-bench/README.md, `-o json`), without the fields not read. */
const prompt = {
  build_commit: "8cf427ff",
  build_number: 5163,
  backends: "CUDA",
  model_filename: "models/Qwen2.5-7B-Instruct-Q4_K_M.gguf",
  model_type: "qwen2 7B Q4_K - Medium",
  model_size: 4677120000,
  model_n_params: 7615616512,
  n_threads: 8,
  n_prompt: 512,
  n_gen: 0,
  n_depth: 0,
  test_time: "2025-04-24T11:58:50Z",
  avg_ns: 72135640,
  stddev_ns: 1453752,
  avg_ts: 7100.002165,
  stddev_ts: 140.341520,
  samples_ns: [74601900, 71632900, 71745200, 71952700, 70745500],
  samples_ts: [6863.1, 7147.55, 7136.37, 7115.79, 7237.21],
};
const generation = { ...prompt, n_prompt: 0, n_gen: 128, n_depth: 512, samples_ns: undefined, avg_ts: 118.881588 };

async function file(text: string, ending = ".json"): Promise<string> {
  const path = await Deno.makeTempFile({ suffix: ending });
  await Deno.writeTextFile(path, text);
  return path;
}

Deno.test("readLlamaBench() reads JSON and JSONL; its mean and spread are llama-bench's own", async () => {
  const json = await readLlamaBench(await file(JSON.stringify([prompt, generation], null, 2)));
  const lines = await readLlamaBench(
    await file(`${JSON.stringify(prompt)}\n\n${JSON.stringify(generation)}\n`, ".jsonl"),
  );
  assert.deepEqual(json, lines);
  const [pp, tg] = json;
  assert.deepEqual([pp.model, pp.test, tg.test, pp.threads], ["qwen2 7B Q4_K - Medium", "pp512", "tg128 @ d512", 8]);
  assert.equal(pp.build, "5163 (8cf427ff)");
  assert.ok(Math.abs(pp.tokensPerS.point - prompt.avg_ts) < 1e-5);
  assert.ok(Math.abs(pp.tokensPerS.stderr! * Math.sqrt(5) - prompt.stddev_ts) < 1e-4);
  assert.ok(Math.abs(pp.tokensPerS.high! - meanInterval(prompt.samples_ts).high) < 0.1);
  assert.deepEqual([tg.tokensPerS.point, tg.tokensPerS.low, tg.samples], [118.881588, null, []]);
  assert.match(String(llamaBenchTable(json)), /qwen2 7B Q4_K - Medium +pp512 +7,?100 \[6,?926, 7,?274\]/);
});

Deno.test("readLlamaBench() says in which entry or line which field is wrong", async () => {
  const bad = (change: object) => file(JSON.stringify([prompt, { ...prompt, ...change }]));
  await assert.rejects(
    readLlamaBench(await bad({ n_prompt: "512" })),
    /entry 1 .*"n_prompt" must be an integer >= 0, got "512"/,
  );
  await assert.rejects(
    readLlamaBench(await bad({ samples_ns: [1, 0] })),
    /"samples_ns" must be a list of times above 0/,
  );
  await assert.rejects(
    readLlamaBench(await bad({ samples_ns: [], avg_ts: null })),
    /"avg_ts" must be a number above 0/,
  );
  await assert.rejects(readLlamaBench(await bad({ model_type: undefined })), /"model_type" must be text, got nothing/);
  await assert.rejects(readLlamaBench(await bad({ n_prompt: 0 })), /"n_gen" must be above 0/);
  await assert.rejects(readLlamaBench(await file(`${JSON.stringify(prompt)}\n{]`)), (error: Error) => {
    assert.match(error.message, /line 2 as llama-bench output/);
    return error instanceof SyntaxError;
  });
  await assert.rejects(readLlamaBench(await file("[1]")), /expected an object, got 1/);
  await assert.rejects(readLlamaBench(await file("\n")), /it holds no result/);
});
