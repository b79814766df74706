/**
 * Whether a head that is said to be the embedding is it. Files may hold a head of their own all the same: a fine-tuned
 * one, or the configuration is wrong. Then it is the head, as in transformers 5 (`PreTrainedModel.tie_weights`; earlier
 * versions tied it in silence).
 */
import { Buffer } from "node:buffer";
import { cacheDir } from "../../store/paths.ts";
import { remembered } from "../../store/whole_file.ts";
import { cacheKey } from "../build.ts";
import { filesIdentity, readRange } from "../file_range.ts";
import type { Safetensors, StoredTensor } from "../safetensors.ts";
import type { ArchSpec } from "../spec.ts";
import { headNames } from "./weights.ts";

/** Bytes that are compared at once. */
const CHUNK = 4 * 2 ** 20;

/** The spec with `tiedHead` as the file has it. */
export async function withHeadOfFile(file: Safetensors, spec: ArchSpec): Promise<ArchSpec> {
  return await ownHead(file, spec) === null ? spec : { ...spec, tiedHead: false };
}

/**
 * A head of its own does not fit an architecture whose head is the embedding.
 *
 * @throws {SyntaxError} If the file has one.
 */
export async function refuseOwnHead(file: Safetensors, spec: ArchSpec): Promise<void> {
  const head = await ownHead(file, spec);
  if (head === null) return;
  throw new SyntaxError(
    `Cannot use the weights of ${file.path} for ${spec.name}: its ${head} differs from the embedding, and the ` +
      `architecture has tiedHead true; with tiedHead false it is the head`,
  );
}

/** Name of the head where the spec ties it and the file has other numbers for it, else null. */
async function ownHead(file: Safetensors, spec: ArchSpec): Promise<string | null> {
  if (!spec.tiedHead) return null;
  const names = headNames(file, spec);
  const embedding = file.tensors.get(names.embedding), head = file.tensors.get(names.head);
  if (!embedding || !head) return null;
  // The same numbers in another dtype run as well from a matrix of their own.
  if (embedding.dtype !== head.dtype || String(embedding.shape) !== String(head.shape)) return names.head;
  const key = cacheKey(["tied head", await filesIdentity([embedding.path, head.path]), names]);
  const isSame = await remembered(cacheDir("headers", `${key}.json`), () => sameBytes(embedding, head));
  return isSame ? null : names.head;
}

async function sameBytes(a: StoredTensor, b: StoredTensor): Promise<boolean> {
  for (let at = 0; at < a.bytes; at += CHUNK) {
    const length = Math.min(CHUNK, a.bytes - at);
    const [x, y] = await Promise.all([a, b].map(({ path, offset }) => readRange(path, offset + at, length)));
    if (Buffer.compare(x, y) !== 0) return false;
  }
  return true;
}
