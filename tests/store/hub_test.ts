import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { parquetWriteBuffer } from "hyparquet-writer";
import { loadDataset, readSplit } from "../../lib/store/dataset.ts";
import { hubSplit } from "../../lib/store/hub/dataset.ts";
import { NotCachedError } from "../../lib/store/hub/cache.ts";
import { parseHubReference } from "../../lib/store/hub/reference.ts";
import { splitFiles } from "../../lib/store/hub/dataset_layout.ts";
import { lambadaOpenai } from "../../lib/eval/tasks/lambada_openai.ts";
import { cacheDir } from "../../lib/store/paths.ts";
import { sharedFolder } from "../shared.ts";
import { COMMIT, hubServer, setEnv } from "./hub_server.ts";

/** The columns of ai2_arc. */
function arc(...ids: string[]): Uint8Array {
  const choices = ids.map((id) => ({ text: [`${id} yes`, `${id} no`], label: ["A", "B"] }));
  return new Uint8Array(parquetWriteBuffer({
    columnData: [
      { name: "id", data: ids },
      { name: "question", data: ids.map((id) => `Is it ${id}?`) },
      { name: "choices", data: choices },
      { name: "answerKey", data: ids.map(() => "B") },
    ],
    schema: [
      { name: "root", num_children: 4 },
      { name: "id", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
      { name: "question", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
      { name: "choices", num_children: 2, repetition_type: "OPTIONAL" },
      ...["text", "label"].flatMap((name) => [
        { name, num_children: 1, repetition_type: "OPTIONAL" as const, converted_type: "LIST" as const },
        { name: "list", num_children: 1, repetition_type: "REPEATED" as const },
        {
          name: "element",
          type: "BYTE_ARRAY" as const,
          converted_type: "UTF8" as const,
          repetition_type: "OPTIONAL" as const,
        },
      ]),
      { name: "answerKey", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
    ],
  }));
}

const ARC = {
  "allenai/ai2_arc": {
    "README.md": "# ARC",
    "ARC-Easy/train-00000-of-00002.parquet": arc("a", "b"),
    "ARC-Easy/train-00001-of-00002.parquet": arc("c"),
    "ARC-Easy/test-00000-of-00001.parquet": arc("d"),
    "ARC-Challenge/test-00000-of-00001.parquet": arc("e"),
  },
};

Deno.test("loadDataset() fetches a split of the hub once, in all its parts, and reads it without a network afterwards", async () => {
  await using hub = await hubServer(ARC);
  const split = await readSplit("arc_easy", { split: "train" });
  assert.deepEqual(split.rows.map((row) => row.id), ["a", "b", "c"]);
  assert.deepEqual(split.rows[2], {
    id: "c",
    question: "Is it c?",
    choices: { text: ["c yes", "c no"], label: ["A", "B"] },
    answerKey: "B",
  });
  assert.deepEqual([split.split, split.total], ["train", 3]);
  const asked = hub.asked.length;
  const restore = setEnv({ HF_HUB_OFFLINE: "1" });
  try {
    assert.deepEqual((await loadDataset("arc_easy", { split: "train", rows: [2, 0] })).map((row) => row.id), [
      "c",
      "a",
    ]);
  } finally {
    restore();
  }
  assert.equal(hub.asked.length, asked);
  assert.deepEqual((await loadDataset("arc_easy", { split: "test" })).map((row) => row.id), ["d"]); // of the same commit
  assert.equal(hub.asked.filter((path) => path.startsWith("/api")).length, 1 + 2); // revision, two pages of the tree
});

Deno.test("hf:owner/name takes a configuration or a file, and lists them where it is not clear which is meant", async () => {
  await using _hub = await hubServer({
    ...ARC,
    "rowan/one": { "data/train.jsonl": '{"n":1}\n', "data/validation-00000-of-00001.jsonl": '{"n":2}\n{"n":3}\n' },
    "e/lambada": { "default/test/0000.parquet": arc("x"), "de/test/0000.parquet": arc("y") },
  });
  const ids = async (name: string, split?: string) =>
    (await loadDataset(name, { split })).map((row) => row.id ?? row.n);
  assert.deepEqual(await ids("hf:allenai/ai2_arc/ARC-Challenge"), ["e"]);
  assert.deepEqual(await ids("hf:allenai/ai2_arc/ARC-Easy/train-00001-of-00002.parquet"), ["c"]);
  assert.deepEqual(await ids("hf:rowan/one"), [2, 3]);
  assert.deepEqual(await ids(`hf:rowan/one@${COMMIT}`, "train"), [1]);
  assert.deepEqual(await ids("hf:e/lambada"), ["x"]);
  assert.deepEqual(await ids("hf:e/lambada/de"), ["y"]);
  await assert.rejects(ids("hf:allenai/ai2_arc"), /several configurations: ARC-Easy, ARC-Challenge/);
  await assert.rejects(
    ids("hf:allenai/ai2_arc/ARC-Esy"),
    /no rows at hf:allenai\/ai2_arc\/ARC-Esy: ARC-Easy, ARC-Chal/,
  );
  await assert.rejects(ids("hf:rowan/one", "dev"), /Unknown split "dev" of hf:rowan\/one: it has train, validation/);
  await assert.rejects(ids("hf:rowan/two"), /Cannot fetch hf:rowan\/two from http.*Repository not found/);
});

Deno.test("nothing is fetched with HF_HUB_OFFLINE, nor where only what is here is asked for", async () => {
  await using hub = await hubServer(ARC);
  const restore = setEnv({ HF_HUB_OFFLINE: "1" });
  try {
    await assert.rejects(
      loadDataset("arc_easy", { split: "test" }),
      (error) =>
        error instanceof NotCachedError && error.source === "hf:allenai/ai2_arc/ARC-Easy" &&
        /not on this machine, and HF_HUB_OFFLINE is set/.test(error.message),
    );
  } finally {
    restore();
  }
  await assert.rejects(loadDataset("arc_easy", { split: "test", cachedOnly: true }), NotCachedError);
  assert.deepEqual(hub.asked, []);
});

Deno.test("a file that is not what the hub announced is refused, and nothing of it stays", async () => {
  const spoils: [(bytes: Uint8Array) => Uint8Array, RegExp][] = [
    [
      (bytes) => bytes.map((b, i) => i === 9 ? b ^ 1 : b),
      /the sha256 of ARC-Easy\/test.* is [0-9a-f]{64}, the hub says/,
    ],
    [(bytes) => bytes.slice(0, -5), /Cannot fetch hf:allenai\/ai2_arc\/ARC-Easy/],
  ];
  for (const [change, message] of spoils) {
    await using _hub = await hubServer(ARC, { spoil: (_path, bytes) => change(bytes) });
    await assert.rejects(loadDataset("arc_easy", { split: "test" }), message);
    const left = await readdir(cacheDir("hub", "allenai--ai2_arc", COMMIT), { recursive: true });
    assert.deepEqual(left, ["ARC-Easy"]);
  }
  await using _hub = await hubServer({ "a/b": { "test.jsonl": '{"n":1}\n' } }, {
    spoil: () => new TextEncoder().encode('{"n":2}\n'),
  });
  await assert.rejects(loadDataset("hf:a/b"), /the sha1 of test\.jsonl/);
});

Deno.test("hubSplit() refuses more bytes than it may fetch before it fetches any", async () => {
  await using hub = await hubServer(ARC);
  await assert.rejects(
    hubSplit("hf:allenai/ai2_arc/ARC-Easy", { split: "train", maxBytes: 100 }),
    /RangeError: Refused to fetch hf:allenai\/ai2_arc\/ARC-Easy: .* more than the 0\.0 MB/,
  );
  assert.equal(hub.asked.some((path) => path.includes("/resolve/")), false);
});

Deno.test("paths of a repository that would leave the cache are not there", async () => {
  await using _hub = await hubServer({ "a/b": { "../../test.jsonl": "{}\n", "c/..\\test.jsonl": "{}\n" } });
  await assert.rejects(loadDataset("hf:a/b"), /There are no rows at hf:a\/b/);
});

const shared = sharedFolder("datasets");
Deno.test("LAMBADA and MultiPL-E come from the hub whole", { ignore: shared === null }, async () => {
  const lambada = await loadDataset(`${shared}/lambada_openai/test.jsonl.gz`);
  const texts = lambada.map((row) => {
    const { context, continuation } = lambadaOpenai.doc(row);
    return context + continuation;
  });
  const problems = await loadDataset(`${shared}/multipl-e/humaneval-ts.jsonl.gz`);
  const columns = Object.keys(problems[0]).filter((name) => name !== "stop_tokens");
  await using _hub = await hubServer({
    "EleutherAI/lambada_openai": {
      "default/test/0000.parquet": parquet({ text: texts }),
      "de/test/0000.parquet": parquet({ text: ["anders"] }),
    },
    "nuprl/MultiPL-E": {
      "humaneval-ts/test-00000-of-00001.parquet": parquet(
        Object.fromEntries(columns.map((name) => [name, problems.map((row) => String(row[name]))])),
      ),
      "humaneval-rs/test-00000-of-00001.parquet": parquet({ name: ["rust"] }),
    },
  });
  const rows = await loadDataset("lambada_openai");
  assert.equal(rows.length, 5153);
  assert.deepEqual(rows.map((row) => lambadaOpenai.doc(row)), lambada.map((row) => lambadaOpenai.doc(row)));
  const ts = await loadDataset("multipl-e-ts");
  assert.equal(ts.length, 159);
  assert.deepEqual(ts.map((row) => row.prompt), problems.map((row) => row.prompt));
});

/** Columns of text. */
function parquet(columns: Record<string, string[]>): Uint8Array {
  const columnData = Object.entries(columns).map(([name, data]) => ({ name, data, type: "STRING" as const }));
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}

Deno.test("parseHubReference() reads owner, name, revision and path, and refuses what is none", () => {
  assert.deepEqual(parseHubReference("hf:a/b.c@v1.0/d/e.jsonl"), {
    repo: "a/b.c",
    revision: "v1.0",
    path: "d/e.jsonl",
  });
  for (const bad of ["hf:a", "hf:a/b/../c", "hf:../b", "hf:a/b@..", "hf:a/b c", "hf:a/b/c\\d", "a/b"]) {
    assert.throws(() => parseHubReference(bad), RangeError, bad);
  }
});

Deno.test("splitFiles() knows the hub's ways to lay out a dataset", () => {
  const find = (files: string[], path = "", split?: string) => splitFiles("hf:a/b", files, path, split);
  assert.deepEqual(find(["data/train-00000-of-00001.parquet", "data/val-00000-of-00001.parquet"]), {
    split: "validation",
    files: ["data/val-00000-of-00001.parquet"],
  });
  assert.deepEqual(find(["plain_text/test/0001.parquet", "plain_text/test/0000.parquet"]).files, [
    "plain_text/test/0000.parquet",
    "plain_text/test/0001.parquet",
  ]);
  assert.deepEqual(find(["data/lambada_test_en.jsonl", "data/lambada_test_en.parquet"]).files, [
    "data/lambada_test_en.parquet",
  ]);
  assert.deepEqual(find(["x/dev-00000-of-00001.parquet", "x/test-00000-of-00001.parquet"], "x", "dev").files.length, 1);
  assert.deepEqual(find(["questions.json", "dataset_infos.json"]), { split: "questions", files: ["questions.json"] });
  assert.deepEqual(find(["piqa_train.parquet", "piqa_validation.parquet"], "", "train").files, ["piqa_train.parquet"]);
  const sizes = ["data/train-00000-of-00001-932c160377f40a55.parquet", "data/train_2k-00000-of-00001.parquet"];
  assert.deepEqual(find(sizes, "", "train").files, [sizes[0]]);
  assert.throws(
    () => find(["data/l_test_en.jsonl", "data/l_test_de.jsonl"]),
    /Split "test" of hf:a\/b could be several files: data\/l_test_en\.jsonl, data\/l_test_de\.jsonl; pass one/,
  );
  assert.throws(() => find(["train.jsonl", "dev.jsonl"]), /Unknown split "" of hf:a\/b: it has train, dev/);
});
