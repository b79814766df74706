/** Python programs: the parent's end of `python_child.ts`. */
import { pyodideFolder } from "../pyodide_folder.ts";
import { oneLine } from "./confined.ts";
import { LineChild } from "./line_child.ts";
import { Pool } from "./pool.ts";
import type { ProgramResult, Sandbox } from "./program.ts";
import { interpreterSnapshot } from "./snapshot.ts";

interface Answer {
  passed: boolean;
  reason: string;
  /** Whether the interpreter could be put back as it was. */
  reuse: boolean;
}

export interface PythonOptions {
  timeoutS: number;
  memoryMib: number;
  outputBytes: number;
  workers: number;
}

/** With V8's own 1 MiB a memoised function of 900 nested calls breaks the interpreter; with this 10,000 are fine. */
const STACK_MIB = 16;

/** Start the interpreters. */
export async function openPython(options: PythonOptions): Promise<Sandbox> {
  const folder = pyodideFolder();
  const snapshot = await interpreterSnapshot(folder);
  const start = () =>
    LineChild.start("the Python sandbox", {
      script: "python_child.ts",
      args: [folder, snapshot, String(options.memoryMib), String(options.outputBytes)],
      read: [folder, snapshot],
      v8Flags: ["--disallow-code-generation-from-strings"],
      stackMib: STACK_MIB,
      memoryMib: options.memoryMib,
    });
  const pool = new Pool(start, options.workers);
  try {
    await pool.warm();
  } catch (error) {
    await pool.close();
    throw error;
  }
  return { run: ({ code }) => runPython(pool, code, options.timeoutS), close: () => pool.close() };
}

async function runPython(pool: Pool<LineChild>, code: string, timeoutS: number): Promise<ProgramResult> {
  if (code.includes("\0")) { // the interpreter would read up to there, and leave out the test
    return { verdict: "failed", reason: "SyntaxError: source code cannot contain null bytes", seconds: 0 };
  }
  return await pool.use(async (child): Promise<{ result: ProgramResult; reuse: boolean }> => {
    const start = performance.now();
    const got = await child.ask<Answer>({ code }, timeoutS);
    const seconds = (performance.now() - start) / 1000;
    if ("answer" in got) {
      const { passed, reason, reuse } = got.answer;
      return { result: { verdict: passed ? "passed" : "failed", reason: oneLine(reason), seconds }, reuse };
    }
    const verdict = got.missing === "timed out" ? "timed out" : "failed";
    return { result: { verdict, reason: `the program's process ${got.how}`, seconds }, reuse: false };
  });
}
