import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CatalogPackage } from "../../lib/store/catalog.ts";
import { fetchPackage, isComplete } from "../../lib/store/fetch.ts";
import type { Download } from "../../lib/store/wheel.ts";
import { makeZip, temporaryFolder } from "./helpers.ts";

/** A package whose file lies on disk; `downloads` counts how often it was asked for. */
async function fakePackage(root: string) {
  const zip = await makeZip(root, { "data/rows.txt": "row 1\n", "data/more.txt": "row 2\n", "code.py": "print()" });
  const bytes = await readFile(zip);
  const pkg: CatalogPackage = {
    name: "tiny",
    version: "1.0",
    file: "tiny-1.0-py3-none-any.whl",
    bytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    members: ["data/"],
    unpackedBytes: 12,
  };
  const count = { downloads: 0 };
  const download: Download = async (asked, folder) => {
    count.downloads++;
    await copyFile(zip, join(folder, asked.file));
  };
  return { pkg, download, count, folder: join(root, "packages", "tiny-1.0") };
}

Deno.test("fetchPackage() unpacks the wanted files and keeps no download", async () => {
  await using root = await temporaryFolder();
  const { pkg, download, folder } = await fakePackage(root.path);
  assert.equal(await fetchPackage(pkg, { root: root.path, download }), true);
  assert.equal(await readFile(join(folder, "data", "rows.txt"), "utf8"), "row 1\n");
  assert.equal(existsSync(join(folder, "code.py")), false);
  assert.deepEqual(await readdir(join(root.path, "downloads")), []);
  assert.deepEqual(await readdir(join(root.path, "packages")), ["tiny-1.0"]);
});

Deno.test("fetchPackage() does nothing the second time", async () => {
  await using root = await temporaryFolder();
  const { pkg, download, count } = await fakePackage(root.path);
  await fetchPackage(pkg, { root: root.path, download });
  assert.equal(await fetchPackage(pkg, { root: root.path, download }), false);
  assert.equal(count.downloads, 1);
});

Deno.test("fetchPackage() refuses another hash, names the file and both hashes, and removes the file", async () => {
  await using root = await temporaryFolder();
  const { pkg, download, folder } = await fakePackage(root.path);
  const expected = "0".repeat(64);
  await assert.rejects(
    fetchPackage({ ...pkg, sha256: expected }, { root: root.path, download }),
    (error: Error) => [pkg.file, pkg.sha256, expected].every((part) => error.message.includes(part)),
  );
  assert.equal(existsSync(join(root.path, "downloads", pkg.file)), false);
  assert.equal(existsSync(folder), false);
  await fetchPackage(pkg, { root: root.path, download }); // and a good one passes afterwards
  assert.equal(await isComplete(pkg, folder), true);
});

Deno.test("fetchPackage() starts over what an interrupted unpacking left, without a second download", async () => {
  await using root = await temporaryFolder();
  const { pkg, download, count, folder } = await fakePackage(root.path);
  await mkdir(join(root.path, "downloads"), { recursive: true });
  await download(pkg, join(root.path, "downloads")); // the finished download
  await mkdir(join(`${folder}.partial`, "data"), { recursive: true });
  await writeFile(join(`${folder}.partial`, "data", "rows.txt"), "ro");
  assert.equal(await fetchPackage(pkg, { root: root.path, download }), true);
  assert.equal(count.downloads, 1);
  assert.equal(await readFile(join(folder, "data", "rows.txt"), "utf8"), "row 1\n");
  assert.equal(existsSync(`${folder}.partial`), false);
});

Deno.test("fetchPackage() never takes a half-filled folder for whole", async () => {
  await using root = await temporaryFolder();
  const { pkg, download, folder } = await fakePackage(root.path);
  await mkdir(join(folder, "data"), { recursive: true });
  await writeFile(join(folder, "data", "rows.txt"), "row 1\n"); // no stamp
  assert.equal(await isComplete(pkg, folder), false);
  await fetchPackage(pkg, { root: root.path, download });
  assert.equal(await isComplete(pkg, folder), true);
  await rm(join(folder, "data", "more.txt")); // a file lost later
  assert.equal(await isComplete(pkg, folder), false);
});

Deno.test("fetchPackage() starts over a download that was cut off", async () => {
  await using root = await temporaryFolder();
  const { pkg, download, count } = await fakePackage(root.path);
  const cut: Download = async (asked, folder) => {
    await writeFile(join(folder, `${asked.file}.tmp`), "PK");
    throw new Error("the network went away");
  };
  await assert.rejects(fetchPackage(pkg, { root: root.path, download: cut }), /the network went away/);
  assert.equal(await fetchPackage(pkg, { root: root.path, download }), true);
  assert.equal(count.downloads, 1);
});

Deno.test("fetchPackage() says so when a download brings another file", async () => {
  await using root = await temporaryFolder();
  const { pkg } = await fakePackage(root.path);
  const other: Download = (_, folder) => writeFile(join(folder, "tiny-1.0.tar.gz"), "source");
  await assert.rejects(fetchPackage(pkg, { root: root.path, download: other }), /brought no file tiny-1\.0-py3/);
});

Deno.test("fetchPackage() fetches again what an earlier catalog wanted less of", async () => {
  await using root = await temporaryFolder();
  const { pkg, download, count, folder } = await fakePackage(root.path);
  await fetchPackage(pkg, { root: root.path, download });
  const wider = { ...pkg, members: ["data/", "code.py"], unpackedBytes: 19 };
  assert.equal(await isComplete(wider, folder), false);
  assert.equal(await fetchPackage(wider, { root: root.path, download }), true);
  assert.equal(await readFile(join(folder, "code.py"), "utf8"), "print()");
  assert.equal(await fetchPackage(wider, { root: root.path, download }), false);
  assert.equal(count.downloads, 2);
});

Deno.test("fetchPackage() refuses a catalog that is wrong about the members' size, rather than to fetch every time", async () => {
  await using root = await temporaryFolder();
  const { pkg, download } = await fakePackage(root.path);
  await assert.rejects(
    fetchPackage({ ...pkg, unpackedBytes: 13 }, { root: root.path, download }),
    /its members have 12 bytes, the catalog says 13/,
  );
});
