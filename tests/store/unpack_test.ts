import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { unpackZip } from "../../lib/store/unpack.ts";
import { makeZip, temporaryFolder } from "./helpers.ts";

Deno.test("unpackZip() writes the wanted members only, with their bytes", async () => {
  await using folder = await temporaryFolder();
  const zip = await makeZip(folder.path, { "a/one.txt": "one", "a/b/two.txt": "two", "setup.py": "print()" });
  const written = await unpackZip(zip, join(folder.path, "out"), { members: ["a/"], maxBytes: 6 });
  assert.deepEqual(written, { "a/one.txt": 3, "a/b/two.txt": 3 });
  assert.equal(await readFile(join(folder.path, "out", "a", "b", "two.txt"), "utf8"), "two");
  assert.equal(existsSync(join(folder.path, "out", "setup.py")), false);
});

for (
  const path of ["../outside.txt", "a/../../outside.txt", "/tmp/outside.txt", "a\\..\\outside.txt", "C:/outside.txt"]
) {
  Deno.test(`unpackZip() refuses the member path ${path} and writes nothing`, async () => {
    await using folder = await temporaryFolder();
    const zip = await makeZip(folder.path, { "a/one.txt": "one", [path]: "outside" });
    await assert.rejects(
      unpackZip(zip, join(folder.path, "out"), { members: ["a/", path], maxBytes: 100 }),
      (error) => error instanceof RangeError && error.message.includes(path),
    );
    assert.equal(existsSync(join(folder.path, "out")), false);
    assert.equal(existsSync(join(folder.path, "outside.txt")), false);
  });
}

Deno.test("unpackZip() stops at more bytes than announced", async () => {
  await using folder = await temporaryFolder();
  const zip = await makeZip(folder.path, { "large.bin": "0".repeat(1_000_000) });
  await assert.rejects(
    unpackZip(zip, join(folder.path, "out"), { members: ["large.bin"], maxBytes: 1000 }),
    /large\.bin goes beyond the 1000 bytes/,
  );
});

Deno.test("unpackZip() names a member that is missing", async () => {
  await using folder = await temporaryFolder();
  const zip = await makeZip(folder.path, { "one.txt": "one" });
  await assert.rejects(
    unpackZip(zip, join(folder.path, "out"), { members: ["one.txt", "two.txt"], maxBytes: 100 }),
    /has no member two\.txt/,
  );
});

Deno.test("unpackZip() refuses a member whose bytes do not fit its checksum", async () => {
  await using folder = await temporaryFolder();
  const zip = await makeZip(folder.path, { "one.txt": "one" }, { store: true });
  const bytes = await Deno.readFile(zip);
  bytes[new TextDecoder("latin1").decode(bytes).indexOf("one", 30 + "one.txt".length)] ^= 1;
  await Deno.writeFile(zip, bytes);
  await assert.rejects(unpackZip(zip, join(folder.path, "out"), { members: ["one.txt"], maxBytes: 100 }));
});

Deno.test("unpackZip() of a file that is no zip names it", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "cut.whl");
  await Deno.writeTextFile(file, "PK but not for long");
  await assert.rejects(
    unpackZip(file, join(folder.path, "out"), { members: ["one.txt"], maxBytes: 100 }),
    /SyntaxError: Cannot read .*cut\.whl as a zip/,
  );
});
