/** TypeScript programs: checked and compiled by `typecheck_child.ts`, run by one `typescript_child.ts` each. */
import { dirname } from "node:path";
import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { deadline, howEnded, kill } from "../../store/limited_child.ts";
import { oneLine, spawnConfined } from "./confined.ts";
import { LineChild } from "./line_child.ts";
import { Pool, type PoolChild } from "./pool.ts";
import type { ProgramResult, Sandbox } from "./program.ts";

export interface TypeScriptOptions {
  /** For the compiler and for the run each, as MultiPL-E has it. */
  timeoutS: number;
  memoryMib: number;
  outputBytes: number;
  mode: "strict" | "run";
  workers: number;
}

/** Of the compiler's process; the library's types alone take about 100 MiB. */
const COMPILER_MIB = 512;

/** Start the compiler and the processes that the first programs will use. */
export async function openTypeScript(options: TypeScriptOptions): Promise<Sandbox> {
  const folder = dirname(dirname(realpathSync(fileURLToPath(import.meta.resolve("typescript")))));
  const compilers = new Pool(() =>
    LineChild.start("the TypeScript compiler", {
      script: "typecheck_child.ts",
      args: [folder],
      read: [folder],
      v8Flags: [`--max-old-space-size=${COMPILER_MIB}`],
      memoryMib: COMPILER_MIB,
    }), 1);
  const runners = new Pool(() => Promise.resolve(new Runner(options)), options.workers);
  const sandbox: Sandbox = {
    async run({ code }) {
      const compiled = await compile(compilers, code, options);
      if ("verdict" in compiled) return compiled;
      const result = await runners.use(async (runner) => ({ result: await runner.run(compiled), reuse: false }));
      return { ...result, seconds: compiled.seconds + result.seconds };
    },
    async close() {
      await Promise.all([compilers.close(), runners.close()]);
    },
  };
  try {
    const { verdict, reason } = await sandbox.run({ language: "typescript", code: "const ready: boolean = true;" });
    if (verdict !== "passed") {
      throw new Error(`Cannot start the TypeScript sandbox: an empty program ${verdict}: ${reason}`);
    }
    return sandbox;
  } catch (error) {
    await sandbox.close();
    throw error;
  }
}

/** JavaScript, or the result of a program that does not compile. */
async function compile(
  compilers: Pool<LineChild>,
  code: string,
  { mode, timeoutS }: TypeScriptOptions,
): Promise<ProgramResult | { javascript: string; seconds: number }> {
  return await compilers.use(async (compiler) => {
    const start = performance.now();
    const got = await compiler.ask<{ error: string; javascript: string }>({ code, mode }, timeoutS);
    const seconds = (performance.now() - start) / 1000;
    if ("answer" in got) {
      const { error, javascript } = got.answer;
      const result = error ? failed(error, seconds) : { javascript, seconds };
      return { result, reuse: true };
    }
    const reason = `the compiler's process ${got.how}`;
    const result = got.missing === "ended"
      ? failed(reason, seconds)
      : { verdict: "timed out" as const, reason, seconds };
    return { result, reuse: false };
  });
}

function failed(reason: string, seconds: number): ProgramResult {
  return { verdict: "failed", reason: oneLine(reason), seconds };
}

/** A process that waits for a program, runs it, and ends. */
class Runner implements PoolChild {
  readonly #child: Deno.ChildProcess;
  #gone = false;
  #printed = 0;
  #used = false;

  constructor(readonly options: TypeScriptOptions) {
    this.#child = spawnConfined({
      script: "typescript_child.ts",
      v8Flags: [`--max-old-space-size=${options.memoryMib}`],
      memoryMib: options.memoryMib,
    });
    this.#child.status.then(() => this.#gone = true);
  }

  get alive(): boolean {
    return !this.#gone;
  }

  async run({ javascript }: { javascript: string }): Promise<ProgramResult> {
    const { timeoutS, outputBytes } = this.options;
    const start = performance.now();
    const secret = crypto.getRandomValues(new Uint8Array(32));
    let late = false;
    const callOff = deadline(this.#child.pid, timeoutS, () => {
      late = true;
      kill(this.#child);
    });
    this.#used = true;
    const [stdout, stderr, status] = await Promise.all([
      this.#read(this.#child.stdout, (kept) => kept.slice(-secret.length)),
      this.#read(this.#child.stderr, (kept) => kept.slice(0, 4000)),
      this.#child.status,
      this.#write(secret, javascript),
    ]);
    callOff();
    const seconds = (performance.now() - start) / 1000;
    if (late) return { verdict: "timed out", reason: `the program did not end within ${timeoutS} s`, seconds };
    if (this.#printed > outputBytes + secret.length) {
      return failed(`the program printed more than ${outputBytes} bytes`, seconds);
    }
    if (!status.success) return failed(lastError(stderr) || `the program's process ended ${howEnded(status)}`, seconds);
    const complete = stdout.length === secret.length && stdout.every((byte, i) => byte === secret[i]);
    if (!complete) return failed("the program ended its process before its own end", seconds);
    return { verdict: "passed", reason: "", seconds };
  }

  async close(): Promise<void> {
    kill(this.#child);
    await this.#child.status;
    if (this.#used) return;
    await Promise.all([this.#child.stdin.close(), this.#child.stdout.cancel(), this.#child.stderr.cancel()])
      .catch(() => {});
  }

  async #write(secret: Uint8Array, javascript: string): Promise<void> {
    try {
      const writer = this.#child.stdin.getWriter();
      await writer.write(secret);
      await writer.write(new TextEncoder().encode(javascript));
      await writer.close();
    } catch {
      // It has ended; its status says how.
    }
  }

  /** Read to the end, keep what `keep` keeps, and kill a process that prints too much. */
  async #read(stream: ReadableStream<Uint8Array>, keep: (bytes: Uint8Array) => Uint8Array): Promise<Uint8Array> {
    let kept: Uint8Array = new Uint8Array();
    for await (const chunk of stream) {
      this.#printed += chunk.length;
      if (this.#printed > this.options.outputBytes + 32) kill(this.#child);
      kept = keep(new Uint8Array([...kept, ...chunk]));
    }
    return kept;
  }
}

/** What Deno or V8 says of an error that ended the process, or the last line that there is. */
function lastError(stderr: Uint8Array): string {
  const text = new TextDecoder().decode(stderr);
  if (/Fatal (JavaScript|process) out of memory/.test(text)) return "the program ran out of memory";
  const lines = text.split("\n").filter((line) => line.trim());
  const error = lines.find((line) => line.startsWith("error: ")) ?? lines.at(-1) ?? "";
  return error.replace(/^error: (Uncaught )?(\(in promise\) )?/, "");
}
