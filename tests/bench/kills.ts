/**
 * What SIGKILL costs: each long work is killed at random moments and begun again, and ends with the numbers of a run that
 * was left alone. Prints a row a work. `deno task bench:kills [kills] [work ...]`; "setup" and
 * "joinParts" fetch packages anew, the latter from the folder WHEELS if it is given.
 */
import { mkdir, readdir, readFile, rm, stat, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheDir } from "../../lib/store/paths.ts";
import { seededRandom } from "../../lib/stats/random.ts";

const kills = Number(Deno.args[0] ?? 20);
const works = Deno.args.slice(1);
const ALL = ["compareArchitectures", "evaluateTask", "trainSiblings", "openModel", "setup", "joinParts"];
const random = seededRandom(1);

/** An empty cache and store of its own; the packages are those of the project but for "setup". */
async function emptyPlace(work: string): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "archbench-kills-" });
  await mkdir(join(folder, "cache"));
  if (!["setup", "joinParts"].includes(work)) await symlink(cacheDir("packages"), join(folder, "cache", "packages"));
  return folder;
}

function spawn(work: string, folder: string): Deno.ChildProcess {
  const script = fileURLToPath(new URL("./kill_work.ts", import.meta.url));
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--quiet", script, work],
    env: { ARCHBENCH_CACHE: join(folder, "cache"), ARCHBENCH_RESULTS: join(folder, "results") },
    stdout: "piped",
    stderr: "null",
  }).spawn();
}

/** Runs to the end. */
async function whole(work: string, folder: string): Promise<{ result: unknown; ms: number }> {
  const start = performance.now();
  const { stdout, success } = await spawn(work, folder).output();
  if (!success) throw new Error(`${work} failed`);
  const result = JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1)!);
  return { result, ms: performance.now() - start };
}

/** Killed so many ms after it has begun to work; false where it had ended before. */
async function killed(work: string, folder: string, ms: number): Promise<boolean> {
  const child = spawn(work, folder), reader = child.stdout.getReader();
  await reader.read();
  await new Promise((done) => setTimeout(done, ms));
  try {
    child.kill("SIGKILL");
  } catch {
    // it has ended
  }
  reader.releaseLock();
  await child.stdout.cancel();
  return (await child.status).signal === "SIGKILL";
}

/** Beside other work the kernel takes a moment to end a process; one that is there after so long is an orphan. */
const ORPHAN_AFTER_MS = 10_000;

/** How long processes that were started for this place are there after the kill, and how many stay. */
async function outlived(folder: string): Promise<{ ms: number; orphans: number }> {
  const start = performance.now();
  let there = await started(folder), ms = 0;
  while (there > 0 && ms < ORPHAN_AFTER_MS) {
    await new Promise((done) => setTimeout(done, 10));
    ms = performance.now() - start;
    there = await started(folder);
  }
  return { ms, orphans: there };
}

async function started(folder: string): Promise<number> {
  let count = 0;
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
    if (environment.includes(`ARCHBENCH_RESULTS=${join(folder, "results")}`)) count++;
  }
  return count;
}

/** Bytes of half-written files and folders. */
async function leftovers(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    entries.filter((e) => e.isFile()).map(async (e) => {
      const path = join(e.parentPath, e.name);
      return /\.(tmp|partial|part|joining)(\/|$)/.test(path.slice(folder.length)) ? (await stat(path)).size : 0;
    }),
  );
  return sizes.reduce((a, b) => a + b, 0);
}

console.log(
  "work, killed while at work, orphans after 10 s, longest life of a child (ms), " +
    "MB half-written after the last kill, after the next run, same result",
);
for (const work of works.length ? works : ALL) {
  const once = await emptyPlace(work);
  let again = await emptyPlace(work);
  try {
    const expected = await whole(work, once);
    let atWork = 0, left = 0, longestMs = 0;
    for (let i = 0; i < kills; i++) {
      const wasAtWork = await killed(work, again, random.next() * expected.ms);
      const { ms, orphans } = await outlived(again);
      left += orphans;
      longestMs = Math.max(longestMs, ms);
      if (wasAtWork) atWork++;
      else { // it had ended: from the start
        await rm(again, { recursive: true, force: true });
        again = await emptyPlace(work);
      }
    }
    const half = await leftovers(again), { result } = await whole(work, again);
    const same = work === "compareArchitectures"
      ? JSON.stringify((result as { rounds: number[] }).rounds) ===
        JSON.stringify((expected.result as { rounds: number[] }).rounds)
      : JSON.stringify(result) === JSON.stringify(expected.result);
    const resumed = work === "compareArchitectures" ? JSON.stringify((result as { resumed: unknown }).resumed) : "";
    const mb = (bytes: number) => (bytes / 1e6).toFixed(1);
    console.log(
      work,
      `${atWork} of ${kills}`,
      left,
      longestMs.toFixed(0),
      mb(half),
      mb(await leftovers(again)),
      same ? "yes" : "NO",
      resumed,
    );
  } finally {
    await rm(once, { recursive: true, force: true });
    await rm(again, { recursive: true, force: true });
  }
}
