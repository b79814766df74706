/** Models of different tokenizers: speed in bytes of the same text a second, with known answers from a fake host. */
import assert from "node:assert/strict";
import { compareArchitectures, type CompareOptions } from "../../lib/compare/compare_architectures.ts";
import { Comparison } from "../../lib/compare/comparison.ts";
import { measureDivergence } from "../../lib/compare/divergence.ts";
import type { SummaryRow, TableRow } from "../../lib/compare/rows.ts";
import { candidateRatios } from "../../lib/measure/candidate_ratios.ts";
import { measureScaling, scalingOf } from "../../lib/measure/scaling.ts";
import { measureRounds } from "../../lib/measure/rounds.ts";
import { seededRandom } from "../../lib/stats/random.ts";
import { fakeHosts } from "../measure/fake_host.ts";
import { pairTokenizer, twoTokenizers } from "../measure/pair_tokenizer.ts";
import { withStore } from "../store/with_store.ts";

const folder = await pairTokenizer();
const { bytes, pairs, bare } = twoTokenizers(folder);
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

/** "ab" alone: a token of `pairs` is exactly two bytes. */
const EVEN = ["abab", "abababab", "ab"];
/** Of 4, 6 and 8 bytes `pairs` makes 2, 4 and 6 tokens. */
const MIXED = ["abab", "ababcc", "ababcccc"];
const throughput = [{ promptTokens: 5, newTokens: 9 }, { batch: 2, seqLen: 16 }];
const near = (got: number, want: number, within = 1e-9) =>
  assert.ok(Math.abs(got / want - 1) <= within, `${got}, not ${want}`);

/** Both take 2 ms a token and 10 ms a prompt, with the noise that is asked for. */
function compare(options: CompareOptions = {}, models = { bytes, pairs }, noise = 0) {
  const random = seededRandom(7);
  const fake = fakeHosts({ stepMs: () => 2 * Math.exp(noise * random.normal()) });
  const done = compareArchitectures(models, {
    throughput,
    texts: EVEN,
    rounds: 12,
    seed: 1,
    store: null,
    memoryHosts: 0,
    start: fake.start,
    ...options,
  });
  return { ...fake, done };
}
const summary = (c: Comparison) => c.summary.objects() as SummaryRow[];
const row = (c: Comparison, config: string, metric: string, name = "pairs") =>
  summary(c).find((r) => r.config === config && r.metric === metric && r.architecture === name)!;

Deno.test("equal tokens a second of twice the text are twice the speed, and tokens have no verdict", async () => {
  const c = await compare().done;
  const decode = row(c, "p5_l9", "decode_bytes_s");
  near(decode.baseline_value, 500); // 2 ms a token of one byte
  near(decode.value, 1000);
  near(decode.speedup!, 2);
  assert.equal(decode.verdict, "faster");
  assert.equal(decode.note, null);
  near(row(c, "p5_l9", "prefill_bytes_s").value, 2 * 5 / 0.01);
  near(row(c, "p5_l9", "throughput_bytes_s").value, 2 * 9 / 0.026); // 10 ms and 8 steps
  near(row(c, "b2_s16", "throughput_bytes_s").speedup!, 2);
  const tokens = row(c, "p5_l9", "decode_tok_s");
  near(tokens.speedup!, 1);
  assert.equal(tokens.verdict, "not comparable");
  assert.equal(tokens.note, "tokens of different tokenizers; bytes of the same text compare");
  assert.deepEqual(c.findings.filter((f) => f.primary).map((f) => `${f.row.config} ${f.row.metric}`), [
    "p5_l9 decode_bytes_s",
    "b2_s16 throughput_bytes_s",
  ]);
});

Deno.test("the table and raw data have the bytes and tokens of each model", async () => {
  const c = await compare({ texts: MIXED }).done;
  const [first, , second] = c.table.objects() as TableRow[];
  assert.deepEqual([first.architecture, first.bytes_per_token], ["bytes", 1]);
  near(second.bytes_per_token!, 18 / 12);
  near(second.throughput_bytes_s!, 1.5 * second.throughput_tok_s!);
  assert.ok(second.throughput_bytes_low! < second.throughput_bytes_s!);
  assert.deepEqual(c.raw.text!.bytes, [4, 6, 8]);
  assert.deepEqual(c.raw.text!.models.pairs!.tokens, [2, 4, 6]);
  assert.equal(c.raw.text!.data, "3 texts that were passed");
  assert.equal(c.raw.betweenTokenizers, true);
  const again = Comparison.fromJSON(JSON.parse(JSON.stringify(c)));
  assert.deepEqual(again.summary.objects(), c.summary.objects());
});

Deno.test("the interval has the error of the texts beside that of the rounds", async () => {
  const c = await compare({ texts: MIXED, throughput: [throughput[0]] }).done;
  const { low, high, speedup } = row(c, "p5_l9", "decode_bytes_s");
  near(speedup!, 1.5);
  // residuals 3 (bytes / 18 - tokens / 12): 1/6, 0, -1/6; stderr^2 = 3/2 * 2/36 / 9 = 1/108; t(0.975, 2) = 4.30265
  near(Math.log(high! / 1.5), 4.30265 / Math.sqrt(108), 1e-5);
  near(Math.log(1.5 / low!), 4.30265 / Math.sqrt(108), 1e-5);
  const found = c.findings.find((f) => f.primary)!;
  assert.equal(found.row.verdict, "unclear");
  assert.equal(found.roundsNeeded, null); // no number of rounds makes three texts more
});

Deno.test("a setting in bytes runs each model's own tokens of one text, and its bytes a second are exact", async () => {
  const text = "abababcc".repeat(8); // 8 bytes are 5 tokens of pairs
  const setting = { promptBytes: 16, newBytes: 24, text };
  const { done, log } = compare({ throughput: [setting], texts: MIXED, memoryHosts: 1 });
  const c = await done, [{ config, tokens }] = c.raw.settings;
  assert.match(config, /^p16B_l24B_[0-9a-f]{8}$/);
  assert.deepEqual(tokens!.models, {
    bytes: { promptTokens: 16, newTokens: 24 },
    pairs: { promptTokens: 10, newTokens: 15 },
  });
  assert.ok(log.includes("bytes p16_l24") && log.includes("pairs p10_l15") && !log.includes("pairs p16_l24"));
  const decode = row(c, config, "decode_bytes_s");
  near(decode.speedup!, 24 / 15);
  near(decode.low!, 24 / 15);
  near(decode.high!, 24 / 15);
  near(row(c, config, "prefill_bytes_s").speedup!, 1); // 10 ms each
  near(row(c, config, "throughput_bytes_s").value, 24 / (0.01 + 14 * 0.002));
  assert.equal(c.raw.models.pairs.memory[config].config, config);
});

Deno.test("with one tokenizer a setting in bytes is told in bytes, and other settings in tokens as before", async () => {
  const models = { bytes, pairs: bytes };
  const c = await compare(
    { throughput: [...throughput, { promptBytes: 4, newBytes: 8, text: "ab".repeat(8) }] },
    models,
  )
    .done;
  assert.equal(c.raw.text, null);
  const metrics = summary(c).filter((r) => r.config === "p5_l9").map((r) => r.metric);
  assert.deepEqual(metrics, ["decode_tok_s", "prefill_tok_s", "throughput_tok_s"]);
  const config = c.raw.settings[2].config, tokens = row(c, config, "decode_tok_s");
  assert.deepEqual([tokens.note, tokens.verdict], [null, row(c, config, "decode_bytes_s").verdict]); // one tokenizer's tokens
  assert.ok(c.findings.find((f) => f.row.config === config && f.row.metric === "decode_bytes_s")!.primary);
});

Deno.test("a model without a tokenizer is compared in tokens, with a word", async () => {
  const c = await compare({}, { bytes, pairs, bare } as never).done;
  const rows = summary(c).filter((r) => r.architecture === "bare" && r.config === "p5_l9");
  assert.deepEqual(rows.map((r) => r.metric), ["decode_tok_s", "prefill_tok_s", "throughput_tok_s"]);
  assert.equal(rows[0].note, "bare has no tokenizer: tokens are compared, whatever text they stand for");
  assert.notEqual(rows[0].verdict, "not comparable");
  assert.ok(
    c.findings.find((f) => f.row === rows[0] || f.row.metric === "decode_tok_s" && f.row.architecture === "bare")!
      .primary,
  );
});

Deno.test("noise of rounds and texts together covers the truth", async () => {
  let hits = 0;
  for (let seed = 0; seed < 20; seed++) {
    const random = seededRandom(seed);
    const texts = Array.from({ length: 30 }, () => random.next() < 0.5 ? "abab" : "ababcc"); // 8 bytes : 4 or 6 tokens
    const c = await compare({ texts, seed, throughput: [throughput[0]] }, undefined, 0.02).done;
    const { low, high } = row(c, "p5_l9", "decode_bytes_s"), truth = 10 / 6; // 5 bytes a text are 3 tokens
    hits += Number(low! <= truth && truth <= high!);
  }
  assert.ok(hits >= 17, `${hits} of 20`);
});

Deno.test("the stop rule looks at the ratio in bytes", async () => {
  const { raw } = await compare().done, setting = raw.settings[0];
  const [units] = candidateRatios(raw, setting.setting, setting.config, ["pairs"]);
  units.forEach((unit) => near(unit, Math.log(2)));
});

Deno.test("a comparison that an earlier version saved is read as it was: in tokens", async () => {
  const { text: _text, betweenTokenizers: _between, ...old } = (await compare().done).raw;
  const c = Comparison.fromJSON(JSON.parse(JSON.stringify(old)));
  assert.deepEqual(summary(c).filter((r) => r.config === "p5_l9").map((r) => [r.metric, r.verdict]), [
    ["decode_tok_s", "same"],
    ["prefill_tok_s", "same"],
    ["throughput_tok_s", "same"],
  ]);
  assert.deepEqual([...new Set(c.table.array("bytes_per_token") as unknown[])], [null]);
});

Deno.test("two models without a common measure are refused before anything is started", async () => {
  const { done, log } = compare({ throughput: [{ promptBytes: 4, newBytes: 8, text: "ab".repeat(8) }] }, {
    bytes,
    bare,
  } as never);
  await assert.rejects(done, /^TypeError: Cannot measure p4B_l8B_.*: "bare" has no tokenizer/);
  assert.deepEqual(log, []);
  const broken = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${broken}/tokenizer.json`, '{"model":{"type":"Odd"}}');
    const odd = { ref: bare, tokenizer: broken };
    const other = compare({}, { bytes, odd } as never);
    await assert.rejects(other.done, /Cannot compare the speed of "odd" with that of models with another tokenizer/);
    assert.deepEqual(other.log, []);
  } finally {
    await Deno.remove(broken, { recursive: true });
  }
});

Deno.test("divergence between tokenizers is refused before anything is started, naming what compares", async () => {
  const fake = fakeHosts(), options = { texts: ["abcab", "ab"], start: fake.start };
  await assert.rejects(
    measureDivergence(pairs, bytes, options),
    /^TypeError: Cannot compare pairs with bytes token by token: text 0 has ids 5 and 97 at token 0, so their tokenizers differ; bits per byte/,
  );
  const larger = { ...bare, name: "larger", vocabSize: 300 };
  await assert.rejects(measureDivergence(bare, larger, options), /vocabularies have 256 and 300 tokens; bits per byte/);
  assert.deepEqual(fake.log, []);
});

Deno.test("rounds that were kept for other texts are not gone on with, those of the same are", async () => {
  await withStore(async (store) => {
    const stopped = async () => {
      let runs = 0;
      const { start } = fakeHosts({
        before: ({ name }) => {
          if (name === "bytes" && ++runs >= 60) throw new Error("out of memory"); // the baseline's end is the run's
        },
      });
      await assert.rejects(compare({ store, start }).done, /out of memory/);
    };
    await stopped();
    assert.equal((await compare({ store, texts: MIXED }).done).raw.resumed, null);
    await stopped();
    assert.ok((await compare({ store }).done).raw.resumed!.rounds > 0);
  });
});

Deno.test("a scaling between tokenizers is over bytes of one text", async () => {
  const text = "abababcc".repeat(200), texts = [text, text];
  const start = fakeHosts({ prefillMs: () => 10 }).start;
  const scaling = await measureScaling({ bytes, pairs }, {
    lengths: [16, 32, 64],
    newTokens: 16,
    blocks: 2,
    start,
    texts,
  });
  assert.equal(scaling.unit, "bytes");
  assert.deepEqual(scaling.models.pairs.ttftMs.points.map((p) => p.length), [16, 32, 64]);
  assert.deepEqual(scaling.models.bytes.tpotMs.points.map((p) => p.length), [24, 40, 72]);
  near(scaling.models.bytes.tpotMs.points[0].value, 2); // 2 ms a token of one byte
  near(scaling.models.pairs.tpotMs.points[0].value, 2 * 5 / 8); // 8 bytes are 5 tokens
  const rounds = await measureRounds(
    { bytes, pairs },
    [16, 32, 64].map((promptTokens) => ({ promptTokens, newTokens: 4 })),
    {
      rounds: 2,
      start: fakeHosts().start,
      texts: EVEN,
    },
  );
  assert.throws(() => scalingOf(rounds), /lengths in tokens of different tokenizers do not compare; .*promptBytes/);
});
