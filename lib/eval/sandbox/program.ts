/** A program that nobody trusts, and what is said of it after it ran. */
import { object, optional } from "../../check/objects.ts";
import { integer, oneOf, quantity, text } from "../../check/rules.ts";

/** Part of the key of kept verdicts: raise it when a program may get another one, with a new interpreter too. */
export const SANDBOX_VERSION = 2;

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
  /**
   * Default 3 for Python (as human-eval), 15 for TypeScript (as MultiPL-E). On Linux a program that the machine keeps
   * waiting has up to four times as long, until it has had that much of the processor.
   */
  timeoutS?: number;
  /** Memory that a program may use, MiB, give or take a fifth. Default 512. */
  memoryMib?: number;
  /** Bytes that a program may print; more ends it. Default 65,536. */
  outputBytes?: number;
  /** TypeScript: `strict` (default) fails a type error, as MultiPL-E's `tsc` does; `run` fails only a syntax error. */
  mode?: "strict" | "run";
  /** Children that run programs side by side. Default 1. */
  workers?: number;
}

/** Whatever the language: defaults differ, bounds do not. */
export const SANDBOX_OPTIONS = object<SandboxOptions>({
  timeoutS: optional(quantity({ min: 0.001, max: 3600 })),
  memoryMib: optional(quantity({ min: 64, max: 4096 })),
  outputBytes: optional(quantity({ min: 0, max: 2 ** 30 })),
  mode: optional(oneOf("strict", "run")),
  workers: optional(integer({ min: 1, max: 64 })),
});
export const LANGUAGE = oneOf("python", "typescript");
export const PROGRAM = object<Program>({ language: LANGUAGE, code: text });

/** Runs programs; each gets fresh globals, and a child that a program broke is replaced. */
export interface Sandbox {
  /** Never rejects because of the program; rejects with an `Error` if no child can be started. */
  run(program: Program): Promise<ProgramResult>;
  close(): Promise<void>;
}
