import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { MAX_ITEM_BYTES, readQuestions } from "../../lib/eval/questions.ts";
import { selectRows } from "../../lib/eval/select_rows.ts";
import { arcEasy } from "../../lib/eval/tasks/arc.ts";
import { bitsPerByte } from "../../lib/eval/tasks/bits_per_byte.ts";
import { boolq } from "../../lib/eval/tasks/boolq.ts";
import { mmlu } from "../../lib/eval/tasks/mmlu.ts";
import { piqa } from "../../lib/eval/tasks/piqa.ts";
import { hubServer } from "../store/hub_server.ts";
import { temporaryFolder } from "../store/helpers.ts";

const question = (prompt: string, answer = 0) => ({ prompt, choices: ["a", "b"], answer });

Deno.test("selectRows() reads rows of a file by its ending, with limit and rows", async () => {
  await using folder = await temporaryFolder();
  const rows = ["p", "q", "r"].map((prompt) => question(prompt));
  const files = {
    "rows.jsonl": rows.map((row) => JSON.stringify(row)).join("\n"),
    "rows.json": JSON.stringify(rows),
  };
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder.path, name);
    await writeFile(path, text);
    const { rows: got, data } = await selectRows(mmlu, path, { rows: [2, 0] });
    assert.deepEqual(got.map(({ row, index }) => [row.prompt, index]), [["r", 2], ["p", 0]]);
    assert.equal(data, `2 of 3 rows of ${path}`);
    await assert.rejects(selectRows(mmlu, path, { rows: [3] }), /row 3 is outside the 3 rows of .*use 0 to 2/);
    await assert.rejects(selectRows(mmlu, path, { split: "dev" }), /is one file and has no splits/);
  }
  const path = join(folder.path, "rows.parquet");
  const columns = { goal: ["g", "h"], sol1: ["a", "b"], sol2: ["c", "d"] };
  const columnData = Object.entries(columns).map(([name, data]) => ({ name, data, type: "STRING" as const }));
  const label = { name: "label", data: [1n, 0n], type: "INT64" as const };
  await writeFile(path, new Uint8Array(parquetWriteBuffer({ columnData: [...columnData, label] })));
  const { rows: got } = await selectRows(piqa, path, { limit: 1 });
  assert.deepEqual(piqa.doc(got[0].row), { query: "Question: g\nAnswer:", choices: ["a", "c"], gold: 1 });
});

Deno.test("selectRows() takes a .txt file as one document, any other text as itself", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "a.txt");
  await writeFile(path, "Some text.\n");
  assert.deepEqual(await selectRows(bitsPerByte, path, {}), {
    rows: [{ row: { text: "Some text.\n" }, index: 0 }],
    data: path,
  });
  const text = "Two lines,\nthe last about rows.jsonl";
  assert.equal((await selectRows(bitsPerByte, text, {})).rows[0].row.text, text);
  await writeFile(path, new Uint8Array([97, 10, 98, 10, 0xc3, 0x28]));
  await assert.rejects(selectRows(bitsPerByte, path, {}), /SyntaxError: .*a\.txt, line 3: it is not UTF-8/);
  await assert.rejects(selectRows(bitsPerByte, "no/such.txt", {}), /there is no file no\/such\.txt/);
  await assert.rejects(selectRows(mmlu, "no/such.jsonl", {}), /there is no file no\/such\.jsonl/);
  await assert.rejects(selectRows(mmlu, path, {}), /it needs rows with .* a path ends in \.jsonl/);
});

Deno.test("selectRows() says what was evaluated, and what lm-eval does where that is something else", async () => {
  const data = async (task: Parameters<typeof selectRows>[0]) => (await selectRows(task, undefined, { limit: 2 })).data;
  assert.equal(await data(arcEasy), "arc_easy validation (lm-eval uses test), 2 of 570 rows");
  assert.equal(await data(piqa), "piqa validation, 2 of 1838 rows");
  assert.match(await data(boolq), /^boolq validation \(lm-eval uses hf:aps\/super_glue\/boolq, .*\), 2 of 3270 rows$/);
});

Deno.test("selectRows() takes another split, and datasets of the hub", async () => {
  const row = (n: number) =>
    JSON.stringify({ question: `q${n}`, choices: { text: ["a", "b"], label: ["A", "B"] }, answerKey: "A" });
  await using _hub = await hubServer({ "allenai/ai2_arc": { "ARC-Easy/test.jsonl": [1, 2, 3].map(row).join("\n") } });
  const { rows, data } = await selectRows(arcEasy, undefined, { split: "test", rows: [2] });
  assert.equal(rows[0].row.question, "q3");
  assert.equal(data, "arc_easy test, 1 of 3 rows");
  assert.match(
    (await selectRows(arcEasy, "hf:allenai/ai2_arc/ARC-Easy", { limit: 2 })).data,
    /^2 of 3 test rows of hf:allenai.* at 0123456789ab$/,
  );
  await assert.rejects(
    selectRows(arcEasy, undefined, { split: "dev" }),
    /Unknown split "dev" of arc_easy: it has valid/,
  );
  await assert.rejects(selectRows(mmlu, [question("p")], { split: "dev" }), /split is of a dataset, not of rows/);
});

Deno.test("a dataset without rows is refused, wherever it comes from", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "empty.jsonl");
  await writeFile(path, "\n");
  await assert.rejects(selectRows(mmlu, path, {}), /Cannot evaluate mmlu: the dataset has no rows/);
  await assert.rejects(selectRows(mmlu, [], {}), /Cannot evaluate mmlu: the dataset has no rows/);
});

Deno.test("rows that cannot be asked fail one by one, with their number and what is wrong", async () => {
  const huge = "x".repeat(5_000_000);
  const rows = [
    question("fine"),
    { prompt: "no choices", answer: 0 },
    question("label", 2),
    { ...question("empty"), choices: ["a", ""] },
    { ...question("same"), choices: ["a", "a"] },
    question(huge),
    { ...question("more fields"), source: "a book", year: 1999 },
    { ...question("both"), question: "q" },
  ];
  const { questions, failed } = await readQuestions(mmlu, rows.map((row, index) => ({ row, index })), 0);
  assert.deepEqual(questions.map((q) => q.index), [0, 6]);
  const reasons = [
    'mmlu row 1: field "choices" must be a list of two or more texts, it is missing',
    'mmlu row 2: field "answer" must be an index from 0 to 1, got 2',
    "mmlu row 3: choice 1 is empty; a choice must have text to be scored",
    'mmlu row 4: choices 0 and 1 are the same, "a"',
    `mmlu row 5: its text has 5000004 bytes, more than the ${MAX_ITEM_BYTES} that one row may have; cut it into several rows`,
    'mmlu row 7: fields "prompt" and "question" are both there; a row has one of them',
  ];
  assert.deepEqual(failed.map((f) => f.reason), reasons);
  const text = await readQuestions(bitsPerByte, [{ row: { text: "short" }, index: 0 }, {
    row: { text: huge },
    index: 1,
  }], 0);
  assert.match(text.failed[0].reason, /^bits_per_byte row 1: its text has 5000000 bytes/);
});
