import assert from "node:assert/strict";
import { join } from "node:path";
import { readLlamaBench } from "../../lib/compare/llama_bench.ts";
import { meanInterval } from "../../lib/stats/mean_interval.ts";
import { llamaBenchTable } from "../../lib/view/llama_bench_table.ts";
import manifest from "../cases/llama-bench/manifest.json" with { type: "json" };

const CASES = join(import.meta.dirname!, "..", "cases", "llama-bench");

for (const wanted of manifest.cases) {
  const path = join(CASES, wanted.file);
  if (!wanted.rows) {
    Deno.test(`readLlamaBench() refuses ${wanted.name}: ${wanted.about}`, async () => {
      await assert.rejects(readLlamaBench(path), (error: Error) => {
        assert.ok(wanted.errorNames.some((name) => error.message.includes(name)), error.message);
        return true;
      });
    });
    continue;
  }
  Deno.test(`readLlamaBench() reads ${wanted.name}: ${wanted.about}`, async () => {
    const rows = await readLlamaBench(path);
    const got = rows.map(({ test, model, promptTokens, newTokens, depth, samples }) => ({
      ...{ test, model, promptTokens, newTokens, depth, samples: samples.length },
    }));
    assert.deepEqual(got, wanted.rows.map(({ tokensPerS: _, ...row }) => row));
    rows.forEach(({ tokensPerS: { point, low } }, i) => {
      assert.ok(Math.abs(point - wanted.rows[i].tokensPerS) <= wanted.tolerance, `${point}`);
      assert.equal(low === null, wanted.rows[i].samples < 2);
    });
  });
}

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

/** What a run with these results prints, as llama-bench writes its list. */
const list = (...entries: object[]) => `[\n  ${entries.map((e) => JSON.stringify(e, null, 2)).join(",\n  ")}\n]\n`;

Deno.test("readLlamaBench() reads results with a log around and between them", async () => {
  const [first, second] = [prompt, generation].map((entry) => JSON.stringify(entry, null, 2));
  const progress = (n: number) => `llama-bench: benchmark ${n}/2: starting\n`; // the printer ends no line behind "}"
  const log = `[New LWP 7]\n{"level":"info"}\n`;
  const files = [
    `${log}[\n${progress(1)}  ${first}${progress(2)},\n  ${second}\n]\nbye [1]\n`,
    `${progress(1)}${JSON.stringify(prompt)}\n${progress(2)}${JSON.stringify(generation)}\n${log}`,
    `${list(prompt, generation)}${list()}`,
  ];
  for (const text of files) {
    assert.deepEqual((await readLlamaBench(await file(text))).map((row) => row.test), ["pp512", "tg128 @ d512"], text);
  }
});

Deno.test("readLlamaBench() tells a run that was cut off", async () => {
  const whole = list(prompt, generation);
  for (const text of [whole.replace(/\s*\]\s*$/, ""), whole.slice(0, -20), JSON.stringify(prompt).slice(0, -1)]) {
    await assert.rejects(readLlamaBench(await file(text)), /cut off/, text);
  }
});

Deno.test("readLlamaBench() reads numbers that only C++ prints: a spread is not needed, a rate is", async () => {
  const odd = list(prompt).replace(/("stddev_ts": )[\d.]+/, "$1-nan(ind)");
  assert.equal((await readLlamaBench(await file(odd)))[0].samples.length, 5);
  const noRate = list({ ...generation, avg_ts: 0 }).replace(/("avg_ts": )0/, "$1nan");
  await assert.rejects(readLlamaBench(await file(noRate)), /"avg_ts" must be a number above 0, got "nan"/);
});

Deno.test("readLlamaBench() takes the rate of the mean time where there is no other", async () => {
  const { avg_ts: _, ...times } = generation;
  const [{ tokensPerS }] = await readLlamaBench(await file(list({ ...times, avg_ns: 2e9 })));
  assert.deepEqual([tokensPerS.point, tokensPerS.low], [64, null]);
});

const HEADER =
  "| model | size | params | backend | ngl | fa | test | t/s |\n| --- | ---: | ---: | --- | --: | -: | --: | --: |\n";

Deno.test("readLlamaBench() reads every test of several Markdown tables, with the build below each", async () => {
  const cells = "| qwen2 7B Q4_K - Medium | 4.36 GiB | 7.62 B | CUDA,RPC | 99 | 1 |";
  const text = `ggml_cuda_init: found 1 CUDA devices:\n${HEADER}${cells} pp512 | 7100.00 ± 140.34 |\n` +
    `${cells} pp512+tg128 @ d4096 | 118.88 ± 1.04 |\n\nbuild: 8cf427ff (5163)\n` +
    // as a console that takes UTF-8 for something else writes it; and a version that printed "pp 512"
    `\n${HEADER}${cells} tg 128 | 99.50 \u252c\u2592 0.10 |\n\nbuild: 0a1b2c3 (1886)\n`;
  const rows = await readLlamaBench(await file(text, ".md"));
  assert.deepEqual(
    rows.map((r) => [r.test, r.promptTokens, r.newTokens, r.depth, r.tokensPerS.point, r.build]),
    [
      ["pp512", 512, 0, 0, 7100, "5163 (8cf427ff)"],
      ["pp512+tg128 @ d4096", 512, 128, 4096, 118.88, "5163 (8cf427ff)"],
      ["tg128", 0, 128, 0, 99.5, "1886 (0a1b2c3)"],
    ],
  );
  const { modelFile, modelBytes, parameters, backends, threads } = rows[0];
  assert.deepEqual([modelFile, modelBytes, parameters, backends, threads], [
    ...[null, Math.round(4.36 * 2 ** 30), 7_620_000_000, "CUDA,RPC", null],
  ]);
  const bad = (row: string) => file(HEADER + cells + row, ".md");
  await assert.rejects(readLlamaBench(await bad(" pp512")), /line 3 .* it has 7 cells, its header 8/);
  await assert.rejects(readLlamaBench(await bad(" x9 | 1.00 ± 0.00 |")), /its test is "x9", not one like pp512/);
  await assert.rejects(readLlamaBench(await bad(" pp1 | nan ± nan |")), /"avg_ts" must be a number above 0, got "nan"/);
  await assert.rejects(readLlamaBench(await file(HEADER, ".md")), /it holds no result/);
});

Deno.test("readLlamaBench() reads CSV by its header, quoted or not", async () => {
  const header = "build_number,cpu_info,model_filename,model_type,n_prompt,n_gen,avg_ts,new_column";
  const rows = ['"7101","8"" CPU, old","a,b.gguf","llama","512","0","10.5",""', "7101,CPU,c.gguf,llama,0,128,2.5,x"];
  const read = await readLlamaBench(await file(`a log, in front\n${header}\n${rows.join("\nbye\n")}\n`, ".csv"));
  assert.deepEqual(read.map((r) => [r.modelFile, r.test, r.tokensPerS.point]), [
    ...[["a,b.gguf", "pp512", 10.5], ["c.gguf", "tg128", 2.5]],
  ]);
  await assert.rejects(
    readLlamaBench(await file(`${header}\n${rows[0].slice(0, -9)}`, ".csv")),
    /line 2 .* it has 7 cells, its header 8; was the run cut off/,
  );
  await assert.rejects(readLlamaBench(await file(header, ".csv")), /it holds no result/);
});

Deno.test("readLlamaBench() reads UTF-16 in both orders, with and without a mark", async () => {
  const text = list(prompt), units = Uint16Array.from(text, (c) => c.charCodeAt(0));
  const bytes = (littleEndian: boolean, mark: string) => {
    const out = new DataView(new ArrayBuffer(2 * (mark.length + units.length)));
    [...mark].forEach((c) => out.setUint16(0, c.charCodeAt(0), littleEndian));
    units.forEach((unit, i) => out.setUint16(2 * (mark.length + i), unit, littleEndian));
    return new Uint8Array(out.buffer);
  };
  for (const littleEndian of [true, false]) {
    for (const mark of ["\ufeff", ""]) {
      const path = await Deno.makeTempFile();
      await Deno.writeFile(path, bytes(littleEndian, mark));
      assert.equal((await readLlamaBench(path))[0].test, "pp512");
    }
  }
});

Deno.test("readLlamaBench() refuses SQL by its name", async () => {
  const sql = "CREATE TABLE IF NOT EXISTS llama_bench (\n  build_commit TEXT\n);\n\n" +
    "INSERT INTO llama_bench (build_commit, n_prompt) VALUES ('8cf427ff', '512');\n";
  await assert.rejects(readLlamaBench(await file(sql, ".sql")), /it is SQL \(-o sql\);.* run llama-bench with -o json/);
});

Deno.test("readLlamaBench() says of a path that it is not there, or no file", async () => {
  const folder = await Deno.makeTempDir();
  await assert.rejects(readLlamaBench(`${folder}/none.json`), /Cannot open .*none\.json: there is no such file/);
  await assert.rejects(readLlamaBench(folder), /Cannot open .*: it is not a file/);
});
