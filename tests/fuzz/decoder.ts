/** A decoder in a process of the library's limits that gets one file after the other, and is replaced where it ends. */
import { fileURLToPath } from "node:url";
import { TextLineStream } from "../../lib/model/lines.ts";
import { deadline, howEnded, kill, spawnLimited } from "../../lib/store/limited_child.ts";

/** What the library gives a small file. */
const SECONDS = 0.75, HEAP_MIB = 1400, MEMORY_MIB = 2048 + HEAP_MIB;

export class Decoder {
  #child: Deno.ChildProcess | null = null;
  #lines: AsyncIterator<string> | null = null;
  /** How often it had to be replaced. */
  deaths = 0;

  constructor(readonly format: "Parquet" | "Arrow IPC") {}

  /** @throws {SyntaxError} As `readInChild` does. */
  async decode(file: Uint8Array, path: string): Promise<void> {
    const child = this.#child ?? await this.#start(), lines = this.#lines!;
    const fail = (reason: string) => new SyntaxError(`Cannot read ${path} as ${this.format}: ${reason}`);
    let late = false;
    const callOff = deadline(child.pid, SECONDS, () => {
      late = true;
      kill(child);
    });
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(String(file.length).padStart(8))).catch(() => {});
    await writer.write(file).catch(() => {}); // one that has ended is seen by the read
    writer.releaseLock();
    const { done, value } = await lines.next();
    callOff();
    if (done) {
      this.#child = null;
      this.deaths++;
      throw fail(
        late ? `it is not decoded after ${SECONDS} s` : `its reader was ended ${howEnded(await child.status)}`,
      );
    }
    const { error } = JSON.parse(value) as { error: string | null };
    if (error !== null) throw fail(error);
  }

  async close(): Promise<void> {
    if (!this.#child) return;
    kill(this.#child);
    await this.#child.status;
    while (!(await this.#lines!.next()).done);
  }

  async #start(): Promise<Deno.ChildProcess> {
    const script = fileURLToPath(new URL("./decoder_child.ts", import.meta.url));
    const deno = ["run", "--no-prompt", "--quiet", `--v8-flags=--max-old-space-size=${HEAP_MIB}`, script, this.format];
    const child = spawnLimited([Deno.execPath(), ...deno], { memoryMib: MEMORY_MIB });
    void child.stderr.cancel();
    this.#child = child;
    this.#lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())
      [Symbol.asyncIterator]();
    await this.#lines.next(); // it is there
    return child;
  }
}
