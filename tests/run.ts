/**
 * `task test`: all tests and the examples in doc comments. Deno prints as it does; the very last line is
 * `N passed, N failed`. Arguments (a folder, `--filter name`) go to `deno test`.
 */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";

/** Counts of a JUnit report as Deno writes it. */
export function countTests(junit: string): { passed: number; failed: number } {
  const sum = (name: string) =>
    [...junit.matchAll(/<testsuite [^>]*>/g)].reduce(
      (total, [tag]) => total + Number(new RegExp(` ${name}="(\\d+)"`).exec(tag)?.[1] ?? 0),
      0,
    );
  const failed = sum("failures") + sum("errors");
  return { passed: sum("tests") - failed - sum("disabled") - sum("skipped"), failed };
}

if (import.meta.main) {
  const root = join(import.meta.dirname!, "..");
  const folder = await Deno.makeTempDir({ prefix: "archbench-tests-" });
  const report = join(folder, "junit.xml");
  const chosen = Deno.args.some((arg) => !arg.startsWith("-")) ? Deno.args : [...Deno.args, "lib", "tests"];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "--allow-all", "--doc", `--junit-path=${report}`, ...chosen],
    cwd: root,
    env: { ARCHBENCH_RESULTS: join(folder, "results") }, // tests neither add to the user's results nor reuse them
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  const { success } = await child.status;
  const counts = countTests(await readFile(report, "utf8").catch(() => ""));
  await rm(folder, { recursive: true, force: true });
  // a file that does not load, or a crash, fails the run without a failed test in the report
  if (!success && counts.failed === 0) counts.failed = 1;
  console.log(`${counts.passed} passed, ${counts.failed} failed`);
  Deno.exit(success && counts.failed === 0 && counts.passed > 0 ? 0 : 1);
}
