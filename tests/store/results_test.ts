import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { seededRandom } from "../../lib/stats/random.ts";
import { StoreError, storeError, type StoreFault } from "../../lib/store/store_error.ts";
import { ResultStore, type TwinRun } from "../../lib/store/results.ts";

const run = (changes: Partial<TwinRun> = {}): TwinRun => ({
  startedAt: "2026-01-02T03:04:05.000Z",
  machine: "cpu x 2",
  model: "tiny",
  config: "p5_l64",
  metric: "decodeTokensPerS",
  pairs: [{ block: 0, candidate: 10.1, baseline: 10 }, { block: 1, candidate: 9.9, baseline: 10 }],
  ...changes,
});

Deno.test("twins are kept over openings, once each, and read by machine", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "deep", "results.sqlite");
    const later = run({ startedAt: "2026-02-01T00:00:00.000Z" });
    new ResultStore(path).saveTwins([later, run(), run({ machine: "another" })]);
    new ResultStore(path).saveTwins([run()]);
    assert.deepEqual(new ResultStore(path).twins("cpu x 2"), [run(), later]);
    assert.deepEqual(new ResultStore(path).twins("none"), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

async function inFolder(use: (path: string) => void | Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(join(folder, "results.sqlite"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** @throws If the work does not end with this fault, the path and a fix in its message. */
function fails(work: () => unknown, path: string, fault: StoreFault, words: RegExp): void {
  assert.throws(work, (error) => {
    assert.ok(error instanceof StoreError, String(error));
    assert.deepEqual([error.fault, error.path], [fault, path]);
    assert.ok(error.message.startsWith(`Cannot use the kept results in ${path}: `), error.message);
    assert.match(error.message, words);
    return true;
  });
}

Deno.test("checkWritable() names a path that cannot be written, and what to do", () =>
  inFolder((path) => {
    Deno.writeTextFileSync(path, "");
    const below = join(path, "results.sqlite"); // below a file, not a folder
    fails(
      () => new ResultStore(below).checkWritable(),
      below,
      "unusable",
      /set ARCHBENCH_RESULTS to a folder that can be written, or pass store: null/,
    );
  }));

Deno.test("a store that another program writes to is an error after the wait, and works again afterwards", () =>
  inFolder((path) => {
    const store = new ResultStore(path, { waitMs: 20 }), items = store.items("a run");
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    fails(() => store.checkWritable(), path, "locked", /database is locked; end the other program/);
    fails(() => items.put("key", 1), path, "locked", /database is locked/);
    other.exec("ROLLBACK");
    other.close();
    items.put("key", 1);
    assert.equal(items.get("key"), 1);
    items.close();
  }));

Deno.test("a full disk is told from a damaged file, by what SQLite says of it", () =>
  inFolder((path) => {
    const db = new DatabaseSync(path);
    db.exec("PRAGMA max_page_count = 2; CREATE TABLE t (x)");
    const fill = () => {
      try {
        db.prepare("INSERT INTO t VALUES (?)").run("x".repeat(100_000));
      } catch (error) {
        throw storeError(path, error);
      }
    };
    fails(fill, path, "full", /disk is full; make room on that disk and run again/);
    db.close();
    Deno.writeTextFileSync(path, "no database ".repeat(100));
    fails(() => new ResultStore(path).twins("x"), path, "damaged", /not a database; move the file away/);
  }));

Deno.test("a file of a newer version is left alone", () =>
  inFolder((path) => {
    const db = new DatabaseSync(path);
    db.exec("PRAGMA user_version = 99");
    db.close();
    fails(() => new ResultStore(path).items("x"), path, "newer", /schema 99.*use the newer version/);
  }));

Deno.test("results from before checksums are read on", () =>
  inFolder((path) => {
    const db = new DatabaseSync(path); // as earlier versions made it
    db.exec(`
      CREATE TABLE twins (started_at TEXT NOT NULL, machine TEXT NOT NULL, model TEXT NOT NULL, config TEXT NOT NULL,
        metric TEXT NOT NULL, pairs TEXT NOT NULL, PRIMARY KEY (started_at, machine, model, config, metric));
      CREATE TABLE runs (run TEXT PRIMARY KEY, description TEXT NOT NULL, started_at TEXT NOT NULL);
      CREATE TABLE items (run TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (run, key)) WITHOUT ROWID`);
    const { startedAt, machine, model, config, metric, pairs } = run();
    db.prepare("INSERT INTO twins VALUES (?, ?, ?, ?, ?, ?)")
      .run(startedAt, machine, model, config, metric, JSON.stringify(pairs));
    const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
    db.prepare("INSERT INTO items VALUES (?, ?, ?)").run(sha256('"a run"'), sha256("key"), "[1,2]");
    db.close();
    assert.deepEqual(new ResultStore(path).twins("cpu x 2"), [run()]);
    const items = new ResultStore(path).items("a run");
    assert.deepEqual(items.get("key"), [1, 2]);
    items.close();
    assert.equal(new ResultStore(path).repair(), 0);
  }));

Deno.test("a changed row is refused, and repair() removes it alone", () =>
  inFolder((path) => {
    const store = new ResultStore(path), items = store.items("a run");
    items.put("one", { logLikelihood: -1.25 });
    items.put("two", { logLikelihood: -2.5 });
    store.saveTwins([run()]);
    const db = new DatabaseSync(path);
    db.exec(`UPDATE items SET value = replace(value, '-1.25', '-1.26');
      UPDATE twins SET pairs = replace(pairs, '10.1', '11.1')`);
    db.close();
    fails(() => items.get("one"), path, "damaged", /is not what was written; .*repair\(\)/);
    fails(
      () => store.twins("cpu x 2"),
      path,
      "damaged",
      /the twins of 2026-01-02T03:04:05.000Z are not what was written/,
    );
    assert.deepEqual(items.get("two"), { logLikelihood: -2.5 });
    assert.equal(store.repair(), 2);
    assert.equal(items.get("one"), undefined);
    assert.deepEqual(store.twins("cpu x 2"), []);
    items.close();
  }));

Deno.test("no flipped bit of the file changes an item: it is whole, gone, or an error", () =>
  inFolder((path) => {
    const FLIPS = 200, ITEMS = 60;
    const store = new ResultStore(path),
      value = (i: number) => ({ logLikelihood: -(i + 1) / 3, isGreedy: i % 2 === 0 });
    const written = store.items("a run");
    for (let i = 0; i < ITEMS; i++) written.put(`item ${i}`, value(i));
    written.close();
    const good = Deno.readFileSync(path), random = seededRandom(5);
    const seen = { whole: 0, gone: 0, refused: 0 };
    for (let flip = 0; flip < FLIPS; flip++) {
      const bytes = good.slice();
      bytes[Math.floor(random.next() * bytes.length)] ^= 1 << Math.floor(random.next() * 8);
      Deno.writeFileSync(path, bytes);
      try {
        const items = store.items("a run");
        try {
          for (let i = 0; i < ITEMS; i++) {
            const got = items.get(`item ${i}`);
            if (got !== undefined) assert.deepEqual(got, value(i), `flip ${flip}`);
            seen[got === undefined ? "gone" : "whole"]++;
          }
        } finally {
          items.close();
        }
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        seen.refused++;
      }
    }
    assert.ok(seen.refused > 0 && seen.whole > 0, JSON.stringify(seen));
  }));
