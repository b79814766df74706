/** A program that nobody trusts, and what is said of it after it ran. */

/** What is run: one source text, tests included. */
export interface Program {
  language: "python" | "typescript";
  /** The whole source text. */
  code: string;
}

/** The parent's word, never the program's own: `passed` only if it ran to its end, tests included, without an error. */
export type Verdict = "passed" | "failed" | "timed out";

export interface ProgramResult {
  verdict: Verdict;
  /** One line, at most 300 characters: why it did not pass; empty if it did. */
  reason: string;
  seconds: number;
}

/** Bounds of one program's run. */
export interface SandboxOptions {
  /** Default 3 for Python (as human-eval), 15 for TypeScript (as MultiPL-E). */
  timeoutS?: number;
  /** Memory of the child that runs programs, MiB. Default 512. */
  memoryMib?: number;
  /** Bytes of output that are kept; more ends the program. Default 65,536. */
  outputBytes?: number;
  /** TypeScript: `strict` (default) fails a type error, as MultiPL-E does; `run` only runs. */
  mode?: "strict" | "run";
  /** Children that run programs side by side. Default 1. */
  workers?: number;
}

/** Runs programs; each gets fresh globals, and a child that a program broke is replaced. */
export interface Sandbox {
  /** Never rejects because of the program; rejects with an `Error` if no child can be started. */
  run(program: Program): Promise<ProgramResult>;
  close(): Promise<void>;
}
