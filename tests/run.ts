/**
 * `task test`: all tests, the examples in doc comments and those of the READMEs that are not marked `ignore`. The very
 * last line is `N passed, N failed`. Arguments (a folder, `--filter name`) go to `deno test`.
 *
 * The whole suite runs as two processes side by side, each with half of the cores: a test that measures or uses all cores
 * that it sees has them for itself.
 */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";

export interface Counts {
  passed: number;
  failed: number;
}

/** Counts of a JUnit report as Deno writes it. */
export function countTests(junit: string): Counts {
  const sum = (name: string) =>
    [...junit.matchAll(/<testsuite [^>]*>/g)].reduce(
      (total, [tag]) => total + Number(new RegExp(` ${name}="(\\d+)"`).exec(tag)?.[1] ?? 0),
      0,
    );
  const failed = sum("failures") + sum("errors");
  return { passed: sum("tests") - failed - sum("disabled") - sum("skipped"), failed };
}

export function sumOf(counts: Counts[]): Counts {
  return counts.reduce((a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed }), {
    passed: 0,
    failed: 0,
  });
}

/** The last line of `task test` and `task ok`. */
export function countsLine({ passed, failed }: Counts): string {
  return `${passed} passed, ${failed} failed`;
}

/** About half of the time: notebooks. */
const NOTEBOOKS = ["tests/report"];

/**
 * Arguments of the processes that run the tests: one for what was asked for, two for the whole suite. The folders are
 * named one by one: of several paths, Deno 2.8.1 applies `--ignore` to the first alone.
 *
 * @param entries What lies in `tests/`.
 */
export function lanes(args: string[], entries: { name: string; isDirectory: boolean }[]): string[][] {
  if (args.some((arg) => !arg.startsWith("-"))) return [args];
  const tests = entries.filter(({ name, isDirectory }) => isDirectory || name.endsWith("_test.ts"))
    .map(({ name }) => `tests/${name}`).sort();
  const others = tests.filter((path) => !NOTEBOOKS.includes(path));
  return [[...args, "lib", "README.md", "data/README.md", ...others], [...args, ...NOTEBOOKS]];
}

/**
 * The cores that this process may use in two halves, as `taskset` reads them, or null if it has only one. Without it,
 * two processes of two threads on two cores take half as much processor time again, as onnxruntime's threads spin while
 * they wait for each other (HellaSwag's golden rows: 37 s with two threads beside other work, 23 s with one).
 *
 * @param allowed As Linux lists them: "0-3,8".
 */
export function halves(allowed: string): [string, string] | null {
  const cores = allowed.split(",").flatMap((range) => {
    const [first, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
  const middle = Math.floor(cores.length / 2);
  return middle ? [cores.slice(0, middle).join(), cores.slice(middle).join()] : null;
}

/** What to put before the command of each process; nothing where the system cannot part its cores. */
async function pins(): Promise<[string[], string[]]> {
  try {
    const status = await readFile("/proc/self/status", "utf8");
    const cores = halves(/^Cpus_allowed_list:\s*(\S+)$/m.exec(status)![1]);
    const [first, second] = (cores ?? []).map((half) => ["taskset", "-c", half]);
    if (second && (await new Deno.Command("taskset", { args: ["--version"] }).output()).success) return [first, second];
  } catch {
    // not Linux, or no util-linux
  }
  return [[], []];
}

/**
 * Run tests. The first process prints as it goes, what the other one prints comes behind.
 *
 * @param args Of `deno test`: folders and files, options.
 */
export async function runTests(args: string[]): Promise<Counts> {
  const folder = await Deno.makeTempDir({ prefix: "archbench-tests-" });
  try {
    const paths = lanes(args, [...Deno.readDirSync(import.meta.dirname!)]);
    const pin = paths.length === 2 ? await pins() : [[]];
    const [first, ...others] = paths.map((args, i) => runLane(pin[i], args, join(folder, String(i)), i === 0));
    const counts = [(await first).counts];
    for (const other of others) {
      const { counts: more, said } = await other;
      await said.stream().pipeTo(Deno.stdout.writable, { preventClose: true });
      counts.push(more);
    }
    return sumOf(counts);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** One process of `deno test`; what it says, unless it says so itself. */
async function runLane(
  pin: string[],
  args: string[],
  folder: string,
  aloud: boolean,
): Promise<{ counts: Counts; said: Blob }> {
  await Deno.mkdir(folder);
  const report = join(folder, "junit.xml");
  const [command, ...argv] = [
    ...pin,
    Deno.execPath(),
    "test",
    "--allow-all",
    "--doc",
    `--junit-path=${report}`,
    ...args,
  ];
  const child = new Deno.Command(command, {
    args: argv,
    cwd: join(import.meta.dirname!, ".."),
    env: { ARCHBENCH_RESULTS: join(folder, "results") }, // tests neither add to the user's results nor reuse them
    stdin: "null",
    stdout: aloud ? "inherit" : "piped",
    stderr: aloud ? "inherit" : "piped",
  }).spawn();
  const streams = aloud ? [] : [child.stdout, child.stderr];
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  await Promise.all(streams.map(async (stream) => {
    for await (const chunk of stream) chunks.push(chunk);
  }));
  const { success } = await child.status;
  const counts = countTests(await readFile(report, "utf8").catch(() => ""));
  // a file that does not load, or a crash, fails the run without a failed test in the report
  if (!success && counts.failed === 0) counts.failed = 1;
  return { counts, said: new Blob(chunks) };
}

if (import.meta.main) {
  const counts = await runTests(Deno.args);
  console.log(countsLine(counts));
  Deno.exit(counts.failed === 0 && counts.passed > 0 ? 0 : 1);
}
