/**
 * Readers of files that nobody vouches for run in a process of their own: a library that never ends on a damaged file,
 * needs all memory or dies costs one error, not the notebook.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { projectRoot } from "./paths.ts";
import { join } from "node:path";

export interface ChildLimits {
  /** Time for the work, ms. */
  ms: number;
  /** Resident memory of the process, in bytes; looked at every 50 ms (Linux), and the bound of its JavaScript heap. */
  bytes: number;
}

const LOOK_EVERY_MS = 50;
const PAGE_BYTES = 4096;
/** Bytes of the child's error output that a message quotes. */
const STDERR_TAIL = 500;

/**
 * Run a script of the library, with no permission of its own, on bytes at its stdin.
 *
 * @param work What it does, as its errors say it: "decoded".
 * @returns What it wrote to stdout.
 * @throws {SyntaxError} If it takes too long or too much, or ends otherwise than with code 0; the reason, without the
 * file's name.
 */
export async function inBoundedChild(
  script: URL,
  args: string[],
  input: Uint8Array,
  work: string,
  { ms, bytes }: ChildLimits,
): Promise<Uint8Array> {
  const heapMb = Math.round(bytes / 2 ** 20);
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", "--quiet", `--v8-flags=--max-old-space-size=${heapMb}`],
      ...["--config", join(projectRoot(), "deno.json"), fileURLToPath(script), ...args],
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let gaveUp: string | null = null;
  const giveUp = (reason: string) => {
    gaveUp ??= reason;
    try {
      child.kill("SIGKILL");
    } catch {
      // it is gone already
    }
  };
  const late = setTimeout(() => giveUp(`it is not ${work} after ${Math.round(ms)} ms and seems damaged`), ms);
  const look = setInterval(async () => {
    if (await residentBytes(child.pid) > bytes) {
      giveUp(`it needs more than ${(bytes / 1e9).toFixed(1)} GB to be ${work}`);
    }
  }, LOOK_EVERY_MS);
  try {
    const [output] = await Promise.all([child.output(), feed(child.stdin, input)]);
    if (gaveUp) throw new SyntaxError(gaveUp);
    if (output.success) return output.stdout;
    const words = new TextDecoder().decode(output.stderr).trim().slice(-STDERR_TAIL);
    throw new SyntaxError(
      output.signal ? `its reader was ended by ${output.signal}, so it seems damaged` : words || "its reader failed",
    );
  } finally {
    clearTimeout(late);
    clearInterval(look);
  }
}

/** A child that ended before it had read all is told by its status. */
async function feed(stdin: WritableStream<Uint8Array>, input: Uint8Array): Promise<void> {
  const writer = stdin.getWriter();
  await writer.write(input).then(() => writer.close()).catch(() => {});
}

/** 0 where the system does not tell. */
async function residentBytes(pid: number): Promise<number> {
  const pages = (await readFile(`/proc/${pid}/statm`, "utf8").catch(() => "")).split(" ")[1];
  return Number(pages ?? 0) * PAGE_BYTES;
}
