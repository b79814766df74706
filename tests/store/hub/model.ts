/** A small model for a hub of our own, and fetching it whole. */
import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { hubFilePath } from "../../../lib/store/hub/cache.ts";
import { type FetchLimits, hubFiles } from "../../../lib/store/hub/files.ts";
import { hubListing } from "../../../lib/store/hub/listing.ts";
import { parseHubReference } from "../../../lib/store/hub/reference.ts";
import { COMMIT } from "../hub_server.ts";

export const REPOSITORY = { kind: "model", repo: "o/m" } as const;
export const SECRET = "hf_aTokenThatNobodyMaySee";
/** Longer than what a connection carries at once. */
export const WEIGHTS = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 8)) % 251);
export const MODEL = { "config.json": "{}", "model.safetensors": WEIGHTS };
export const FILE = `/o/m/resolve/${COMMIT}/model.safetensors`, STORED = `/storage${FILE}`;
export const INFO = "/api/models/o/m/revision/main";

/** Fetch all files of a model; gives the waits that the hub asked for. */
export async function fetchAll(limits: FetchLimits = {}, source = "hf:o/m"): Promise<number[]> {
  const waits: number[] = [];
  const network = { wait: (ms: number) => Promise.resolve(void waits.push(ms)), idleMs: 2000, ...limits.network };
  const { commit, files } = await hubListing(source, "model", parseHubReference(source, "model"), { network });
  await hubFiles(source, REPOSITORY, commit, files, { ...limits, network });
  assert.deepEqual(new Uint8Array(await readFile(weightsPath())), WEIGHTS);
  return waits;
}

export const weightsPath = () => hubFilePath(REPOSITORY, COMMIT, "model.safetensors");
export const partialBytes = () => stat(`${weightsPath()}.partial`).then(({ size }) => size, () => null);

export const when = (path: string, reply: (request: Request, nth: number) => Response | undefined) => ({
  answer: (asked: string, request: Request, nth: number) => asked === path ? reply(request, nth) : undefined,
});
