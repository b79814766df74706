import assert from "node:assert/strict";
import { type Divergence, measureDivergence } from "../../lib/compare/divergence.ts";
import type { DivergenceSums } from "../../lib/model/divergence.ts";
import type { BaselineModel } from "../../lib/model/protocol.ts";
import { partialOf, requestStop, StopError } from "../../lib/progress.ts";
import { clusteredMean } from "../../lib/stats/clustered.ts";
import { meanInterval } from "../../lib/stats/mean_interval.ts";
import { divergenceTable } from "../../lib/view/divergence_table.ts";
import { FakeHost, fakeInfo } from "../eval/fake_host.ts";
import { tinySpec } from "../model/tiny_spec.ts";

const sums = (kl: number): DivergenceSums => ({
  tokens: 10,
  kl: 10 * kl,
  maxKl: 3 * kl,
  sameTop: 9,
  deltaP: -0.2,
  deltaPSquares: 0.4,
  nll: 30,
  baselineNll: 20,
});

/** Each text is a number: its KL. */
function fakeHost(onCall: (texts: string[]) => void = () => {}) {
  const calls: { baseline: BaselineModel; texts: string[] }[] = [];
  const host = Object.assign(new FakeHost(), {
    divergence(baseline: BaselineModel, texts: string[]) {
      calls.push({ baseline, texts });
      onCall(texts);
      return Promise.resolve({ baseline: { ...fakeInfo, name: "base" }, texts: texts.map((t) => sums(Number(t))) });
    },
  });
  return { host: host as unknown as FakeHost, calls, start: () => Promise.resolve(host as unknown as FakeHost) };
}

const near = (got: number, want: number) => assert.ok(Math.abs(got - want) < 1e-12, `${got}, not ${want}`);

Deno.test("sums of texts become means a token with intervals over texts", async () => {
  const { host, calls, start } = fakeHost(), kl = [0.1, 0.2, 0.4, 0.5];
  const found = await measureDivergence("a", "b", { texts: kl.map(String), start, threads: 2 });
  const want = meanInterval(kl);
  for (const key of ["point", "low", "high", "stderr"] as const) near(found.meanKl[key]!, want[key]!);
  near(found.maxKl, 1.5);
  near(found.sameTop.point, 0.9);
  near(found.deltaP.point, -0.02);
  near(found.rmsDeltaP.point, 0.2);
  near(found.logPerplexityRatio.point, 1);
  near(found.perplexity, Math.exp(3));
  near(found.baselinePerplexity, Math.exp(2));
  assert.deepEqual([found.tokens, found.candidate.name, found.baseline.name], [40, "fake", "base"]);
  assert.deepEqual(calls[0].baseline, { ref: "b", options: { threads: 2 } });
  assert.equal(host.closed, true);
  const text = String(divergenceTable({ "int4 <b>": found }));
  assert.match(text, /int4 <b> .*90/);
  assert.ok(!divergenceTable({ "int4 <b>": found }).bundle["text/html"]!.includes("<b>"), "names are escaped");
});

Deno.test("texts of one source are one unit of the interval, and few texts go into one call", async () => {
  const { calls, start } = fakeHost(), kl = Array.from({ length: 20 }, (_, i) => i / 10);
  const texts = kl.map((v, i) => ({ text: String(v), source: `video ${i >> 1}` }));
  const found = await measureDivergence("a", "b", { texts, start });
  near(found.meanKl.stderr!, clusteredMean(kl, texts.map((t) => t.source)).stderr);
  assert.equal(found.meanKl.n, 10);
  assert.ok(calls.length > 1 && calls.every((c) => c.texts.length <= 8));
});

Deno.test("after Stop the error holds the divergence over what was finished, and the host is closed", async () => {
  const { host, start } = fakeHost((texts) => texts.includes("9") && requestStop());
  const texts = Array.from({ length: 30 }, (_, i) => String(i));
  const error = await measureDivergence("a", "b", { texts, start }).catch((e) => e);
  assert.ok(error instanceof StopError);
  const partial = partialOf<Divergence>(error)!;
  assert.ok(partial.texts.length >= 8 && partial.texts.length < 30);
  assert.equal(host.closed, true);
});

Deno.test("what has no interval is refused before a model is opened", async () => {
  const start = () => Promise.reject(new Error("opened"));
  await assert.rejects(measureDivergence("a", "b", { limit: 1, start }), /limit must be an integer >= 2, got 1/);
  await assert.rejects(measureDivergence("a", "b", { texts: ["one"], start }), /at least 2 sources, got 1/);
});

Deno.test("two tiny models in a real host: the default texts are HellaSwag's, the model itself is at 0", async () => {
  const spec = tinySpec({ contextLength: 512 });
  const found = await measureDivergence({ ref: spec, seed: 1 }, { ref: spec, seed: 2 }, { limit: 3, threads: 1 });
  assert.match(found.data, /hellaswag validation, 3 of \d+ rows/);
  assert.ok(found.meanKl.point > 0 && found.meanKl.low! < found.meanKl.point);
  const same = await measureDivergence({ ref: spec, seed: 1 }, { ref: spec, seed: 1 }, { limit: 3, threads: 1 });
  assert.deepEqual([same.meanKl.point, same.sameTop.point, same.logPerplexityRatio.point], [0, 1, 0]);
});
