import assert from "node:assert/strict";
import { parquetWriteBuffer } from "hyparquet-writer";
import { readParquet } from "../../lib/store/parquet_file.ts";

/** Two columns of 50 rows with some bytes changed: hyparquet 1.31.5 reads it for ever. */
const DAMAGED = `
UEFSMRUEFcQBFW5MFQ4VAAAAYjQKAAAAcXVlc3Rpb24gMDIOAAAxMg4AADIyDgAAMzIOAAA0Mg4AODUKAAAAcXVlc3Rpb24gNhUGFTIVNlwVZBWQFWQV
EBUEFQAAAGQBF1gDD4jGGtFYIxprRGONaKwRjTWisQYAABUGFaQGFaIDXBVkFfkVZBUAFQQVAAAAZAGQAwAADQEAAQ0IAAINCAADDQgABA0IAAUNCAAG
DQgABw0IAAgNCAAJDQgACg0IAAsNCAAMDfEADQ0IAA4NCAAPDQgAEA0IABENCAASDQgAEw0IABQNCAAVDQgAFg0IABcNCAAYDQgAGQ0IABoNCAAbDQgA
HA0IAB0NCAAeDQgAHw0IACANCAAhDQgAIg0IACMeCAAkDQgAJQ0IACYNCAAnDQgAKA0IACkNCAAqDQgAKw0IACwNCAAtDQgALg0IAC8NCAAwDQgcMQAA
AAAAAAAVBBk8SARyb290FQQAFQwlAhgBcSUAABUEJQIYAWEAFmQZHBksJggcFQwZJQAQGRgBcRUCFmQWvAIW6gEmkgEmCBw2ACgKcXVlc3Rpb24gNhgK
cXVlc3Rpb24gMAAZLBUEFQAVAgAVBhUQFQIAAAAm8gEcFQQZFQAZGAFhFQIWZBbSBhbQAybyATw2ACgIMQAAAAAAAAAYCAAAAAAAAAAAABkcFQYVABUC
AAAAFo4JFmQ2ugUAKAloeXBhcnF1ZXQZLBwAABwAAADJAAAAUEFSMQ==`;

const bytesOf = (base64: string) => Uint8Array.from(atob(base64.replaceAll("\n", "")), (c) => c.charCodeAt(0));

Deno.test("readParquet() gives up a damaged file on which the decoder does not end", async () => {
  await assert.rejects(
    readParquet(bytesOf(DAMAGED), "damaged.parquet", 300),
    /SyntaxError: Cannot read damaged\.parquet as Parquet: it is not decoded after 300 ms and seems damaged/,
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
