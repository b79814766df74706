import assert from "node:assert/strict";
import { join } from "node:path";
import { comparePaired } from "../../../lib/compare/paired_quality.ts";
import { defineTask } from "../../../lib/eval/define_task.ts";
import { readLmEvalSamples } from "../../../lib/eval/lm_eval/read.ts";
import { writeLmEvalFiles } from "../../../lib/eval/lm_eval/write.ts";
import { sha256 } from "../../../lib/eval/hashes.ts";
import { QualityBenchmark } from "../../../lib/eval/quality_benchmark.ts";
import { FakeHost } from "../fake_host.ts";
import manifest from "../../cases/lm-eval-samples/manifest.json" with { type: "json" };
import { goldenResults } from "./golden_run.ts";

const CASES = join(import.meta.dirname!, "..", "..", "cases", "lm-eval-samples");

for (const { name, file, options, n, metrics, also, errorNames } of manifest.cases) {
  Deno.test(`readLmEvalSamples() reads lm-eval's own numbers, or says why not: ${name}`, async () => {
    const path = join(CASES, file), read = readLmEvalSamples(path, options);
    if (errorNames) {
      await assert.rejects(read, (error: Error) => errorNames.some((word) => error.message.includes(word)));
      return;
    }
    const result = await read;
    assert.equal(result.n, n);
    for (const [metric, value] of Object.entries({ ...metrics, ...also })) {
      const { point } = result.metrics[metric];
      assert.ok(Math.abs(point - value) <= manifest.tolerance, `${metric}: ${point}, not ${value}`);
    }
  });
}

const { hellaswag, mmlu } = await goldenResults();
const folder = await Deno.makeTempDir();
const paths = await writeLmEvalFiles([hellaswag, mmlu], folder);
const inFolder = join(folder, "fake_fp32");

Deno.test("what was written is read back as the same items and metrics", async () => {
  for (const result of [hellaswag, mmlu]) {
    const read = await readLmEvalSamples(inFolder, { task: result.task });
    const withoutTokens = (items: typeof read.items) => items.map(({ tokens: _, ...item }) => item);
    assert.deepEqual(withoutTokens(read.items), withoutTokens(result.items));
    assert.deepEqual(read.metrics, result.metrics);
    assert.deepEqual(read.higherIsBetter, result.higherIsBetter);
    const { findings: [same] } = comparePaired({ ours: result, theirs: read });
    assert.deepEqual([same.task, same.difference.point, same.items], [result.task, 0, result.n]);
  }
});

Deno.test("a task's delimiter is in what is written and what is read; another one is another question", async () => {
  const definition = { name: "delimited", prompt: "{{q}}", choices: ["{{a}}", " b"], answer: 0 };
  const evaluate = async (targetDelimiter?: string) => {
    defineTask({ ...definition, ...(targetDelimiter === undefined ? {} : { targetDelimiter }), replace: true });
    const host = new FakeHost((r) => "continuation" in r ? -r.continuation.length : 0);
    return await new QualityBenchmark("fake").evaluateTask("delimited", rows, { host });
  };
  const rows = [{ q: "1?", a: "one" }, { q: "2?", a: "two or more" }];
  for (const [delimiter, written] of [["\n", "\n"], ["", ""], [undefined, " "]]) {
    const result = await evaluate(delimiter);
    const [file, samples] = await writeLmEvalFiles(result, await Deno.makeTempDir(), { rows });
    assert.equal(JSON.parse(await Deno.readTextFile(file)).configs.delimited.target_delimiter, written);
    const read = await readLmEvalSamples(samples);
    assert.deepEqual(read.items.map(({ tokens: _, ...item }) => item), result.items.map(({ tokens: _, ...i }) => i));
    assert.deepEqual(read.items[1].choiceChars, [11, 2]);
    assert.deepEqual(comparePaired({ ours: result, theirs: read }).notes, []);
    const { version: _, ...other } = await evaluate(": ");
    assert.throws(
      () => comparePaired({ ours: other, theirs: read }),
      /2 of 2 shared items have the same prompt but different continuations: another target delimiter, .* is row 0;/,
    );
    await assert.rejects(
      writeLmEvalFiles(result, await Deno.makeTempDir(), { rows }), // the task has another delimiter by now
      /delimited row 0 is not the question that was evaluated \(prompt_hash or the hash of its requests differs\)/,
    );
  }
});

Deno.test("files are found by name: one, the subjects of a task, a folder's newest", async () => {
  const [, , algebra, facts] = paths;
  assert.deepEqual(
    (await readLmEvalSamples(algebra)).items.map((i) => i.subject),
    new Array(4).fill("abstract_algebra"),
  );
  assert.equal((await readLmEvalSamples([algebra, facts])).n, 8);
  await assert.rejects(readLmEvalSamples(inFolder), /they are of the tasks hellaswag, mmlu; pass task/);
  await assert.rejects(readLmEvalSamples(inFolder, { task: "piqa" }), /there are none in .* of the task piqa/);
  await writeLmEvalFiles(hellaswag, folder, { now: new Date(Date.now() + 60_000) });
  assert.equal((await readLmEvalSamples(inFolder, { task: "hellaswag" })).n, 8);
});

/** A file with one changed line. */
async function changed(change: (row: Record<string, unknown>) => Record<string, unknown> | string, line = 2) {
  const rows = (await Deno.readTextFile(paths[1])).trim().split("\n");
  const made = change(JSON.parse(rows[line - 1]));
  rows[line - 1] = typeof made === "string" ? made : JSON.stringify(made);
  const path = join(await Deno.makeTempDir(), "samples_hellaswag_2026-01-01T00-00-00.jsonl");
  await Deno.writeTextFile(path, rows.join("\n"));
  return path;
}

Deno.test("older files with numbers and lists in place of texts and objects are read the same", async () => {
  const old = await changed((row) => ({
    ...row,
    filtered_resps: (row.filtered_resps as string[][]).map(([v, greedy]) => [Number(v), greedy === "True"]),
    arguments: Object.values(row.arguments as Record<string, Record<string, string>>).map((a) => Object.values(a)),
    prompt_hash: undefined,
  }));
  assert.deepEqual((await readLmEvalSamples(old)).items, (await readLmEvalSamples(paths[1])).items);
});

Deno.test("a task that we do not know is read by what its rows hold", async () => {
  const path = join(await Deno.makeTempDir(), "samples_my_task_2026-01-01T00-00-00.jsonl");
  const row = (doc_id: number) => ({
    ...{ doc_id, target: doc_id % 2 ? "no" : "yes", acc: doc_id % 2 ? 0 : 1, doc: {} },
    arguments: {
      gen_args_0: { arg_0: `Q${doc_id}`, arg_1: " yes" },
      gen_args_1: { arg_0: `Q${doc_id}`, arg_1: " no" },
    },
    filtered_resps: [["-1.0", "True"], ["-2.0", "False"]],
  });
  await Deno.writeTextFile(path, [0, 1, 2, 3].map((id) => JSON.stringify(row(id))).join("\n"));
  const { task, metrics, items } = await readLmEvalSamples(path);
  assert.deepEqual([task, metrics.acc.point, items[1].gold, items[1].goldLogLikelihood], ["my_task", 0.5, 1, -2]);
  assert.equal(items[0].promptHash, sha256("Q0"));
  assert.deepEqual(items[0].choiceChars, [3, 2]);
});

Deno.test("a generated program has lm-eval's verdict", async () => {
  const path = join(await Deno.makeTempDir(), "samples_humaneval_2026-01-01T00-00-00.jsonl");
  const row = {
    ...{ doc_id: 3, target: "check(f)", "pass@1": 1.0, filter: "create_test", doc: {} },
    arguments: { gen_args_0: { arg_0: "def f():\n", arg_1: { until: ["\ndef"] } } },
    resps: [["    return 1"]],
    filtered_resps: [["def f():\n    return 1"]],
  };
  await Deno.writeTextFile(path, JSON.stringify(row) + "\n" + JSON.stringify({ ...row, doc_id: 4, "pass@1": 0 }));
  const { items } = await readLmEvalSamples(path, { task: "humaneval" });
  assert.deepEqual(items.map((i) => [i.row, i.correct, i.samples![0].completion, i.samples![0].verdict]), [
    [3, 1, "    return 1", "passed"],
    [4, 0, "    return 1", "failed"],
  ]);
});

Deno.test("errors name the file, the line and the field", async () => {
  const cases: [(row: Record<string, unknown>) => Record<string, unknown> | string, RegExp, unknown][] = [
    [() => "{]", /jsonl, line 2: /, SyntaxError],
    [() => "[1]", /line 2: expected an object, got \[1\]/, SyntaxError],
    [(row) => ({ ...row, doc_id: "1" }), /line 2: field "doc_id" must be an integer >= 0, got "1"/, TypeError],
    [(row) => ({ ...row, doc_id: 0 }), /line 2: doc_id 0 is in line 1 too/, TypeError],
    [(row) => ({ ...row, arguments: undefined }), /field "arguments" must be the requests.*it is missing/, TypeError],
    [(row) => ({ ...row, filtered_resps: [] }), /field "filtered_resps" must be a list of 4 answers/, TypeError],
    [(row) => ({ ...row, filtered_resps: [1, 2, 3, ["nan", "False"]] }), /must be log-likelihoods/, TypeError],
    [(row) => ({ ...row, target: "7", target_hash: undefined }), /"target" must be the index of one of 4/, TypeError],
    [(row) => ({ ...row, target: "1", target_hash: "0".repeat(64) }), /"target_hash" must be the hash/, TypeError],
    [(row) => ({ ...row, acc: 1 - Number(row.acc) }), /"acc" must be [01], as the log-likelihoods/, TypeError],
    [(row) => ({ ...row, prompt_hash: "0".repeat(64) }), /"prompt_hash" must be the hash of the context/, TypeError],
    [(row) => ({ ...row, filter: "other" }), /rows of the filters none, other; pass filter/, TypeError],
  ];
  for (const [change, message, type] of cases) {
    await assert.rejects(readLmEvalSamples(await changed(change)), (error: Error) => {
      assert.match(error.message, message);
      return error instanceof (type as typeof Error);
    });
  }
  await assert.rejects(readLmEvalSamples("none.jsonl"), /Cannot read none\.jsonl: there is no such file or folder/);
  const empty = join(await Deno.makeTempDir(), "samples_hellaswag_2026-01-01T00-00-00.jsonl");
  await Deno.writeTextFile(empty, "\n");
  await assert.rejects(readLmEvalSamples(empty), /holds no row/);
});

Deno.test("jsonLines() gives up on a line without an end", async () => {
  const { jsonLines } = await import("../../../lib/eval/lm_eval/json_lines.ts");
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(path, `{"a":1}\n{"b":"${"x".repeat(200_000)}`);
  await assert.rejects(Array.fromAsync(jsonLines(path, 1000)), /line 2: it has more than 1000 characters/);
});

Deno.test("jsonLines() says of a file that is not UTF-8 which it is, and where", async () => {
  const { jsonLines } = await import("../../../lib/eval/lm_eval/json_lines.ts");
  const path = await Deno.makeTempFile(), message = new RegExp(`Cannot read ${path}, in line 1 .*it is not UTF-8`);
  const utf16 = Uint8Array.of(
    0xff,
    0xfe,
    ...new Uint8Array(new Uint16Array([..."{}"].map((c) => c.charCodeAt(0))).buffer),
  );
  for (const bytes of [utf16, new TextEncoder().encode(`{"a":"é"}`).subarray(0, 7)]) { // the last one ends in a character
    await Deno.writeFile(path, bytes);
    await assert.rejects(Array.fromAsync(jsonLines(path)), { name: "SyntaxError", message });
  }
  await Deno.writeTextFile(path, `\ufeff{"a":"é"}\r\n{"b":1}`);
  assert.deepEqual((await Array.fromAsync(jsonLines(path))).map(({ row }) => row), [{ a: "é" }, { b: 1 }]);
});
