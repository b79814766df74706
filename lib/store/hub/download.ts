/**
 * One file of the hub: written beside its place, resumed where it broke off (in this process or an earlier one), compared
 * with the announced size and hash, then renamed. So a file is there only when it is whole and right.
 */
import { createHash, type Hash } from "node:crypto";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { checkStop } from "../../progress.ts";
import type { HubFile } from "./cache.ts";
import { HubReason } from "./fault.ts";
import { growingWait, type HubNetwork, hubRequest, piecesOf, waitFor } from "./request.ts";

/** Broken connections one after the other that brought nothing before it is given up. */
const MOST_VAIN_TRIES = 5;
/** Of all of a file's connections: a server that sends a byte each would go on for ever. */
const MOST_TRIES = 100;
const READ_BYTES = 2 ** 20;

/**
 * @param onBytes Told how many bytes of the file are there.
 * @throws {HubReason} If it cannot be got; what came so far stays and is gone on with, unless it is wrong.
 */
export async function download(
  url: string,
  target: string,
  file: HubFile,
  onBytes: (bytes: number) => void = () => {},
  network: HubNetwork = {},
): Promise<void> {
  const path = `${target}.partial`;
  await mkdir(dirname(target), { recursive: true });
  using part = await Part.open(path, file);
  const resumed = part.bytes > 0;
  try {
    await receive(url, part, onBytes, network);
    if (resumed && part.digest() !== part.expected) { // what an earlier process left was wrong: once more, from the start
      await part.restart();
      await receive(url, part, onBytes, network);
    }
    const got = part.digest();
    if (got !== part.expected) {
      throw new HubReason("damaged", `the ${part.algorithm} of ${file.path} is ${got}, the hub says ${part.expected}`);
    }
  } catch (error) {
    part[Symbol.dispose]();
    if (error instanceof HubReason && error.fault === "damaged") await rm(path, { force: true });
    throw error;
  }
  part[Symbol.dispose]();
  await rename(path, target);
}

/** As many connections as it takes to have all bytes of a file. */
async function receive(url: string, part: Part, onBytes: (bytes: number) => void, network: HubNetwork) {
  let vain = 0;
  onBytes(part.bytes);
  for (let tries = 0; part.bytes < part.file.bytes; tries++) {
    const before = part.bytes;
    let broken: string | null = null;
    const response = await hubRequest(url, {
      "accept-encoding": "identity", // ranges and sizes are of the file, not of a packed form
      ...(before > 0 ? { range: `bytes=${before}-` } : {}),
    }, network);
    await part.startAt(response);
    const pieces = piecesOf(response, network);
    try {
      for (;;) {
        checkStop();
        const next = await pieces.next().catch((error: Error) => void (broken = error.message));
        if (!next || next.done) break;
        await part.add(next.value);
        onBytes(part.bytes);
      }
    } finally {
      await pieces.return(undefined); // ends the connection
    }
    if (part.bytes > before) vain = 0;
    else if (++vain === MOST_VAIN_TRIES || (broken === null && vain > 1)) tries = MOST_TRIES;
    if (part.bytes === part.file.bytes) return;
    if (tries < MOST_TRIES) {
      if (vain > 0) await waitFor(growingWait(vain), network);
      continue;
    }
    const ended = `${part.file.path} ended after ${part.bytes} of ${part.file.bytes} bytes`;
    // An end that comes at the same place and is no broken connection is the file's own.
    if (broken === null) throw new HubReason("damaged", ended);
    throw new HubReason("network", `${ended} (${broken}), again and again; what came is kept and gone on with`);
  }
}

/** The bytes of a file that are there, and their hash. */
class Part implements Disposable {
  readonly algorithm: string;
  readonly expected: string;
  bytes = 0;
  #hash: Hash;
  #open = true;

  private constructor(readonly file: HubFile, readonly output: Deno.FsFile) {
    [this.algorithm, this.expected] = file.hash.split(":");
    this.#hash = this.#newHash();
  }

  /** What an earlier process left is read for its hash; more than the file has cannot be of it. */
  static async open(path: string, file: HubFile): Promise<Part> {
    const part = new Part(file, await Deno.open(path, { read: true, write: true, create: true }));
    const { size } = await part.output.stat();
    if (size > file.bytes) await part.restart();
    const buffer = new Uint8Array(READ_BYTES);
    for (
      let n;
      part.bytes < Math.min(size, file.bytes) && (n = await part.output.read(buffer)) !== null;
      part.bytes += n
    ) {
      part.#hash.update(buffer.subarray(0, n));
    }
    return part;
  }

  /** Look where an answer starts: a server that knows no ranges starts anew. */
  async startAt(response: Response): Promise<void> {
    const { status, headers } = response, { path, bytes } = this.file;
    const [, from, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get("Content-Range")?.trim() ?? "") ?? [];
    const encoded = headers.has("Content-Encoding"), length = headers.get("Content-Length");
    const announced = status === 206 ? total : encoded ? null : length;
    if (announced && announced !== "*" && Number(announced) !== bytes) {
      await response.body?.cancel();
      throw new HubReason("damaged", `${path} has ${announced} bytes there, and the hub's list says ${bytes}`);
    }
    if (status !== 206) return await this.restart();
    if (Number(from) === this.bytes) return;
    await response.body?.cancel();
    throw new HubReason("damaged", `${path} was asked for from byte ${this.bytes} and came from ${from}`);
  }

  async add(piece: Uint8Array): Promise<void> {
    if (this.bytes + piece.length > this.file.bytes) {
      throw new HubReason(
        "damaged",
        `${this.file.path} has more than the ${this.file.bytes} bytes that the hub announced`,
      );
    }
    for (let at = 0; at < piece.length;) at += await this.output.write(piece.subarray(at));
    this.#hash.update(piece);
    this.bytes += piece.length;
  }

  async restart(): Promise<void> {
    if (this.bytes > 0 || (await this.output.stat()).size > 0) await this.output.truncate(0);
    await this.output.seek(0, Deno.SeekMode.Start);
    this.bytes = 0;
    this.#hash = this.#newHash();
  }

  digest(): string {
    return this.#hash.copy().digest("hex");
  }

  [Symbol.dispose](): void {
    if (this.#open) this.output.close();
    this.#open = false;
  }

  /** Git's hash of a small file starts with its size. */
  #newHash(): Hash {
    const hash = createHash(this.algorithm);
    if (this.algorithm === "sha1") hash.update(`blob ${this.file.bytes}\0`);
    return hash;
  }
}
