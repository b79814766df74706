// Rounds are kept as they come: a comparison that is stopped or killed goes on with its next round.
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { compareArchitectures, type CompareOptions } from "../../lib/compare/compare_architectures.ts";
import type { ComparisonRaw } from "../../lib/compare/raw.ts";
import { requestStop, StopError } from "../../lib/progress.ts";
import { pairedSpeeds, type Round } from "../../lib/measure/rounds_result.ts";
import { seededRandom } from "../../lib/stats/random.ts";
import { ResultStore } from "../../lib/store/results.ts";
import { fakeHosts, tinySpec } from "../measure/fake_host.ts";
import { withStore } from "../store/with_store.ts";

const models = { base: tinySpec("base"), quick: tinySpec("quick") };
const throughput = [{ promptTokens: 5, newTokens: 32 }];

/** Stopped in the run of that number; null runs to the end. */
async function compare(store: ResultStore, stopAt: number | null, options: CompareOptions = {}) {
  let runs = 0;
  const { start } = fakeHosts({
    stepMs: ({ name }) => name === "quick" ? 1 : 2,
    before: () => void (++runs === stopAt && requestStop()),
  });
  const work = compareArchitectures(models, { throughput, rounds: 12, memoryHosts: 0, store, start, ...options });
  if (stopAt === null) return (await work).raw;
  await assert.rejects(work, StopError);
  return null;
}

/** Every setting has its rounds 0, 1, ... once, in blocks that only grow. */
function checkWhole(raw: Pick<ComparisonRaw, "rounds">, config: string, count: number): void {
  const own = raw.rounds.filter((r) => r.config === config);
  assert.deepEqual(own.map(({ round }) => round), Array.from({ length: count }, (_, i) => i));
  const blocks = own.map(({ block }) => block);
  assert.deepEqual(blocks, blocks.toSorted((a, b) => a - b));
  for (const { samples } of own) assert.deepEqual(Object.keys(samples).sort(), ["base", "base (A/A twin)", "quick"]);
}

Deno.test("a comparison that was stopped goes on with its next round, and a finished one is measured anew", () =>
  withStore(async (store) => {
    await compare(store, 100);
    const raw = (await compare(store, null))!;
    checkWhole(raw, "p5_l32", 12);
    assert.ok(raw.resumed && raw.resumed.rounds > 0 && raw.resumed.rounds < 12, JSON.stringify(raw.resumed));
    assert.deepEqual([raw.resumed.interruptions, raw.startedAnew], [1, null]);
    const fresh = (await compare(store, null))!;
    assert.deepEqual([fresh.resumed, fresh.startedAnew], [null, null]);
  }));

Deno.test("rounds of another seed, number of rounds or model are left alone, and the result says why", () =>
  withStore(async (store) => {
    await compare(store, 100);
    const other = (await compare(store, null, { seed: 1 }))!;
    assert.equal(other.resumed, null);
    assert.match(other.startedAnew!, /^the one of 20\d\d-.* had other options$/);
    await compare(store, 100);
    const { start } = fakeHosts();
    const edited = { ...models, quick: { ...tinySpec("quick"), hiddenSize: 32 } };
    const { raw } = await compareArchitectures(edited, { throughput, rounds: 12, memoryHosts: 0, store, start });
    assert.match(raw.startedAnew!, /had other models$/);
  }));

Deno.test("a block that was cut to one round takes no part in intervals, a longer one does", () => {
  const sample = (speed: number) => ({ decodeTokensPerS: speed }) as Round["samples"][string];
  const round = (block: number, cut: boolean): Round => ({
    config: "p5_l32",
    block,
    round: 0,
    order: [],
    samples: { a: sample(2), b: sample(1) },
    ...(cut ? { cut: true as const } : {}),
  });
  const rounds = [round(0, false), round(1, true), round(2, true), round(2, true), round(3, false)];
  const blocks = pairedSpeeds(rounds, "p5_l32", "decodeTokensPerS", "a", "b").map(({ block }) => block);
  assert.deepEqual(blocks, [0, 2, 2, 3]);
});

const KILLS = 20, ROUNDS = 400, LONGEST_MS = 500, RUN_MS = 1;

function spawn(path: string, runMs: number): Deno.ChildProcess {
  const script = fileURLToPath(new URL("./kill_child.ts", import.meta.url));
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--quiet", script, path, String(ROUNDS), String(runMs)],
    stdout: "piped",
    stderr: "null",
  }).spawn();
}

/** Rounds that the store holds. */
function kept(path: string): number {
  const db = new DatabaseSync(path);
  try {
    return Number(db.prepare("SELECT count(*) AS n FROM items WHERE value LIKE '%\"round\"%'").get()!.n);
  } finally {
    db.close();
  }
}

Deno.test("a comparison that is killed 20 times loses no round but the one in flight", () =>
  withStore(async ({ path }) => {
    const random = seededRandom(11);
    let before = 0, cuts = 0;
    for (let i = 0; i < KILLS; i++) {
      const child = spawn(path, RUN_MS), reader = child.stdout.getReader();
      await reader.read(); // it is measuring
      await new Promise((done) => setTimeout(done, random.next() * LONGEST_MS));
      child.kill("SIGKILL");
      reader.releaseLock();
      await child.stdout.cancel();
      assert.equal((await child.status).signal, "SIGKILL", "it was still at work");
      const now = kept(path);
      assert.ok(now >= before, `kill ${i}: ${before} rounds, then ${now}`);
      if (now > before) cuts++;
      before = now;
    }
    const { stdout } = await spawn(path, 0).output();
    const raw = JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1)!);
    checkWhole(raw, "b1_s64", ROUNDS);
    checkWhole(raw, "p5_l32", ROUNDS);
    assert.deepEqual([raw.resumed.rounds, raw.resumed.interruptions], [before, KILLS]);
    assert.equal(kept(path), 0, "nothing of it is left when it has ended");
    console.log(
      `${before} of ${2 * ROUNDS} rounds were kept over ${KILLS} kills, ${cuts} of which came after new rounds`,
    );
  }));
