/**
 * `task ok`, which CI runs: setup, format, lint, types, notebook cells, README's examples, and all tests. Each step
 * before the tests counts as one of them; what fails does not keep the others from running. The very last line is
 * `N passed, N failed`.
 */
import { join } from "node:path";
import { type Counts, countsLine, runTests, sumOf } from "./run.ts";

/** What comes before the tests: a name, and arguments of deno. */
export type Check = [name: string, ...args: string[]];

const SETUP: Check = ["setup", "task", "--quiet", "setup"];
const CHECKS: Check[] = [
  ["format", "fmt", "--check"],
  ["lint", "lint"],
  ["types", "check", "--quiet", "--doc", "lib", "tests"],
  ["notebooks", "run", "--allow-all", "lib/report/cells.ts"],
  ["README's examples", "run", "--allow-all", "lib/report/examples.ts"],
];

/** Exit code where something failed and was counted; any other one but 0 means that the last line is missing. */
const COUNTED = 2;

/** Run the setup, then checks side by side, then the tests. What a check says is shown if it fails. */
export async function gate(
  { setup, checks, tests }: { setup: Check; checks: Check[]; tests: () => Promise<Counts> },
  cwd: string,
  say: (text: string) => void = console.log,
): Promise<Counts> {
  const command = ([, ...args]: Check, stdio: "inherit" | "piped") =>
    new Deno.Command(Deno.execPath(), { args, cwd, stdin: "null", stdout: stdio, stderr: stdio });
  const counted = ([name]: Check, success: boolean, text = ""): Counts => {
    say(success ? `${name}: passed` : `${text}${name}: failed`);
    return { passed: Number(success), failed: Number(!success) };
  };
  const ready = counted(setup, (await command(setup, "inherit").spawn().status).success); // with its progress bars
  if (ready.failed) return ready; // the others would only say that npm packages or data are not there
  const counts = await Promise.all(checks.map(async (check) => {
    const { success, stdout, stderr } = await command(check, "piped").output();
    return counted(check, success, await new Blob([stdout, stderr]).text());
  }));
  const tested = await tests();
  const failed = checks.filter((_, i) => counts[i].failed).map(([name]) => name);
  if (failed.length) say(`before the tests these failed: ${failed.join(", ")}`);
  return sumOf([ready, ...counts, tested]);
}

if (import.meta.main) {
  const counts = await gate(
    { setup: SETUP, checks: CHECKS, tests: () => runTests(["--no-check"]) }, // their types are one of the checks
    join(import.meta.dirname!, ".."),
  );
  console.log(countsLine(counts));
  Deno.exit(counts.failed === 0 ? 0 : COUNTED);
}
