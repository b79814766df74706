/** The runner's end of a peer: a process that loads a model once and answers requests, one JSON object a line. */
import { readFile } from "node:fs/promises";
import { TextLineStream } from "../../../lib/model/lines.ts";

/** Characters of a peer's error output that an error quotes. */
const STDERR_TAIL = 600;

export class PeerProcess {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #pending = new Map<
    number,
    { resolve(value: unknown): void; reject(error: Error): void }
  >();
  readonly #ended: Promise<void>;
  #nextId = 0;
  #stderr = "";
  /** Versions of the packages that run in it. */
  versions: Record<string, string> = {};

  private constructor(readonly name: string, [program, ...args]: string[]) {
    this.#child = new Deno.Command(program, {
      args,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#ended = this.#watch();
  }

  /** Start it and wait until its model is loaded. */
  static async start(name: string, command: string[]): Promise<PeerProcess> {
    const peer = new PeerProcess(name, command);
    try {
      const hello = await new Promise((resolve, reject) => peer.#pending.set(-1, { resolve, reject }));
      peer.versions = (hello as { versions: Record<string, string> }).versions;
      return peer;
    } catch (error) {
      await peer.close();
      throw error;
    }
  }

  get pid(): number {
    return this.#child.pid;
  }

  async call<T>(method: string, params: unknown): Promise<T> {
    const id = this.#nextId++;
    const answer = new Promise((resolve, reject) => this.#pending.set(id, { resolve, reject }));
    // A write to a dead peer fails; #watch rejects what is pending.
    this.#writer.write(
      new TextEncoder().encode(JSON.stringify({ id, method, params }) + "\n"),
    ).catch(() => {});
    return await answer as T;
  }

  async close(): Promise<void> {
    try {
      this.#child.kill("SIGKILL"); // it has nothing to save
    } catch {
      // It is gone already.
    }
    await this.#ended;
  }

  async #watch(): Promise<void> {
    const errors = (async () => {
      for await (
        const text of this.#child.stderr.pipeThrough(new TextDecoderStream())
      ) {
        this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL);
      }
    })();
    const lines = this.#child.stdout.pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream());
    for await (const line of lines) {
      const { id, result, error } = JSON.parse(line) as {
        id: number;
        result?: unknown;
        error?: string;
      };
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      if (error === undefined) pending?.resolve(result);
      else pending?.reject(new Error(`${this.name}: ${error.trim()}`));
    }
    const [{ code }] = await Promise.all([this.#child.status, errors]);
    await this.#writer.close().catch(() => {});
    for (const { reject } of this.#pending.values()) {
      reject(
        new Error(
          `${this.name} ended with code ${code}; its last words: ${this.#stderr.trim()}`,
        ),
      );
    }
    this.#pending.clear();
  }
}

/** Peak resident memory of a process so far in MB (10^6 bytes), on Linux; null elsewhere. */
export async function peakMb(pid: number): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const kib = status.match(/^VmHWM:\s+(\d+) kB/m)?.[1];
  return kib === undefined ? null : Math.round(Number(kib) * 1.024e-3);
}
