import assert from "node:assert/strict";
import {
  evaluateGenerated,
  type GeneratedItems,
  programCount,
  savedProblems,
} from "../../../lib/eval/generated/evaluate.ts";
import { checkGenerate } from "../../../lib/eval/generated/options.ts";
import { sha256 } from "../../../lib/eval/hashes.ts";
import type { TaskOptions } from "../../../lib/eval/task_options.ts";
import { partialOf, requestStop, StopError } from "../../../lib/progress.ts";
import { fakeSandbox, fakeTask, type FakeWriter, fakeWriter, noBar, rowsOf, type Write } from "./fakes.ts";

const drawn = (options: TaskOptions = {}) => checkGenerate(fakeTask, { preset: "drawn", ...options });

/** What a sample is depends on prompt, seed and sample, as with a model. */
const write: Write = (prompt, seed, sample) => (seed + sample) % 3 === 0 ? "PASS" : `${prompt} ${sample} fails...`;

function work(prompts: unknown[], hosts: FakeWriter[], options = drawn()) {
  return { task: fakeTask, rows: rowsOf(...prompts), options, hosts, sandbox: fakeSandbox(), bar: noBar };
}

/** Runs that are kept as JSON, as a database does. */
function store() {
  const kept = new Map<string, string>();
  return {
    kept,
    get: (key: string) => kept.has(key) ? JSON.parse(kept.get(key)!) : undefined,
    put: (key: string, value: unknown) => void kept.set(key, JSON.stringify(value)),
  };
}

Deno.test("evaluateGenerated() gives an item a problem, with every program and its verdict", async () => {
  const host = fakeWriter((_, __, sample) => ["PASS", "SLOW...", "wrong", "PASS"][sample]);
  const { items, failed, generatedTokens, notes } = await evaluateGenerated(work(["a", "b"], [host]));
  assert.equal(items.length, 2);
  assert.deepEqual(items[1], {
    row: 1,
    correct: 0.5,
    samples: [
      { seed: 0, sample: 0, completion: "PASS", tokens: 4, finishReason: "stop", verdict: "passed" },
      {
        ...{ seed: 0, sample: 1, completion: "SLOW...", tokens: 7, finishReason: "length", verdict: "timed out" },
        reason: "it timed out",
      },
      {
        ...{ seed: 0, sample: 2, completion: "wrong", tokens: 5, finishReason: "stop", verdict: "failed" },
        reason: "it failed",
      },
      { seed: 0, sample: 3, completion: "PASS", tokens: 4, finishReason: "stop", verdict: "passed" },
    ],
    tokens: 20,
    promptHash: sha256("b"),
  });
  assert.deepEqual([failed, generatedTokens, notes], [[], 40, []]);
  const { samples, temperature, topP, stop, maxNewTokens } = host.options[0];
  assert.deepEqual([samples, temperature, topP, stop, maxNewTokens], [4, 0.2, 0.9, ["\n"], 16]);
});

Deno.test("evaluateGenerated() runs equal programs of a run once", async () => {
  const sandbox = fakeSandbox();
  const host = fakeWriter((_, __, sample) => sample < 3 ? "same" : "other");
  await evaluateGenerated({ ...work(["a"], [host]), sandbox });
  assert.deepEqual(sandbox.programs.map((p) => p.code), ["a|same|test", "a|other|test"]);
});

Deno.test("evaluateGenerated() gives the same items with any number of hosts, rows and saved runs", async () => {
  const options = drawn({ seeds: [0, 7] });
  const prompts = Array.from({ length: 70 }, (_, i) => `p${i}`); // more than one share for each host
  const whole = await evaluateGenerated(work(prompts, [fakeWriter(write)], options));
  assert.equal(whole.items.length, 70);
  assert.deepEqual(new Set(whole.items[0].samples!.map((s) => s.seed)), new Set([0, 7]));
  const shared = await evaluateGenerated(work(prompts, [fakeWriter(write), fakeWriter(write)], options));
  assert.deepEqual(shared.items, whole.items);
  const part = await evaluateGenerated(work(prompts.slice(0, 3), [fakeWriter(write)], options));
  assert.deepEqual(part.items, whole.items.slice(0, 3));

  const saved = store();
  await evaluateGenerated({ ...work(prompts.slice(0, 30), [fakeWriter(write)], options), saved });
  assert.equal(saved.kept.size, 60);
  const host = fakeWriter(write);
  const resumed = await evaluateGenerated({ ...work(prompts, [host], options), saved });
  assert.deepEqual(resumed.items, whole.items);
  // full batches of 16 problems are used, the rest of each seed is written: 70 - 16 problems x 2 seeds
  assert.equal(host.requests.length, 108);
  assert.deepEqual(savedProblems({ ...work(prompts, [], options), saved }), { problems: 70, saved: 70 });
  assert.deepEqual(savedProblems(work(prompts, [], options)), { problems: 70, saved: 0 });
  const again = await evaluateGenerated({ ...work(prompts, [], options), saved }); // needs no host
  assert.deepEqual([again.items, again.generatedTokens], [whole.items, 0]);
});

Deno.test("evaluateGenerated() fails a refused request and an unreadable row alone", async () => {
  const host = fakeWriter((prompt) => prompt === "bad" ? null : "PASS");
  const { items, failed } = await evaluateGenerated(work(["a", "bad", 3, "b"], [host]));
  assert.deepEqual(items.map((item) => item.row), [0, 3]);
  assert.deepEqual(failed, [
    { row: 2, reason: 'echo row 2: field "prompt" must be text' },
    { row: 1, reason: "echo row 1: its logits are not finite" },
  ]);
  await assert.rejects(
    evaluateGenerated(work(["bad"], [host])),
    /Cannot evaluate echo: no problem was continued; echo row 0/,
  );
});

Deno.test("a prompt that is too long keeps its last tokens, and one token of room is enough", async () => {
  const host = fakeWriter((prompt) => prompt, 20); // 16 new tokens leave 4
  const { items, notes } = await evaluateGenerated(work(["abc", "abcd", "abcdef"], [host]));
  assert.deepEqual(items.map((item) => item.samples![0].completion), ["abc", "abcd", "cdef"]);
  assert.deepEqual(notes, ["prompts that were cut on their left to fit the context: row 2"]);
  assert.equal(host.requests[0].prompt, "abc"); // the host adds BOS where there is one
  assert.deepEqual(host.requests[1].prompt, [97, 98, 99, 100]);
});

Deno.test("maxNewTokens that fill the context are an error before anything is generated", async () => {
  const host = fakeWriter(write, 16);
  await assert.rejects(evaluateGenerated(work(["a"], [host])), (error) => {
    assert.ok(error instanceof RangeError);
    assert.match(error.message, /fake: maxNewTokens 16 leave nothing of its context of 16 .* maxNewTokens: 8/);
    return true;
  });
  assert.equal(host.requests.length, 0);
});

Deno.test("each finished run is saved at once, and a stop keeps what was finished", async () => {
  const saved = store();
  const host = fakeWriter((prompt) => `${prompt} PASS`);
  let finished = 0;
  const put = (key: string, value: unknown) => {
    saved.put(key, value);
    if (++finished === 3) requestStop();
  };
  // slow enough for the stop to come before the end
  const batch = host.generateBatch;
  host.generateBatch = (requests, options = {}) =>
    batch(requests.slice(-3), {
      ...options,
      onResult: (i, r) => options.onResult?.(i + requests.length - 3, r),
    }).then(() => new Promise(() => {}));
  const prompts = ["a", "b", "c", "d", "e"];
  await assert.rejects(evaluateGenerated({ ...work(prompts, [host]), saved: { ...saved, put } }), (error) => {
    assert.ok(error instanceof StopError);
    const { items } = partialOf<GeneratedItems>(error)!;
    assert.deepEqual(items.map((item) => item.row), [2, 3, 4]);
    return true;
  });
  assert.ok(host.closed);
  assert.equal(saved.kept.size, 3);
  const rest = fakeWriter((prompt) => `${prompt} PASS`);
  const sandbox = fakeSandbox();
  const { items } = await evaluateGenerated({ ...work(prompts, [rest]), sandbox, saved });
  assert.deepEqual(items.map((item) => item.correct), [1, 1, 1, 1, 1]);
  // the batch is written as it was, and only what was not finished is run in the sandbox
  assert.deepEqual(rest.requests.map((r) => r.prompt), prompts);
  assert.deepEqual([...new Set(sandbox.programs.map((p) => p.code[0]))].sort(), ["a", "b"]);
});

Deno.test("a sandbox that cannot start ends the work at once", async () => {
  const host = fakeWriter(write);
  const sandbox = { run: () => Promise.reject(new Error("no child")), close: () => Promise.resolve() };
  await assert.rejects(evaluateGenerated({ ...work(["a", "b"], [host]), sandbox }), /no child/);
  assert.ok(host.closed);
});

Deno.test("a host that dies ends the others, and what was finished is in the error", async () => {
  const good = fakeWriter(write), bad = fakeWriter(write);
  bad.generateBatch = () => new Promise((_, reject) => setTimeout(() => reject(new Error("the host is gone")), 30));
  const prompts = Array.from({ length: 64 }, (_, i) => `p${i}`);
  await assert.rejects(evaluateGenerated(work(prompts, [good, bad])), (error) => {
    assert.match(String(error), /the host is gone/);
    assert.ok(partialOf<GeneratedItems>(error)!.items.length >= 1);
    return true;
  });
  assert.ok(good.closed);
});

Deno.test("programs run while others are still being written, and the bar counts them", async () => {
  const seen: [number, string | undefined][] = [];
  const sandbox = fakeSandbox();
  const host = fakeWriter(() => "PASS");
  let judgedBeforeEnd = 0;
  const batch = host.generateBatch;
  host.generateBatch = async (requests, options) => {
    const results = await batch(requests, options);
    judgedBeforeEnd = seen.at(-1)![0];
    return results;
  };
  const rows = rowsOf("a", 0, "b", "c");
  const bar = { update: (done: number, note?: string) => void seen.push([done, note]), finish() {} };
  await evaluateGenerated({ ...work([], [host]), rows, sandbox, bar });
  assert.ok(judgedBeforeEnd >= 8, `${judgedBeforeEnd}`);
  assert.deepEqual(seen.at(-1), [programCount(rows, drawn()), "12 passed"]); // the unreadable row counts as done
});
