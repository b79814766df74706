import assert from "node:assert/strict";
import { addToken, divergence, type DivergenceSums } from "../../lib/model/divergence.ts";
import { startHost } from "../../lib/model/host.ts";
import type { LanguageModel } from "../../lib/model/language_model.ts";
import { openModel } from "../../lib/model/open_model.ts";
import type { RunningModel } from "../../lib/model/running_model.ts";
import { tinySpec } from "./tiny_spec.ts";

const options = { threads: 1 };
const empty = (): DivergenceSums => ({
  tokens: 0,
  kl: 0,
  maxKl: 0,
  sameTop: 0,
  deltaP: 0,
  deltaPSquares: 0,
  nll: 0,
  baselineNll: 0,
});
const near = (got: number, want: number, tolerance: number, what = "") =>
  assert.ok(Math.abs(got - want) <= tolerance, `${what} ${got}, not ${want}`);

Deno.test("one token of a vocabulary of two, by hand", () => {
  // p = (1/2, 1/2), q = (1/4, 3/4): KL(p || q) = ln(2) / 2 + ln(2/3) / 2 = ln(4/3) / 2
  const q = Float32Array.from([9, 9, 0, Math.log(3)]), p = Float32Array.from([9, 9, 7, 7]), sums = empty();
  addToken(q, p, 2, 2, 1, sums);
  near(sums.kl, Math.log(4 / 3) / 2, 1e-7, "KL");
  assert.equal(sums.maxKl, sums.kl);
  near(sums.deltaP, 0.25, 1e-7, "change of p");
  near(sums.deltaPSquares, 0.0625, 1e-7, "its square");
  near(sums.nll, -Math.log(0.75), 1e-7, "-ln q");
  near(sums.baselineNll, Math.log(2), 1e-7, "-ln p");
  assert.deepEqual([sums.tokens, sums.sameTop], [1, 0]); // of equal ones the first counts
});

/** From all logits at once, in doubles, and KL by its definition. */
async function slowSums(q: LanguageModel, p: LanguageModel, ids: number[], prefix: number): Promise<DivergenceSums> {
  const sums = empty(), tokens = [prefix, ...ids.slice(0, -1)];
  const logs = async (model: LanguageModel) => {
    const { data, dims: [rows, vocab] } = await model.logits(tokens);
    return Array.from({ length: rows }, (_, r) => {
      const row = [...data.subarray(r * vocab, (r + 1) * vocab)];
      const norm = Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0));
      return row.map((x) => x - norm);
    });
  };
  const logQ = await logs(q), logP = await logs(p);
  ids.forEach((id, i) => {
    const kl = logP[i].reduce((sum, lp, t) => sum + Math.exp(lp) * (lp - logQ[i][t]), 0);
    const change = Math.exp(logQ[i][id]) - Math.exp(logP[i][id]);
    sums.tokens++;
    sums.kl += kl;
    sums.maxKl = Math.max(sums.maxKl, kl);
    sums.sameTop += Number(logQ[i].indexOf(Math.max(...logQ[i])) === logP[i].indexOf(Math.max(...logP[i])));
    sums.deltaP += change;
    sums.deltaPSquares += change ** 2;
    sums.nll -= logQ[i][id];
    sums.baselineNll -= logP[i][id];
  });
  return sums;
}

const text = (n: number) =>
  Array.from({ length: n }, (_, i) => String.fromCharCode(97 + (i * i + 3 * i) % 26)).join("");

Deno.test("sums over a text are those of all logits at once, in several runs and with a sliding window too", async () => {
  for (const window of [undefined, 20]) {
    const spec = tinySpec({ contextLength: 400 }, window);
    const candidate = await openModel({ ref: spec, seed: 1 }, options);
    const baseline = await openModel({ ref: spec, seed: 2 }, options);
    try {
      const [found, short] = await divergence(candidate.running, baseline.running, [text(300), "abc"]);
      const prefix = candidate.tokenizer.bosId ?? candidate.tokenizer.eosId!;
      const want = await slowSums(candidate, baseline, await candidate.tokenizer.encode(text(300)), prefix);
      assert.deepEqual([found.tokens, found.sameTop, short.tokens], [300, want.sameTop, 3]);
      assert.ok(want.kl > 1e-4, "the two models differ");
      for (const key of ["kl", "maxKl", "deltaP", "deltaPSquares", "nll", "baselineNll"] as const) {
        near(found[key], want[key], 1e-4 * Math.max(1e-3, Math.abs(want[key])), `${key}, window ${window}`);
      }
    } finally {
      await candidate.close();
      await baseline.close();
    }
  }
});

Deno.test("a model does not diverge from itself, and texts longer than the context are cut into windows", async () => {
  const model = await openModel({ ref: tinySpec() }, options);
  try {
    const [sums] = await divergence(model.running, model.running, [text(150)]); // a context of 64
    assert.deepEqual([sums.tokens, sums.kl, sums.sameTop, sums.deltaPSquares], [150, 0, 150, 0]);
    assert.equal(sums.nll, sums.baselineNll);
  } finally {
    await model.close();
  }
});

Deno.test("models with other tokens, and texts without any, are refused", async () => {
  const model = await openModel({ ref: tinySpec() }, options);
  const other = await openModel({ ref: tinySpec({ vocabSize: 300 }) }, options);
  try {
    await assert.rejects(
      divergence(other.running, model.running, ["a"]),
      /vocabularies have 300 and 258 tokens; bits per byte/,
    );
    await assert.rejects(divergence(model.running, model.running, ["a", ""]), /text 1: it has no tokens/);
    const encoding = (ids: number[]): RunningModel =>
      Object.assign(Object.create(model.running), {
        tokenizer: { ...model.tokenizer, encodeBatch: () => Promise.resolve([ids]) },
      });
    await assert.rejects(
      divergence(encoding([1, 2, 3]), encoding([1, 2, 9]), ["a"]),
      /text 0 has ids 3 and 9 at token 2, so their tokenizers differ/,
    );
  } finally {
    await model.close();
    await other.close();
  }
});

Deno.test("a host holds its model and a baseline, and gives what this process gives", async () => {
  const ref = { ref: tinySpec(), seed: 4 }, baseRef = { ref: tinySpec(), seed: 5 };
  const host = await startHost(ref, options);
  const model = await openModel(ref, options), base = await openModel(baseRef, options);
  try {
    const texts = [text(40), text(9)];
    const answer = await host.divergence({ ref: baseRef, options }, texts);
    assert.deepEqual(answer.baseline, base.info);
    assert.deepEqual(answer.texts, await divergence(model.running, base.running, texts));
    const itself = await host.divergence({ ref, options }, texts);
    assert.deepEqual(itself.texts.map((t) => t.kl), [0, 0]);
    await assert.rejects(host.divergence({ ref: "no-such-model" }, texts), Error);
    assert.deepEqual((await host.divergence({ ref: baseRef, options }, texts)).texts, answer.texts);
  } finally {
    await host.close();
    await model.close();
    await base.close();
  }
});
