/** What the tables of programs that may not pass share: run each, then a good one, and look at what is left. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import type { Program, ProgramResult, SandboxOptions } from "../../../lib/eval/sandbox/program.ts";
import { openSandbox } from "../../../lib/eval/sandbox/sandbox.ts";

/** What it tries, the program, the verdict that it must have, and why. */
export type Probe = [what: string, code: string, verdict: ProgramResult["verdict"], reason: RegExp];

/**
 * Run each program, and after it a good one, which must pass. Those that must time out are run with a short timeout, so
 * that nothing else depends on the speed of the machine. Set SHOW=1 to see the table.
 */
export async function runProbes(
  language: Program["language"],
  options: SandboxOptions,
  table: Probe[],
  good: string,
): Promise<void> {
  const wrong: string[] = [];
  for (const timeoutS of [1.5, 60]) {
    const sandbox = await openSandbox(language, { ...options, timeoutS });
    for (const [what, code, verdict, reason] of table) {
      if ((verdict === "timed out") !== (timeoutS < 60)) continue;
      const got = await sandbox.run({ language, code });
      const line = `| ${what} | ${got.verdict} | ${got.reason} | ${got.seconds.toFixed(2)} |`;
      if (Deno.env.get("SHOW")) console.log(line);
      if (got.verdict !== verdict || !reason.test(got.reason)) wrong.push(line);
      const next = await sandbox.run({ language, code: good });
      if (next.verdict !== "passed") wrong.push(`after ${what} a good program ${next.verdict}: ${next.reason}`);
    }
    await sandbox.close();
  }
  assert.deepEqual(wrong, []);
}

/** Processes of this system that were started from a script of the sandbox by process `parent` (Linux; else none). */
export function childrenOf(parent: number): string[] {
  if (Deno.build.os !== "linux") return [];
  return readdirSync("/proc").filter((pid) => {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /s, "").split(" ");
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      return Number(fields[1]) === parent && fields[0] !== "Z" && command.includes("/eval/sandbox/");
    } catch {
      return false; // not a process, or gone by now
    }
  });
}
