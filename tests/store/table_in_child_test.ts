import assert from "node:assert/strict";
import { tableFromArrays, tableToIPC } from "@uwdata/flechette";
import { parquetWriteBuffer } from "hyparquet-writer";
import { readInChild } from "../../lib/store/table_in_child.ts";

const parquet = (type: "STRING" | "BYTE_ARRAY", data: unknown[]) =>
  new Uint8Array(parquetWriteBuffer({ columnData: [{ name: "a", data: data as string[], type }] }));

Deno.test("a Parquet file that was cut off, or has text that is not UTF-8, is a SyntaxError with its name", async () => {
  const whole = parquet("STRING", ["x", "y"]);
  assert.deepEqual(await readInChild("Parquet", whole, "a.parquet"), [{ a: "x" }, { a: "y" }]);
  await assert.rejects(readInChild("Parquet", whole.slice(0, -9), "a.parquet"), SyntaxError);
  await assert.rejects(
    readInChild("Parquet", parquet("BYTE_ARRAY", [new Uint8Array([0xff])]), "a.parquet"),
    /SyntaxError: Cannot read a\.parquet as Parquet: /,
  );
});

Deno.test("Arrow's rows are those that JSON Lines would give", async () => {
  const table = tableFromArrays({ text: ["é", null], numbers: [[1, 2], [3]], large: [2n ** 40n, 5n] });
  const file = tableToIPC(table, { format: "file" })!;
  assert.deepEqual(await readInChild("Arrow IPC", file, "a.arrow"), [
    { text: "é", numbers: [1, 2], large: 2 ** 40 },
    { text: null, numbers: [3], large: 5 },
  ]);
  await assert.rejects(
    readInChild("Arrow IPC", file.slice(0, 100), "a.arrow"),
    /SyntaxError: Cannot read a\.arrow as Arrow IPC: /,
  );
});

Deno.test("a file that takes longer, or more memory, than it may is given up in words that say so", async () => {
  const whole = parquet("BYTE_ARRAY", ["x", "y"]);
  await assert.rejects(readInChild("Parquet", whole, "a.parquet", { seconds: 0 }), {
    name: "SyntaxError",
    message: "Cannot read a.parquet as Parquet: it is not decoded after 0.0 s and seems damaged",
  });
  await assert.rejects(readInChild("Parquet", whole, "a.parquet", { heapMib: 1 }), {
    name: "SyntaxError",
    message: "Cannot read a.parquet as Parquet: it needs more than 1 MiB to be decoded",
  });
});
