/**
 * Rows of Parquet and Arrow files of the user's own, decoded in a process that can be given up: a library that never ends on
 * a damaged file, needs all memory or dies costs one error, not the notebook.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Ended, howEnded, runLimited } from "./limited_child.ts";
import { projectRoot } from "./paths.ts";

/**
 * A sound file takes a few seconds for 100 MB, a small one a few ms: some damaged ones (3 in 400 of Parquet, whose pages then
 * have a size below 0) are never decoded. Rows as JavaScript objects take some ten times a file's bytes.
 */
const SECONDS = 0.75, SECONDS_PER_MB = 0.5, START_SECONDS = 10, HEAP_MIB = 1400, HEAP_BYTES_PER_BYTE = 30;
/** What Deno sets aside on a machine of many cores. */
const OWN_MIB = 2048;

export interface DecodeLimits {
  /** Seconds of the processor, after which the file is given up. */
  seconds?: number;
  /** Of its JavaScript heap, and of the memory beside it. */
  heapMib?: number;
}

/**
 * All rows, columns in the file's order, as JSON Lines of the same rows would give them: whole numbers are numbers, also
 * those of 64 bits.
 *
 * @throws {SyntaxError} If it is not of that format, is damaged, or has text that is not UTF-8.
 */
export async function readInChild(
  format: "Parquet" | "Arrow IPC",
  file: Uint8Array,
  path: string,
  limits: DecodeLimits = {},
): Promise<Record<string, unknown>[]> {
  const megabytes = file.length / 1e6;
  const seconds = limits.seconds ?? SECONDS + SECONDS_PER_MB * megabytes;
  const heapMib = limits.heapMib ?? Math.ceil(HEAP_MIB + HEAP_BYTES_PER_BYTE * file.length / 2 ** 20);
  const ended = await runLimited(decoder(format, heapMib), file, {
    seconds,
    startSeconds: START_SECONDS,
    memoryMib: OWN_MIB + heapMib,
  });
  const fault = faultOf(ended, seconds, heapMib);
  if (fault) throw new SyntaxError(`Cannot read ${path} as ${format}: ${fault}`);
  return new TextDecoder().decode(ended.stdout).split("\n").filter((line) => line !== "").map((line) =>
    JSON.parse(line)
  );
}

/** A script of the library without any permission: the file at stdin, rows at stdout. */
function decoder(format: string, heapMib: number): string[] {
  return [
    Deno.execPath(),
    ...["run", "--no-prompt", "--quiet", `--v8-flags=--max-old-space-size=${heapMib}`],
    ...["--config", join(projectRoot(), "deno.json"), fileURLToPath(new URL("./table_child.ts", import.meta.url))],
    format,
  ];
}

function faultOf({ late, status, words }: Ended, seconds: number, heapMib: number): string | null {
  if (late) return `it is not decoded after ${seconds.toPrecision(2)} s and seems damaged`;
  if (status.success) return null;
  if (/out of memory|allocation failed/i.test(words)) return `it needs more than ${heapMib} MiB to be decoded`;
  return status.signal
    ? `its reader was ended ${howEnded(status)}, so it seems damaged`
    : words.slice(-500) || "its reader failed";
}
