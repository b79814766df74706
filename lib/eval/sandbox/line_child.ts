/** A confined process that answers a JSON line with a JSON line, one at a time. */
import { TextLineStream } from "../../model/lines.ts";
import { deadline, howEnded, kill } from "../../store/limited_child.ts";
import { type ConfinedOptions, spawnConfined } from "./confined.ts";

/** What came of a request: the child's answer, or why there is none. A child without an answer is of no more use. */
export type Answer<T> = { answer: T } | { missing: "timed out" | "ended"; how: string };

/** Characters of a line that the parent reads. */
const LINE_LIMIT = 2 ** 24;

export class LineChild {
  readonly pid: number;
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: AsyncIterator<string>;
  readonly #errors: Promise<string>;
  #gone = false;

  private constructor(options: ConfinedOptions) {
    this.#child = spawnConfined(options);
    this.pid = this.#child.pid;
    this.#writer = this.#child.stdin.getWriter();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())
      [Symbol.asyncIterator]();
    this.#errors = lastWords(this.#child.stderr);
    this.#child.status.then(() => this.#gone = true);
  }

  /**
   * @throws {Error} If it does not say that it is ready within `startS` seconds.
   */
  static async start(what: string, options: ConfinedOptions, startS = 60): Promise<LineChild> {
    const child = new LineChild(options);
    const hello = await child.#read<{ ready: true }>(startS);
    if ("answer" in hello) return child;
    await child.close();
    throw new Error(`Cannot start ${what}: its process ${hello.how}; its last words: ${await child.#errors || "none"}`);
  }

  get alive(): boolean {
    return !this.#gone;
  }

  /**
   * Send `request` and wait for the answer with the same random `nonce`. Any other line is a forgery: the child is
   * killed and the answer is missing.
   */
  async ask<T>(request: object, timeoutS: number): Promise<Answer<T>> {
    const nonce = crypto.randomUUID();
    const line = JSON.stringify({ ...request, nonce }) + "\n";
    this.#writer.write(new TextEncoder().encode(line)).catch(() => {}); // a dead child is seen by the read
    const got = await this.#read<T & { nonce: string }>(timeoutS);
    if ("answer" in got && got.answer.nonce !== nonce) {
      kill(this.#child);
      return { missing: "ended", how: "was ended: it wrote what was not asked for" };
    }
    return got;
  }

  async close(): Promise<void> {
    kill(this.#child);
    await this.#child.status;
    await this.#writer.close().catch(() => {});
    while (!(await this.#lines.next()).done);
    await this.#errors;
  }

  async #read<T>(timeoutS: number): Promise<Answer<T>> {
    let late = false;
    const callOff = deadline(this.pid, timeoutS, () => {
      late = true;
      kill(this.#child);
    });
    try {
      const { done, value } = await this.#lines.next();
      if (!late && !done && value.length <= LINE_LIMIT) return { answer: JSON.parse(value) };
    } catch {
      kill(this.#child); // a line that is not JSON
    } finally {
      callOff();
    }
    if (late) return { missing: "timed out", how: `did not answer within ${timeoutS} s` };
    kill(this.#child);
    return { missing: "ended", how: `ended ${howEnded(await this.#child.status)}` };
  }
}

/** The end of what a process wrote to its error stream. */
async function lastWords(stream: ReadableStream<Uint8Array>): Promise<string> {
  let tail = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) tail = (tail + text).slice(-2000);
  return tail.trim();
}
