import assert from "node:assert/strict";
import { basename } from "node:path";
import { sha256 } from "../../../lib/eval/hashes.ts";
import { QualityBenchmark } from "../../../lib/eval/quality_benchmark.ts";
import { sanitizedName, writeLmEvalFiles } from "../../../lib/eval/lm_eval/write.ts";
import { checkGenerate } from "../../../lib/eval/generated/options.ts";
import { humaneval } from "../../../lib/eval/tasks/humaneval.ts";
import type { EvalResult } from "../../../lib/eval/types.ts";
import { FakeHost } from "../fake_host.ts";
import { golden, goldenResults, goldenSamples } from "./golden_run.ts";

type Json = Record<string, unknown>;

const lines = async (path: string) =>
  (await Deno.readTextFile(path)).trim().split("\n").map((l) => JSON.parse(l) as Json);

const written = await (async () => {
  const { hellaswag, mmlu } = await goldenResults();
  const folder = await Deno.makeTempDir();
  const now = new Date("2026-11-24T19:24:55.466Z");
  const paths = await writeLmEvalFiles([hellaswag, mmlu], folder, { modelName: ".cache/peers/hf", now });
  return { folder, paths, results: JSON.parse(await Deno.readTextFile(paths[0])) as Json };
})();

Deno.test("files have lm-eval's names", () => {
  const withoutTime = (name: string) => name.replace(/_[^_]+(\.jsonl?)$/, "$1");
  assert.deepEqual(
    written.paths.map((path) => withoutTime(basename(path))),
    golden.files.map(withoutTime),
  );
  assert.equal(written.paths[0], `${written.folder}/${golden.folder}/results_2026-11-24T19-24-55.466.json`);
  assert.equal(sanitizedName("a//b:c d"), "a__b__c d");
});

Deno.test("each document is lm-eval's: keys in order, requests, answers, hashes, metrics", async () => {
  for (const path of written.paths.slice(1)) {
    const task = /samples_(.+)_[^_]+$/.exec(basename(path))![1], samples = await lines(path);
    assert.equal(samples.length, goldenSamples[task].length);
    samples.forEach((ours, i) => {
      const { doc, arguments: requests, metrics, acc_bytes: _, ...rest } = ours as Json & { doc: Json };
      const { doc: columns, arguments: hashes, metrics: names, ...want } = goldenSamples[task][i];
      assert.deepEqual(rest, want); // log-likelihoods, hashes, target, acc, acc_norm, all as they are
      assert.deepEqual(Object.keys(doc), columns);
      assert.deepEqual(
        Object.entries(requests as Record<string, Json>).map(([name, args]) => [
          name,
          Object.fromEntries(Object.entries(args).map(([arg, text]) => [arg, sha256(text as string)])),
        ]),
        Object.entries(hashes),
      );
      assert.deepEqual((metrics as string[]).filter((m) => m !== "acc_bytes"), names); // one more than lm-eval's task lists
      assert.deepEqual(
        Object.keys(ours).filter((key) => key !== "acc_bytes"),
        Object.keys(goldenSamples[task][i]),
        "the order of the keys",
      );
    });
  }
});

/** Every value of `want` is in `got`, numbers to 1e-9. */
function assertHolds(got: unknown, want: unknown, path: string): void {
  if (typeof want === "number") {
    assert.ok(typeof got === "number" && Math.abs(got - want) <= 1e-9, `${path}: ${got}, not ${want}`);
  } else if (typeof want === "object" && want !== null && !Array.isArray(want)) {
    assert.ok(typeof got === "object" && got !== null, `${path}: ${JSON.stringify(got)}`);
    for (const [key, value] of Object.entries(want)) assertHolds((got as Json)[key], value, `${path}.${key}`);
  } else assert.deepEqual(got, want, path);
}

Deno.test("the results file has lm-eval's values: metrics, standard errors, groups, versions, hashes", () => {
  const want = golden.results as Json;
  const same = ["results", "groups", "group_subtasks", "versions", "n-shot", "higher_is_better", "n-samples"];
  for (const key of [...same, "task_hashes", "model_name", "model_name_sanitized"]) {
    assertHolds(written.results[key], want[key], key);
  }
});

Deno.test("the results file has lm-eval's keys and types; what cannot be known here is null", () => {
  const want = golden.results as Json, { results: got } = written;
  // it leaves these out itself where a model shows no tokenizer
  const tokenizer = ["tokenizer_pad_token", "tokenizer_eos_token", "tokenizer_bos_token"];
  assert.deepEqual(Object.keys(want).filter((key) => !(key in got)), tokenizer);
  assert.deepEqual(Object.keys(want.config as Json).filter((key) => !(key in (got.config as Json))), []);
  for (const [key, value] of Object.entries(got)) {
    if (value === null || key === "date") continue;
    assert.equal(typeof value, typeof want[key], key);
  }
  assert.equal(typeof got.date, "number"); // seconds, trimmed to a word in the golden file
  const configs = want.configs as Record<string, Json>;
  const ours = got.configs as Record<string, Json>;
  assert.deepEqual(Object.keys(ours).sort(), Object.keys(configs).sort());
  for (const name of Object.keys(configs)) {
    for (const key of ["task", "output_type", "num_fewshot", "repeats", "target_delimiter", "metadata"]) {
      assert.deepEqual(ours[name][key], configs[name][key], `${name} ${key}`);
    }
  }
});

Deno.test("one item has no standard error, and then its group has none", async () => {
  const quality = new QualityBenchmark("fake"), host = new FakeHost();
  const rows = { abstract_algebra: [0], global_facts: [0, 1] };
  const result = await quality.evaluateTask("mmlu", undefined, { rows, host });
  const [path] = await writeLmEvalFiles(result, await Deno.makeTempDir());
  const { results } = JSON.parse(await Deno.readTextFile(path)) as { results: Record<string, Json> };
  assert.equal(results.mmlu_abstract_algebra["acc_stderr,none"], "N/A");
  assert.equal(results.mmlu["acc_stderr,none"], "N/A");
  assert.equal(typeof results.mmlu_other["acc_stderr,none"], "number");
  assert.match(path, /\/fake_fp32\/results_/);
});

Deno.test("text and rows of one's own are written with the rows that were passed", async () => {
  const quality = new QualityBenchmark("fake"), host = new FakeHost(() => -7);
  const rows = [{ text: "One text." }, { text: "Zwei – Texte." }];
  const result = await quality.evaluateTask("bits_per_byte", rows, { host });
  const folder = await Deno.makeTempDir();
  const [file, samplesFile] = await writeLmEvalFiles(result, folder, { rows });
  const { results } = JSON.parse(await Deno.readTextFile(file)) as { results: Record<string, Json> };
  assert.equal(results.bits_per_byte["bits_per_byte_stderr,none"], "N/A");
  const [, second] = await lines(samplesFile);
  assert.deepEqual(second.arguments, { gen_args_0: { arg_0: "Zwei – Texte." } });
  assert.deepEqual([second.resps, second.filtered_resps, second.bits_per_byte], [[["-7.0"]], ["-7.0"], [-7, 15]]);
  await assert.rejects(
    writeLmEvalFiles(result, folder, { rows: [rows[1], rows[0]] }),
    /bits_per_byte row 0 is not the question/,
  );
  await assert.rejects(writeLmEvalFiles(result, folder, { rows: [rows[0]] }), /row 1 is none of the rows passed/);
  await assert.rejects(writeLmEvalFiles([result, result], folder), /bits_per_byte is there twice/);
  await assert.rejects(writeLmEvalFiles([], folder), /there is no result/);
});

Deno.test("generated programs are written as lm-eval writes HumanEval's", async () => {
  const rows = [{ task_id: "HumanEval/0", prompt: "def f():\n", test: "def check(c): ...", entry_point: "f" }];
  const sample = (n: number, completion: string, verdict: "passed" | "failed") => ({
    ...{ seed: 0, sample: n, completion, tokens: 3, finishReason: "stop" as const, verdict },
  });
  const { hellaswag } = await goldenResults();
  const settings = checkGenerate(humaneval, { samples: 2, temperature: 0.2, k: [1, 2] });
  const items = [{
    ...{ row: 0, correct: 0.5, tokens: 6, promptHash: sha256(rows[0].prompt) },
    samples: [sample(0, "    return 1", "passed"), sample(1, "    return 2", "failed")],
  }];
  const estimate = { point: 0.5, low: 0, high: 1, level: 0.95, n: 1 };
  const result: EvalResult = {
    ...hellaswag,
    ...{ task: "humaneval", n: 1, items, groups: {} },
    metrics: { "pass@1": estimate, "pass@2": { ...estimate, point: 1 } },
    higherIsBetter: { "pass@1": true, "pass@2": true },
    generated: { settings } as EvalResult["generated"],
  };
  const [file, samplesFile] = await writeLmEvalFiles(result, await Deno.makeTempDir(), { rows });
  const { results, configs } = JSON.parse(await Deno.readTextFile(file)) as Record<string, Record<string, Json>>;
  assert.deepEqual(Object.keys(results.humaneval).slice(3), [
    ...["pass@1,create_test", "pass@1_stderr,create_test", "pass@2,create_test", "pass@2_stderr,create_test"],
  ]);
  assert.deepEqual([configs.humaneval.output_type, configs.humaneval.repeats], ["generate_until", 2]);
  const [row] = await lines(samplesFile);
  const stops = ["\nclass", "\ndef", "\n#", "\nif", "\nprint"];
  const kwargs = { until: stops, max_gen_toks: 1024, do_sample: true, temperature: 0.2, top_p: 1 };
  assert.deepEqual(row.arguments, { gen_args_0: { arg_0: "def f():\n", arg_1: kwargs } });
  assert.deepEqual(row.resps, [["    return 1", "    return 2"]]);
  assert.deepEqual(row.filtered_resps, [["def f():\n    return 1", "def f():\n    return 2"]]);
  assert.deepEqual([row.filter, row.target], ["create_test", "def check(c): ...\ncheck(f)"]);
  assert.deepEqual([row["pass@1"], row["pass@2"], row.metrics], [0.5, 1, ["pass@1", "pass@2"]]);
});
