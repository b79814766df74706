/** Small zips and folders for the tests of lib/store. */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { TextReader, Uint8ArrayWriter, ZipWriter } from "@zip.js/zip.js";

/** An empty folder that is removed at the end of the test. */
export async function temporaryFolder() {
  const path = await Deno.makeTempDir({ prefix: "archbench-store-" });
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Write a zip of these members, whatever their paths, into `folder`; returns its path. */
export async function makeZip(
  folder: string,
  members: Record<string, string>,
  { store = false } = {},
): Promise<string> {
  const zip = new ZipWriter(new Uint8ArrayWriter(), { useWebWorkers: false, level: store ? 0 : 5 });
  for (const [path, text] of Object.entries(members)) await zip.add(path, new TextReader(text));
  const file = join(folder, "test.zip");
  await writeFile(file, await zip.close());
  return file;
}
