// What is kept of an evaluation, and when it is used again.
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { QualityBenchmark } from "../../lib/eval/quality_benchmark.ts";
import type { EvaluateOptions } from "../../lib/eval/quality_benchmark.ts";
import type { ModelOptions, ModelRef } from "../../lib/arch/model_ref.ts";
import type { EvalResult } from "../../lib/eval/types.ts";
import { partialOf } from "../../lib/progress.ts";
import { ResultStore } from "../../lib/store/results.ts";
import { StoreError } from "../../lib/store/store_error.ts";
import { tinySpec } from "../model/tiny_spec.ts";
import { FakeHost } from "./fake_host.ts";
import { withStore } from "../store/with_store.ts";

const rows = Array.from({ length: 6 }, (_, i) => ({ prompt: `Question ${i}?`, choices: ["yes", "no"], answer: i % 2 }));

/** Requests that a host was asked for, null if none was started, and the result. */
async function run(options: EvaluateOptions, ref: ModelRef = { ref: tinySpec() }, model: ModelOptions = {}) {
  let host: FakeHost | null = null;
  const quality = new QualityBenchmark(ref, model, () => Promise.resolve(host = new FakeHost()));
  const result = await quality.evaluateTask("mmlu", rows, options);
  return { asked: (host as FakeHost | null)?.seen.length ?? null, result };
}

Deno.test("a limited run, then the whole: only the rest is run, then nothing, and no host is started", () =>
  withStore(async (store) => {
    const part = await run({ store, limit: 2, scoring: { mode: "strict" } });
    assert.deepEqual([part.asked, part.result.environment.reused], [4, 0]);
    const whole = await run({ store, scoring: { mode: "strict" } });
    assert.equal(whole.result.environment.reused, 2);
    assert.equal(whole.result.n, 6);
    const again = await run({ store, scoring: { mode: "strict" } });
    assert.deepEqual([again.asked, again.result.environment.reused], [null, 6]);
    assert.deepEqual(again.result.items, whole.result.items);
    assert.deepEqual(again.result.metrics, whole.result.metrics);
    assert.deepEqual(again.result.environment.model, whole.result.environment.model);
  }));

Deno.test("nothing is taken from another model, edit, precision or setting, nor without a store", () =>
  withStore(async (store) => {
    await run({ store });
    const { ref, seed } = { ref: tinySpec(), seed: 1 };
    const others: [string, Parameters<typeof run>][] = [
      ["another seed", [{ store }, { ref, seed }]],
      ["an edit", [{ store }, { ref, edits: [{ keepLayers: [0, 2] }] }]],
      ["a precision", [{ store }, { ref }, { precision: "int8" }]],
      ["a mode of scoring", [{ store, scoring: { mode: "batch" } }]],
      ["no store", [{ store: null }]],
    ];
    for (const [what, args] of others) {
      const { asked, result } = await run(...args);
      assert.deepEqual([asked, result.environment.reused], [12, 0], what);
    }
    assert.equal((await run({ store }, { ref }, { threads: 1 })).asked, null, "threads change no number");
  }));

Deno.test("a store that fails midway is an error with what was finished, and the next run goes on", () =>
  withStore(async ({ path }) => {
    const other = new DatabaseSync(path);
    /** Locks the store when half of the requests are scored. */
    class LockingHost extends FakeHost {
      override async score(...args: Parameters<FakeHost["score"]>) {
        const results = await super.score(...args);
        if (this.seen.length >= 400) other.exec("BEGIN IMMEDIATE");
        return results;
      }
    }
    const store = new ResultStore(path, { waitMs: 20 });
    const many = Array.from({ length: 400 }, (_, i) => ({ prompt: `${i}?`, choices: ["yes", "no"], answer: i % 2 }));
    const quality = new QualityBenchmark({ ref: tinySpec() }, {}, () => Promise.resolve(new LockingHost()));
    const error = await quality.evaluateTask("mmlu", many, { store, level: 0.9 }).catch((error) => error);
    assert.ok(error instanceof StoreError, String(error));
    assert.deepEqual([error.path, error.fault], [path, "locked"]);
    const partial = partialOf<EvalResult>(error);
    assert.ok(partial && partial.n > 0 && partial.n < 400, `${partial?.n} items`);
    other.exec("ROLLBACK");
    other.close();
    const rest = await new QualityBenchmark({ ref: tinySpec() }, {}, () => Promise.resolve(new FakeHost()))
      .evaluateTask("mmlu", many, { store });
    assert.deepEqual([rest.n, rest.environment.reused > 0], [400, true]);
  }));

Deno.test("a host of the caller keeps nothing unless a store is given", async () => {
  const host = new FakeHost();
  await run({ host });
  await run({ host });
  assert.equal(host.seen.length, 24);
});
