import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { datasetSubjects, loadDataset, readSplit } from "../../lib/store/dataset.ts";
import { sharedFolder } from "../shared.ts";
import { temporaryFolder } from "./helpers.ts";

// Expected rows and counts: the upstream files rowanz/hellaswag, hendrycks/test and openai/human-eval.

Deno.test("loadDataset() reads HellaSwag's validation rows in upstream's order, columns and types", async () => {
  const split = await readSplit("hellaswag", { rows: [0, 10_041] });
  assert.equal(split.total, 10_042);
  assert.equal(split.split, "validation");
  assert.deepEqual(split.indexes, [0, 10_041]);
  assert.deepEqual(Object.entries(split.rows[0]), [
    ["ind", 24],
    ["activity_label", "Roof shingle removal"],
    ["ctx_a", "A man is sitting on a roof."],
    ["ctx_b", "he"],
    ["ctx", "A man is sitting on a roof. he"],
    ["endings", [
      "is using wrap to wrap a pair of skis.",
      "is ripping level tiles off.",
      "is holding a rubik's cube.",
      "starts pulling up roofing on a roof.",
    ]],
    ["source_id", "activitynet~v_-JhWjGDPHMY"],
    ["split", "val"],
    ["split_type", "indomain"],
    ["label", "3"],
  ]);
  assert.equal(split.rows[1].source_id, "wikihow~83366");
});

Deno.test("loadDataset() reads MMLU by subject: 57 of them, 14,042 test rows, five dev rows each", async () => {
  assert.equal((await datasetSubjects("mmlu")).length, 57);
  assert.equal((await readSplit("mmlu")).total, 14_042);
  assert.equal((await loadDataset("mmlu", { split: "dev" })).length, 285);
  assert.deepEqual(await loadDataset("mmlu", { split: "dev", subjects: ["abstract_algebra"], limit: 1 }), [{
    question: "Find all c in Z_3 such that Z_3[x]/(x^2 + c) is a field.",
    subject: "abstract_algebra",
    choices: ["0", "1", "2", "3"],
    answer: 1,
  }]);
});

Deno.test("loadDataset() takes the first rows of each subject, or each subject's rows by index", async () => {
  const first = await readSplit("mmlu", { subjects: ["virology", "anatomy"], limit: 2 });
  assert.deepEqual(first.rows.map((row) => row.subject), ["virology", "virology", "anatomy", "anatomy"]);
  assert.deepEqual(first.indexes, [0, 1, 0, 1]);
  const chosen = await readSplit("mmlu", { rows: { anatomy: [7, 3] } });
  const anatomy = await loadDataset("mmlu", { subjects: ["anatomy"] });
  assert.equal(anatomy.length, 135);
  assert.deepEqual(chosen.rows, [anatomy[7], anatomy[3]]);
  assert.deepEqual(chosen.indexes, [7, 3]);
});

Deno.test("loadDataset() reads HumanEval's 164 problems", async () => {
  const rows = await loadDataset("humaneval");
  assert.equal(rows.length, 164);
  assert.deepEqual(Object.keys(rows[0]), ["task_id", "prompt", "entry_point", "canonical_solution", "test"]);
  assert.equal(rows[163].task_id, "HumanEval/163");
});

Deno.test("loadDataset() names the bad value and what there is", async () => {
  await assert.rejects(
    loadDataset("hellaswagg"),
    /RangeError: Unknown dataset "hellaswagg"; did you mean "hellaswag"\? There are: hellaswag, mmlu, humaneval/,
  );
  await assert.rejects(
    loadDataset("hellaswag", { split: "trian" }),
    /Unknown split "trian" of hellaswag: it has validation, train/,
  );
  await assert.rejects(loadDataset("hellaswag", { rows: [0, 999_999] }), /Row 999999 is outside hellaswag.*10042 rows/);
  await assert.rejects(loadDataset("hellaswag", { rows: [-1] }), /rows\[0\] must be an integer >= 0, got -1/);
  await assert.rejects(loadDataset("hellaswag", { limit: 0 }), /limit must be an integer >= 1, got 0/);
  await assert.rejects(loadDataset("hellaswag", { limit: 1, rows: [1] }), /by limit and by index at once/);
  await assert.rejects(loadDataset("hellaswag", { subjects: ["x"] }), /subjects of hellaswag: it has none/);
  await assert.rejects(loadDataset("mmlu", { rows: [1] }), /57 subjects; pass rows: \{ abstract_algebra: \[0, 1\] \}/);
  await assert.rejects(
    loadDataset("mmlu", { subjects: ["alchemy"] }),
    /Unknown subject "alchemy" of mmlu: it has abstract/,
  );
  await assert.rejects(
    loadDataset("mmlu", { rows: { anatomy: [135] } }),
    /Row 135 is outside mmlu anatomy test.*135 rows/,
  );
});

Deno.test("loadDataset() reads own .jsonl and .json files", async () => {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, "own.jsonl"), '{"a": 1}\n\n{"a": 2}\r\n{"a": 3}');
  await writeFile(join(folder.path, "own.json"), '[{"a": 1}, {"a": 2}]');
  assert.deepEqual(await loadDataset(join(folder.path, "own.jsonl"), { limit: 2 }), [{ a: 1 }, { a: 2 }]);
  assert.deepEqual(await loadDataset(join(folder.path, "own.json"), { rows: [1] }), [{ a: 2 }]);
});

Deno.test("loadDataset() reads own Parquet files: text, lists, 64-bit integers as numbers, nothing as null", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "own.parquet");
  const buffer = parquetWriteBuffer({
    columnData: [
      { name: "question", data: ["é", "b"], type: "STRING" },
      { name: "answer", data: [3n, 0n], type: "INT64" },
      { name: "right", data: [true, false], type: "BOOLEAN" },
      { name: "note", data: [null, "x"], type: "STRING", nullable: true },
    ],
  });
  await writeFile(path, new Uint8Array(buffer));
  assert.deepEqual(await loadDataset(path), [
    { question: "é", answer: 3, right: true, note: null },
    { question: "b", answer: 0, right: false, note: "x" },
  ]);
});

Deno.test("a byte that is not UTF-8 is an error with its line, also in a packed file", async () => {
  await using folder = await temporaryFolder();
  const bytes = new Uint8Array([
    ...new TextEncoder().encode('{"a": "é"}\n{"a": "'),
    0xff,
    ...new TextEncoder().encode('"}\n'),
  ]);
  await writeFile(join(folder.path, "bad.jsonl"), bytes);
  await writeFile(join(folder.path, "bad2.jsonl.gz"), gzipSync(bytes));
  await assert.rejects(
    loadDataset(join(folder.path, "bad.jsonl")),
    /SyntaxError: .*bad\.jsonl, line 2: it is not UTF-8/,
  );
  await assert.rejects(loadDataset(join(folder.path, "bad2.jsonl.gz")), /bad2\.jsonl\.gz, line 2: it is not UTF-8/);
  await writeFile(join(folder.path, "marked.jsonl"), '\ufeff{"a": 1}\n');
  assert.deepEqual(await loadDataset(join(folder.path, "marked.jsonl")), [{ a: 1 }]);
});

const unreadable: [string, string, RegExp][] = [
  ["cut.jsonl", '{"a": 1}\n{"a": \n', /cut\.jsonl, line 2/],
  ["word.jsonl", '{"a": 1}\n{"a": 2}\n{"a": nope}\n', /word\.jsonl, line 3/],
  ["number.jsonl", '{"a": 1}\n7\n', /number\.jsonl, line 2: expected an object/],
  ["word.json", '[\n  {"a": 1},\n  {"a": nope}\n]', /word\.json, line 3/],
  ["comma.json", '[\n  {"a": 1}\n  {"a": 2}\n]', /comma\.json, line 3/],
  ["object.json", '{"a": 1}', /object\.json, line 1: expected an array/],
  ["bad.arrow", "not arrow at all", /bad\.arrow as Arrow IPC/],
  ["bad.parquet", "not parquet at all", /bad\.parquet as Parquet/],
  ["bad.jsonl.gz", "not gzip", /bad\.jsonl\.gz as gzip/],
];
for (const [name, text, message] of unreadable) {
  Deno.test(`loadDataset() of the unreadable ${name} is a SyntaxError that says where`, async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, name), text);
    await assert.rejects(
      loadDataset(join(folder.path, name)),
      (error) => error instanceof SyntaxError && message.test(error.message),
    );
  });
}

Deno.test("loadDataset() of a file that is missing names it", async () => {
  await assert.rejects(loadDataset("/no/such/rows.jsonl"), /no file \/no\/such\/rows\.jsonl/);
});

const shared = sharedFolder("datasets");
Deno.test(
  "HellaSwag, MMLU and HumanEval equal the JSON Lines copies, row for row",
  { ignore: shared === null },
  async () => {
    const lines = async (name: string) =>
      gunzipSync(await Deno.readFile(`${shared}/${name}`)).toString().trimEnd().split("\n").map((line) =>
        JSON.parse(line)
      );
    const indexes = async (name: string) => JSON.parse(await Deno.readTextFile(`${shared}/${name}`));
    const same = (got: unknown, want: unknown) => assert.ok(JSON.stringify(got) === JSON.stringify(want));
    const hellaswag = await loadDataset("hellaswag", { rows: await indexes("hellaswag/validation.rows.json") });
    same(hellaswag, await lines("hellaswag/validation.jsonl.gz"));
    same(await loadDataset("mmlu", { rows: await indexes("mmlu/test.rows.json") }), await lines("mmlu/test.jsonl.gz"));
    same(await loadDataset("mmlu", { split: "dev" }), await lines("mmlu/dev.jsonl.gz"));
    same(await loadDataset("humaneval"), await lines("humaneval/HumanEval.jsonl.gz"));
  },
);
