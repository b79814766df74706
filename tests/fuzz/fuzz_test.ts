// Damaged files of every kind: each is read, or refused in words that name it; nothing else is thrown, nothing crashes.
import assert from "node:assert/strict";
import { inTempFolder } from "../arch/temp_folder.ts";
import { fuzz } from "./fuzz.ts";
import { READERS } from "./readers.ts";

/** `deno task bench:fuzz` takes more. */
const FILES = 200;

for (const reader of READERS) {
  Deno.test(`${FILES} damaged files: ${reader.name}`, () =>
    inTempFolder(async (folder) => {
      const { wrong, refused } = await fuzz(reader, folder, FILES);
      assert.deepEqual(wrong, []);
      assert.ok(refused > 0, "nothing was damaged");
    }));
}
