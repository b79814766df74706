import assert from "node:assert/strict";
import { type EvaluateOptions, QualityBenchmark } from "../../lib/eval/quality_benchmark.ts";
import type { TaskOptions } from "../../lib/eval/task_options.ts";
import type { ScoreRequest } from "../../lib/model/log_likelihood.ts";
import { requestStop, StopError } from "../../lib/progress.ts";
import { FakeHost } from "./fake_host.ts";

const ending = (request: ScoreRequest) => "continuation" in request ? request.continuation.trim() : "";

/** Prefers the choice that holds this word. */
const likes = (word: string) => (request: ScoreRequest) => ending(request).includes(word) ? -1 : -10;

const roof = (label: string, more = {}) => ({
  activity_label: "Roof",
  ctx_a: "A man sits.",
  ctx_b: "he",
  endings: ["eats", "falls", "sings", "writes a very long letter home"],
  label,
  ...more,
});

/** A benchmark on a fake host; `started` counts hosts. */
function benchmark(host = new FakeHost(likes("falls"))) {
  let started = 0;
  const quality = new QualityBenchmark("fake", {}, () => {
    started++;
    return Promise.resolve(host);
  });
  return { quality, host, started: () => started };
}

Deno.test("evaluateTask() turns rows into requests and log-likelihoods into metrics", async () => {
  const { quality, host } = benchmark();
  const result = await quality.evaluateTask("hellaswag", [roof("1"), roof("0"), roof("1", { source_id: "video 7" })]);
  assert.deepEqual(host.seen[0], { context: "Roof: A man sits. He", continuation: " eats" });
  assert.equal(host.seen.length, 12);
  assert.equal(host.closed, true);
  assert.deepEqual(result.items.map((i) => i.correct), [1, 0, 1]);
  assert.equal(result.metrics.acc.point, 2 / 3);
  assert.deepEqual(result.items[2].logLikelihoods, [-10, -1, -10, -10]);
  assert.equal(result.items[2].cluster, "video 7");
  assert.equal(result.items[1].goldLogLikelihood, -10);
  assert.deepEqual(Object.keys(result.metrics), ["acc_norm", "acc", "acc_bytes"]);
  assert.deepEqual([result.task, result.version, result.shots, result.n], ["hellaswag", "1.0", 0, 3]);
  assert.deepEqual(result.failed, []);
  assert.deepEqual(JSON.parse(JSON.stringify(result)), result);
});

Deno.test("evaluateTask() gives the same items and metrics each time", async () => {
  const run = async () => {
    const { items, metrics } = await benchmark().quality.evaluateTask("hellaswag", undefined, { limit: 5 });
    return { items, metrics };
  };
  assert.deepEqual(await run(), await run());
});

Deno.test("evaluateTask() takes rows of the full split by index, of MMLU by subject, with worked examples", async () => {
  const { quality, host } = benchmark(new FakeHost((r) => ending(r) === "B" ? -1 : -2));
  const options: TaskOptions = { rows: { virology: [4], abstract_algebra: [0, 7] }, shots: 5 };
  const { items, groups, n, shots, data } = await quality.evaluateTask("mmlu", undefined, options);
  assert.deepEqual(items.map((i) => [i.subject, i.row]), [["virology", 4], ["abstract_algebra", 0], [
    "abstract_algebra",
    7,
  ]]);
  assert.equal(items[1].promptHash, "ff9b00310e214beacf4b324da8c9e6c1de4e49cb422f1bcb1f7037b78f40a2a3"); // lm-eval's, 5 shots
  assert.equal(items[1].correct, 1);
  assert.deepEqual(Object.keys(groups).sort(), ["abstract_algebra", "other", "stem", "virology"]);
  assert.deepEqual([n, shots], [3, 5]);
  assert.match(data, /mmlu test, 3 of 266 rows/);
  assert.equal(host.calls, 2); // a batch for each subject, which share their examples
});

Deno.test("evaluateTask() counts MMLU's limit for each subject, in rows that are passed too", async () => {
  const row = (subject: string) => ({ question: "?", subject, choices: ["1", "2", "3", "4"], answer: 0 });
  const rows = [row("anatomy"), row("anatomy"), row("virology"), row("anatomy")];
  const { items } = await benchmark().quality.evaluateTask("mmlu", rows, { limit: 2 });
  assert.deepEqual(items.map((i) => i.row), [0, 1, 2]);
});

Deno.test("evaluateTask() accepts rows with a whole prompt for mmlu", async () => {
  const { quality, host } = benchmark(new FakeHost(likes("Paris")));
  const rows = [{ prompt: "The capital of France is", choices: ["Rome", "Paris"], answer: 1 }];
  const { metrics, groups } = await quality.evaluateTask("mmlu", rows);
  assert.deepEqual(host.seen[1], { context: "The capital of France is", continuation: " Paris" });
  assert.equal(metrics.acc.point, 1);
  assert.deepEqual(groups, {});
});

Deno.test("evaluateTask() scores a long text in windows, its bits over its UTF-8 bytes", async () => {
  // the fake's ids are bytes and its context has 16 tokens; every token costs 2 bits
  const host = new FakeHost((r) => "continuationIds" in r ? -2 * Math.LN2 * r.continuationIds.length : 0);
  const { metrics, items, higherIsBetter } = await benchmark(host).quality.evaluateTask(
    "bits_per_byte",
    "äb".repeat(9),
  );
  assert.equal(host.seen.length, 2);
  assert.ok(Math.abs(metrics.bits_per_byte.point - 2) < 1e-12);
  assert.deepEqual([items[0].bytes, items[0].tokens, items[0].correct], [27, 27, null]);
  assert.equal(higherIsBetter.bits_per_byte, false);
});

Deno.test("a bad row fails alone, named with task, index and field", async () => {
  const bad = { ...roof("1"), ctx_b: undefined };
  const { n, failed } = await benchmark().quality.evaluateTask("hellaswag", [roof("1"), bad, roof("9")]);
  assert.equal(n, 1);
  assert.deepEqual(failed, [
    { row: 1, reason: 'hellaswag row 1: field "ctx_b" must be text, it is missing' },
    { row: 2, reason: 'hellaswag row 2: field "label" must be an index from 0 to 3, got "9"' },
  ]);
});

Deno.test("a log-likelihood that is not finite fails its row and is no answer", async () => {
  const { quality } = benchmark(
    new FakeHost((r) => ending(r) === "sings" && "context" in r && r.context.startsWith("Bad") ? NaN : -1),
  );
  const { n, failed } = await quality.evaluateTask("hellaswag", [roof("1"), roof("1", { activity_label: "Bad" })]);
  assert.equal(n, 1);
  assert.match(failed[0].reason, /hellaswag row 1: the model's log-likelihood is NaN/);
});

Deno.test("what cannot be evaluated is refused before a host is started", async () => {
  const { quality, started } = benchmark();
  const refused = (
    task: string,
    dataset: Parameters<typeof quality.evaluateTask>[1],
    options: object,
    message: RegExp,
  ) => assert.rejects(() => quality.evaluateTask(task, dataset, options), message);
  await refused("mmmlu", undefined, {}, /Unknown task "mmmlu"; did you mean "mmlu"\? There are: hellaswag, mmlu/);
  await refused(
    "hellaswag",
    undefined,
    { rows: [999_999] },
    /Row 999999 is outside hellaswag validation: it has 10042 rows/,
  );
  await refused("hellaswag", undefined, { rows: [3, 3] }, /row 3 is listed twice/);
  await refused(
    "hellaswag",
    undefined,
    { rows: { anatomy: [1] } },
    /rows must be a list of indexes, got {"anatomy":\[1\]}/,
  );
  await refused("hellaswag", undefined, { rows: [] }, /no rows are asked for/);
  await refused("mmlu", undefined, { rows: [1] }, /rows must say the subject/);
  await refused("mmlu", undefined, { rows: { anatomie: [1] } }, /Unknown subject "anatomie"/);
  for (const limit of [0, -1, 1.5, NaN]) {
    await refused("hellaswag", undefined, { limit }, /limit must be an integer >= 1, got (0|-1|1.5|NaN)/);
  }
  await refused("hellaswag", undefined, { limit: 1, rows: [1] }, /limit and rows are both given/);
  await refused("bits_per_byte", undefined, { limit: 1, shots: 1 }, /shots must be 0, got 1/);
  await refused(
    "mmlu",
    undefined,
    { rows: { anatomy: [1] }, shots: 6 },
    /shots must be at most 5, the dev rows of anatomy, got 6/,
  );
  await refused("mmlu", undefined, { rows: { anatomy: [1] }, shots: -1 }, /shots must be an integer >= 0, got -1/);
  await refused("hellaswag", undefined, { limit: 1, level: 95 }, /level must be a number between 0 and 1, got 95/);
  await refused("hellaswag", [], {}, /the dataset has no rows/);
  await refused("hellaswag", "text", {}, /it needs rows with activity_label/);
  await refused("hellaswag", [roof("1")], { rows: [1] }, /row 1 is outside the 1 rows that were passed/);
  await refused(
    "hellaswag",
    [{}, {}],
    {},
    /none of 2 rows can be read; hellaswag row 0: field "ctx_a" must be text, it is missing/,
  );
  assert.equal(started(), 0);
});

Deno.test("a host that the caller opened stays open", async () => {
  const { quality, started } = benchmark();
  const host = new FakeHost();
  await quality.evaluateTask("hellaswag", [roof("1")], { host });
  assert.equal(host.closed, false);
  assert.equal(started(), 0);
});

Deno.test("a stop while the host works ends the host and throws StopError", async () => {
  const host = new FakeHost();
  const { quality } = benchmark(host);
  const score = host.score.bind(host);
  host.score = (requests, options) => {
    requestStop();
    return score(requests, options);
  };
  await assert.rejects(() => quality.evaluateTask("hellaswag", [roof("1")]), StopError);
  assert.equal(host.closed, true);
});

Deno.test("a task of generated programs takes the options of every evaluation: a host, hosts, a store", async () => {
  const quality = new QualityBenchmark("fake", {}, () => Promise.reject(new Error("started")));
  const problem = {
    task_id: "HumanEval/0",
    prompt: "def f():\n",
    canonical_solution: "    return 1\n",
    test: "def check(c):\n    assert c() == 1\n",
    entry_point: "f",
  };
  const evaluate = (options: EvaluateOptions) =>
    quality.evaluateTask("humaneval", [problem], { maxNewTokens: 4, ...options });
  const host = new FakeHost();
  host.generateBatch = () => Promise.reject(new Error("asked"));
  for (const options of [{ store: null }, { hosts: 1 }, { hosts: 1, store: null }]) {
    await assert.rejects(() => evaluate(options), /started/);
  }
  await assert.rejects(() => evaluate({ host, store: null }), (error: Error) => !/unknown option/.test(error.message));
  await assert.rejects(() => evaluate({ store: null, scoring: {} }), /scoring is for log-likelihoods/);
  await assert.rejects(
    () => evaluate({ store: null, preset: "chaptr" }),
    /"chaptr" of humaneval; did you mean "chapter"/,
  );
});
