/** Ctrl-C outside a notebook: work stops at its next step, and one line says what was kept and how to go on. */
import { relative } from "node:path";
import { writeError } from "./sinks.ts";
import { requestStop, StopError } from "./stop.ts";

/** As a shell has it for a process that Ctrl-C ended: 128 + SIGINT. */
export const INTERRUPTED = 130;

/**
 * For processes that this one starts and ends itself: Ctrl-C and the closing of a terminal are for this process, not for
 * all that share the terminal. On Windows a process of its own group would outlive this one.
 */
export const APART = { detached: Deno.build.os !== "windows" };

/** Time after which Ctrl-C is said to have been heard. */
const HEARD_MS = 1000;

/** A signal so soon after another is the same key: the terminal sends it to all, and `deno task` passes it on once more. */
const SAME_PRESS_MS = 300;

/** Files in which finished work is kept. */
const kept = new Set<string>();
/** Whether this is a program that ends itself: then its work is not asked to stop, too. */
let ownEnd = false;
let pressedAt: number | null = null;
let waiting: ReturnType<typeof setTimeout> | undefined;

/** Tell where finished work is kept, for the line after Ctrl-C. */
export function noteKept(path: string): void {
  kept.add(path);
}

/** What is said after Ctrl-C: what was kept, and how to go on. */
export function stoppedWords(paths: Iterable<string> = kept, place = ""): string {
  const stopped = `Stopped${place && ` in ${place}`}.`, where = [...paths].map(shortPath).join(", ");
  if (!where) return `${stopped} Nothing was kept; the same command starts anew.`;
  return `${stopped} Kept: ${where}. Run the same command to go on.`;
}

/** Relative to the current folder for what lies below it. */
export function shortPath(path: string): string {
  const below = relative(Deno.cwd(), path);
  return below && !below.startsWith("..") ? below : path;
}

/** While work runs, Ctrl-C asks it to stop, and a second one ends the process. @returns Ends the watch. */
export function watchInterrupt(): () => void {
  pressedAt = null;
  if (ownEnd) return () => {};
  try {
    Deno.addSignalListener("SIGINT", onInterrupt);
  } catch {
    return () => {}; // a worker, or a system without it: Ctrl-C ends the process
  }
  return () => {
    clearTimeout(waiting);
    Deno.removeSignalListener("SIGINT", onInterrupt);
  };
}

/**
 * For a program of its own: Ctrl-C ends it with one line, after `cleanUp`; a second one does not wait for that.
 *
 * @param words What was kept, and how to go on.
 */
export function endOnInterrupt(words: () => string, cleanUp: () => Promise<void> = () => Promise.resolve()): void {
  let first: number | null = null;
  ownEnd = true;
  Deno.addSignalListener("SIGINT", () => {
    if (first !== null) return endUnlessSame(first, words);
    first = performance.now();
    void cleanUp().catch(() => {}).then(() => end(words()));
  });
}

function onInterrupt(): void {
  if (pressedAt !== null) return endUnlessSame(pressedAt, () => stoppedWords());
  pressedAt = performance.now();
  requestStop();
  globalThis.addEventListener("unhandledrejection", onUncaught);
  waiting = setTimeout(() => tell("Stopping after this step; Ctrl-C again ends at once."), HEARD_MS);
  Deno.unrefTimer(waiting);
}

/** A script that does not handle the stop ends by it: without a stack, which would tell of no mistake. */
function onUncaught(event: PromiseRejectionEvent): void {
  let reason: unknown = event.reason;
  while (reason instanceof Error && !(reason instanceof StopError)) reason = reason.cause;
  if (!(reason instanceof StopError)) return;
  event.preventDefault();
  end(stoppedWords());
}

/** A second press does not wait. */
function endUnlessSame(first: number, words: () => string): void {
  if (performance.now() - first > SAME_PRESS_MS) end(words());
}

function end(words: string): never {
  tell(words);
  Deno.exit(INTERRUPTED);
}

/** A line of its own, in the place of a bar. */
function tell(words: string): void {
  writeError(Deno.stderr.isTerminal() ? `\r\x1b[2K${words}\n` : `${words}\n`);
}
