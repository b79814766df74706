/** The first bytes of a file of the hub: headers say what a model is, before its weights are fetched. */
import { addressOf } from "./files.ts";
import type { HubFile, HubRepository } from "./cache.ts";
import { HubReason } from "./fault.ts";
import { explained, type HubAccess, requireOnline } from "./listing.ts";
import { hubRequest, piecesOf } from "./request.ts";

/**
 * So many bytes from the start of a file. No hash tells whether they are right; the whole file's does when it is fetched.
 *
 * @throws {NotCachedError} If nothing may be fetched.
 * @throws {HubError} If they cannot be got.
 */
export async function hubStart(
  source: string,
  repository: HubRepository,
  commit: string,
  file: HubFile,
  length: number,
  access: HubAccess = {},
): Promise<Uint8Array<ArrayBuffer>> {
  requireOnline(source, repository.kind, access);
  return await explained(source, repository.kind, repository.repo, async () => {
    const range = { "accept-encoding": "identity", range: `bytes=0-${length - 1}` };
    const response = await hubRequest(addressOf(repository, commit, file.path), range, access.network);
    const bytes = new Uint8Array(length);
    let at = 0;
    for await (const piece of piecesOf(response, access.network ?? {})) {
      const part = piece.subarray(0, length - at);
      bytes.set(part, at);
      at += part.length;
      if (at === length) return bytes; // a server that knows no ranges would send the rest too
    }
    throw new HubReason("network", `${file.path} ended after ${at} of the ${length} bytes that were asked for`);
  });
}
