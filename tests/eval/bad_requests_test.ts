// An evaluation of many requests is not lost to one that cannot be scored: its row fails with the reason.
import assert from "node:assert/strict";
import { QualityBenchmark } from "../../lib/eval/quality_benchmark.ts";
import { scoreInBatches, type Unit } from "../../lib/eval/score_in_batches.ts";
import { openModel } from "../../lib/model/open_model.ts";
import type { ModelHost } from "../../lib/model/protocol.ts";
import type { ScoreRequest } from "../../lib/model/log_likelihood.ts";
import { progress } from "../../lib/progress.ts";
import { tinySpec } from "../model/tiny_spec.ts";
import { FakeHost } from "./fake_host.ts";
import { graphsOf } from "../model/own_graphs.ts";

const fine = (i: number): ScoreRequest => ({ contextIds: [i % 200, 7, i % 13], continuationIds: [i % 251, 5] });
const units = (count: number): Unit[] =>
  Array.from({ length: count }, (_, i) => ({ requests: [fine(i)], key: `${i}` }));

Deno.test("1,000 requests with one that is refused: one failed row, few calls more", async () => {
  const host = new FakeHost((r) => {
    if ("contextIds" in r && r.contextIds.length === 1) throw new RangeError("it is longer than the context");
    return -1;
  });
  const all = units(1000);
  all[617] = { requests: [{ contextIds: [1], continuationIds: [2] }], key: "bad" };
  const bar = progress("test", all.length);
  const results = await scoreInBatches([host], all, { bar }).finally(() => bar.finish());
  assert.deepEqual(results[617], { refused: "it is longer than the context" });
  assert.equal(results.filter((r) => "refused" in r).length, 1);
  assert.ok(host.calls <= 8 + 2 * 7, `${host.calls} calls`); // 8 batches, and 7 halvings of 128
});

Deno.test("1,000 requests to a real model with one bad of each kind: these fail alone, with the reason", async () => {
  const model = await openModel({ ref: tinySpec(), seed: 2 }, { threads: 1 });
  const poison = 257, session = await graphsOf(model).session("score"), run = session.run;
  session.run = async (feeds, fetches) => { // NaN in every run that the id takes part in
    const out = await run.call(session, feeds, fetches) as Awaited<ReturnType<typeof run>>;
    if ((feeds.ids.data as BigInt64Array).includes(BigInt(poison))) {
      (out.target_logprobs?.data as Float32Array | undefined)?.fill(NaN);
    }
    return out as never;
  };
  const encode = model.tokenizer.encode;
  model.tokenizer.encodeBatch = (texts) =>
    Promise.all(texts.map(async (text) => text === "first" || text === "fir" ? [1, 2] : await encode(text)));
  const host = { open: { info: model.info }, score: model.score.bind(model), close: () => model.close() };
  const bad: [number, ScoreRequest, RegExp][] = [
    [10, { context: "fir", continuation: "st" }, /continuation "st" has no tokens of its own: the tokenizer merges it/],
    [11, { contextIds: [1], continuationIds: [] }, /its continuation has no tokens/],
    [333, { contextIds: [1], continuationIds: new Array(65).fill(3) }, /65 tokens is more than the context of 64/],
    [500, { contextIds: [1], continuationIds: [2, 999] }, /999 is not a token id \(0 to 257\)/],
    [998, { contextIds: [1, poison], continuationIds: [2] }, /log-probability of its continuation is NaN; look at/],
  ];
  const all = units(1000), good = await model.score(all.flatMap((u) => u.requests));
  for (const [i, request] of bad) all[i] = { requests: [request], key: `bad ${i}` };
  const bar = progress("test", all.length);
  try {
    const results = await scoreInBatches([host as unknown as ModelHost], all, { bar });
    results.forEach((got, i) => {
      const expected = bad.find(([at]) => at === i);
      if (expected) assert.match("refused" in got ? got.refused : "scored", expected[2]);
      else {
        assert.ok(!("refused" in got), `request ${i}`);
        assert.ok(Math.abs(got[0].logLikelihood - good[i].logLikelihood) < 1e-4);
      }
    });
  } finally {
    bar.finish();
    await model.close();
  }
});

Deno.test("a continuation longer than the context is a failed row of the result, with its reason", async () => {
  const quality = new QualityBenchmark({ ref: tinySpec({ contextLength: 32 }), seed: 2 }, { threads: 1 });
  const rows = [
    { prompt: "ab", choices: ["c", "d"], answer: 0 },
    { prompt: "ab", choices: ["c", "x".repeat(40)], answer: 0 },
  ];
  const { n, failed } = await quality.evaluateTask("mmlu", rows);
  assert.equal(n, 1);
  assert.equal(failed.length, 1);
  assert.match(failed[0].reason, /^mmlu row 1: Cannot score request 1 .*41 tokens is more than the context of 32/);
});
