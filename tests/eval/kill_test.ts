// A run that is killed at any moment goes on with the same numbers, and no question is run twice but those in flight.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { seededRandom } from "../../lib/stats/random.ts";

const KILLS = 20, RUN_MS = 20;
/** All kills together come after 3 s at most; the 389 runs take 8 s, so that a kill may be late on a busy machine. */
const LONGEST_MS = 150;

function spawn(path: string, log: string, runMs: number): Deno.ChildProcess {
  const script = fileURLToPath(new URL("./kill_child.ts", import.meta.url));
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--quiet", script, path, log, String(runMs)],
    stdout: "piped",
    stderr: "null",
  }).spawn();
}

/** Runs to the end; its last line is the result. */
async function whole(path: string, log: string) {
  const child = spawn(path, log, 0);
  const { stdout } = await child.output();
  return JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1)!);
}

/** Killed after so many ms of scoring. */
async function killed(path: string, log: string, ms: number): Promise<void> {
  const child = spawn(path, log, RUN_MS);
  const reader = child.stdout.getReader();
  await reader.read(); // its first words: it is scoring
  await new Promise((done) => setTimeout(done, ms));
  child.kill("SIGKILL");
  reader.releaseLock();
  await child.stdout.cancel();
  assert.equal((await child.status).signal, "SIGKILL", "it was still at work");
}

/** The questions of every run, as they were logged. */
async function runs(log: string): Promise<string[][]> {
  const lines = (await readFile(log, "utf8")).split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line).map((request: unknown) => JSON.stringify(request)));
}

Deno.test("an evaluation that is killed 20 times ends with the same numbers", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const expected = await whole(join(folder, "once.sqlite"), join(folder, "once.log"));
    const random = seededRandom(7), path = join(folder, "killed.sqlite");
    const before = new Set<string>();
    let inFlight = 0;
    for (let i = 0; i < KILLS; i++) {
      const log = join(folder, `${i}.log`);
      await killed(path, log, random.next() * LONGEST_MS);
      const done = await runs(log);
      for (const request of done.flat()) assert.ok(!before.has(request), `kill ${i} ran ${request} again`);
      // only the last run may have been killed before its questions were saved
      for (const request of done.slice(0, -1).flat()) before.add(request);
      inFlight += done.at(-1)!.length;
    }
    const log = join(folder, "last.log");
    const result = await whole(path, log);
    assert.deepEqual(result.items, expected.items);
    assert.deepEqual(result.metrics, expected.metrics);
    assert.ok(result.reused > 0 && result.reused < 600, `${result.reused} questions were there already`);
    for (const request of (await runs(log)).flat()) assert.ok(!before.has(request));
    console.log(
      `${result.reused} of 600 questions kept over ${KILLS} kills; at most ${inFlight} requests were in flight`,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
