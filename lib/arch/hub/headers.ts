/**
 * Headers of a model's files, without their weights: files of the announced sizes, in a folder of their own, that hold
 * the header and then nothing (no room on disks that keep sparse files). All checks of sizes and shapes work on them.
 */
import { copyFile, mkdir, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { type HubFile, hubFilePath, type HubRepository } from "../../store/hub/cache.ts";
import { hubFiles } from "../../store/hub/files.ts";
import type { HubAccess } from "../../store/hub/listing.ts";
import { hubStart } from "../../store/hub/start.ts";
import { besidePath } from "../../store/beside.ts";
import { ggufHeaderIn } from "../gguf/header.ts";
import { isFile } from "../origin.ts";
import type { HubModelFiles } from "./model_files.ts";

/** Most headers of safetensors are smaller. */
const FIRST_BYTES = 2 ** 17;
/** Of configurations and tokenizer together: larger ones are not read. */
export const MOST_BESIDE_BYTES = 200_000_000;
/** The format's own limit. */
const LARGEST_HEADER = 100_000_000;

/**
 * The folder that stands for the repository's commit, or the file in it, without weights.
 *
 * @param plan Its weights are there, the shards of an index too.
 * @throws {HubError} If a header cannot be got.
 */
export async function hubHeaders(
  source: string,
  repository: HubRepository,
  commit: string,
  plan: HubModelFiles,
  access: HubAccess = {},
): Promise<string> {
  const at = (path: string) => hubFilePath(repository, `${commit}.headers`, path);
  const whole = [...plan.beside, ...(plan.index ? [plan.index] : [])];
  const paths = await hubFiles(source, repository, commit, whole, { maxBytes: MOST_BESIDE_BYTES, ...access });
  for (const [i, { path }] of whole.entries()) {
    if (!await isFile(at(path))) await placed(at(path), (beside) => copyFile(paths[i], beside));
  }
  for (const file of plan.weights) {
    if (await isFile(at(file.path))) continue;
    const start = (length: number) => hubStart(source, repository, commit, file, length, access);
    const header = await (file.path.endsWith(".gguf") ? ggufStart(source, file, start) : safetensorsStart(file, start));
    await placed(at(file.path), async (beside) => {
      await Deno.writeFile(beside, header);
      await Deno.truncate(beside, file.bytes);
    });
  }
  return plan.open === "" ? dirname(at("x")) : at(plan.open);
}

type Start = (length: number) => Promise<Uint8Array<ArrayBuffer>>;

async function safetensorsStart(file: HubFile, start: Start): Promise<Uint8Array> {
  const first = await start(Math.min(FIRST_BYTES, file.bytes));
  if (first.length < 8) return first; // refused when it is opened
  const needed = 8 + Number(new DataView(first.buffer).getBigUint64(0, true));
  if (needed <= first.length) return first.subarray(0, needed);
  return needed > Math.min(file.bytes, LARGEST_HEADER) ? first : await start(needed);
}

async function ggufStart(source: string, file: HubFile, start: Start): Promise<Uint8Array> {
  let bytes = new Uint8Array();
  await ggufHeaderIn(`${source} (${file.path})`, file.bytes, async (length) => bytes = await start(length));
  return bytes;
}

async function placed(path: string, write: (beside: string) => Promise<unknown>): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const beside = await besidePath(path);
  await write(beside);
  await rename(beside, path);
}
