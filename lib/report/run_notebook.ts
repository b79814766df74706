/** Runs one notebook in the project's own Jupyter, cell by cell, and tells how it goes. */
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { APART } from "../progress.ts";
import { projectRoot } from "../store/paths.ts";
import { jupyterPython } from "./jupyter.ts";

/** What the runner tells while it works; times in seconds. */
export type RunEvent =
  | { event: "start"; total: number }
  | { event: "cell"; name: string; number: number; total: number }
  /** Of a bar; `depth` counts the bars whose work it is part of. */
  | { event: "progress"; text: string; depth?: number }
  | { event: "done"; name: string; seconds: number }
  | { event: "failed"; name: string; number: number; reason: string };

export interface RunOptions {
  /** Put into the notebook's `params` after its cell tagged `parameters`. */
  params?: Record<string, unknown>;
  /** Longest time of one cell in seconds. Default 3600. */
  timeout?: number;
  onEvent?: (event: RunEvent) => void;
  /** Ends the kernel; what the notebook has shown until then is written. */
  signal?: AbortSignal;
}

export interface RunResult {
  ok: boolean;
  /** The cell that failed, and why. */
  failed: { cell: string; number: number; reason: string } | null;
  seconds: number;
}

const SCRIPT = join(projectRoot(), "lib", "report", "notebook.py");

/**
 * Run `notebook` from a clean kernel and write it, with its outputs, to `out`. A failed cell ends the run; what came
 * before it is written.
 *
 * @throws {Error} If the runner itself cannot work (no .venv, not a notebook, no cell for the parameters).
 */
export async function runNotebook(notebook: string, out: string, options: RunOptions = {}): Promise<RunResult> {
  const { params = {}, timeout = 3600, onEvent, signal } = options;
  const start = performance.now();
  await mkdir(dirname(out), { recursive: true });
  const args = ["run", notebook, out, "--params", JSON.stringify(params), "--timeout", String(timeout)];
  let failed: RunResult["failed"] = null;
  await python(args, { signal, mayFail: () => failed !== null }, (line) => {
    const event = JSON.parse(line) as RunEvent;
    if (event.event === "failed") failed = { cell: event.name, number: event.number, reason: event.reason };
    onEvent?.(event);
  });
  return { ok: failed === null, failed, seconds: (performance.now() - start) / 1000 };
}

/** A run notebook as HTML: its title, its cells without a page around them, and the colours of its code. */
export interface ExportedNotebook {
  title: string;
  html: string;
  css: string;
}

/** @throws {Error} If nbconvert cannot export the file. */
export async function exportNotebook(notebook: string): Promise<ExportedNotebook> {
  let text = "";
  await python(["export", notebook], {}, (line) => text += line);
  return JSON.parse(text);
}

/**
 * Run notebook.py and hand over its lines. It ends, and its kernel with it, when its input does: after `signal`, or when this
 * process is gone.
 *
 * @param options.mayFail Says whether a nonzero exit has already been explained.
 */
async function python(
  args: string[],
  { signal, mayFail = () => false }: { signal?: AbortSignal; mayFail?: () => boolean },
  onLine: (line: string) => void,
): Promise<void> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(jupyterPython(), {
      args: [SCRIPT, ...args],
      env: { PYTHONDONTWRITEBYTECODE: "1", PYTHONUTF8: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      ...APART,
    }).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(`Cannot run notebooks: there is no ${jupyterPython()}; run: npx deno@2.8.1 task setup`);
  }
  const close = () => void child.stdin.close().catch(() => {}); // it may have ended by itself
  signal?.addEventListener("abort", close);
  if (signal?.aborted) close();
  const errors = new Response(child.stderr).text();
  let rest = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) if (line) onLine(line);
  }
  if (rest) onLine(rest);
  const { success } = await child.status;
  signal?.removeEventListener("abort", close);
  if (!signal?.aborted) close();
  signal?.throwIfAborted();
  const said = (await errors).trim();
  if (!success && !mayFail()) throw new Error(`Cannot ${args[0]} ${args[1]}: ${said.split("\n").slice(-6).join("\n")}`);
}
