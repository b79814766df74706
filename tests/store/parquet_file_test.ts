import assert from "node:assert/strict";
import { parquetWriteBuffer } from "hyparquet-writer";
import { readParquet } from "../../lib/store/parquet_file.ts";

Deno.test("readParquet() gives up a file on which the decoder does not end", async () => {
  const endless = new URL("./endless_worker.ts", import.meta.url);
  await assert.rejects(
    readParquet(new Uint8Array(8), "damaged.parquet", 100, endless),
    /SyntaxError: Cannot read damaged\.parquet as Parquet: it is not decoded after 100 ms and seems damaged/,
  );
});

Deno.test("readParquet() of a file that was cut off, or has text that is not UTF-8, is a SyntaxError", async () => {
  const file = (type: "STRING" | "BYTE_ARRAY", data: unknown[]) =>
    new Uint8Array(parquetWriteBuffer({ columnData: [{ name: "a", data: data as string[], type }] }));
  const whole = file("STRING", ["x", "y"]);
  assert.deepEqual(await readParquet(whole, "a.parquet"), [{ a: "x" }, { a: "y" }]);
  await assert.rejects(readParquet(whole.slice(0, -9), "a.parquet"), SyntaxError);
  await assert.rejects(
    readParquet(file("BYTE_ARRAY", [new Uint8Array([0xff])]), "a.parquet"),
    /SyntaxError: Cannot read/,
  );
});
