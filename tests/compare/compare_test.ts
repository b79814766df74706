import assert from "node:assert/strict";
import { compareArchitectures, type CompareOptions } from "../../lib/compare/compare_architectures.ts";
import { Comparison } from "../../lib/compare/comparison.ts";
import { SUMMARY_COLUMNS, type SummaryRow, TABLE_COLUMNS, type TableRow } from "../../lib/compare/rows.ts";
import type { Row } from "../../lib/eval/types.ts";
import { partialOf, requestStop, StopError } from "../../lib/progress.ts";
import { HostError } from "../../lib/model/host.ts";
import { seededRandom } from "../../lib/stats/random.ts";
import { fakeHosts, tinySpec } from "../measure/fake_host.ts";

const models = { base: tinySpec("base"), quick: tinySpec("quick") };
const throughput = [{ batch: 1, seqLen: 64 }, { promptTokens: 5, newTokens: 32 }];
/** The right ending of every row is "right", so ln p of one word decides. */
const hellaswag: Row[] = Array.from({ length: 30 }, (_, i) => ({
  ind: i,
  activity_label: "Sitting",
  ctx_a: "A man is sitting.",
  ctx_b: "he",
  ctx: "A man is sitting. He",
  endings: ["one.", `right ${i}.`, "two.", "three."],
  source_id: `video ${i % 10}`,
  split: "val",
  split_type: "indomain",
  label: "1",
}));
const rows = (c: Comparison) => c.table.objects() as TableRow[];
const summary = (c: Comparison) => c.summary.objects() as SummaryRow[];

/** `quick` decodes twice as fast with 1 % noise and gets every third row wrong. */
function fake() {
  const random = seededRandom(1);
  return fakeHosts({
    stepMs: ({ name }) => (name === "quick" ? 1 : 2) * Math.exp(0.01 * random.normal()),
    prefillMs: () => 10 * Math.exp(0.001 * random.normal()),
    peakBytes: ({ name, host }) => (name === "quick" ? 220e6 : 300e6) + host,
    logLikelihood: (name, text) => {
      const row = Number(text.match(/right (\d+)/)?.[1] ?? NaN);
      return Number.isNaN(row) ? -20 : name === "quick" && row % 3 === 0 ? -100 : -1;
    },
  });
}
const compare = () => {
  const { start, log, open } = fake();
  return {
    log,
    open,
    done: compareArchitectures(models, { throughput, tasks: { hellaswag }, rounds: 20, seed: 1, start }),
  };
};

Deno.test("the table has a row a model and setting or task, with the columns of the design and nothing of the twin", async () => {
  const { done, open } = compare(), c = await done;
  assert.deepEqual(c.table.columnNames(), [...TABLE_COLUMNS]);
  assert.deepEqual(rows(c).map((r) => [r.architecture, r.type, r.config, r.n]), [
    ["base", "throughput", "b1_s64", 20],
    ["base", "throughput", "p5_l32", 20],
    ["quick", "throughput", "b1_s64", 20],
    ["quick", "throughput", "p5_l32", 20],
    ["base", "quality", "hellaswag", 30],
    ["quick", "quality", "hellaswag", 30],
  ]);
  const [batch, request] = rows(c);
  assert.ok(Math.abs(batch.throughput_tok_s! - 6400) < 20 && batch.throughput_low! < batch.throughput_tok_s!);
  assert.ok(Math.abs(request.latency_p50_ms! - 72) < 1); // 10 + 31 * 2
  assert.ok(Math.abs(batch.memory_gb! - 0.25) < 1e-6 && Math.abs(rows(c)[2].memory_gb! - 0.17) < 1e-6);
  assert.deepEqual([rows(c)[4].accuracy, rows(c)[5].accuracy, batch.accuracy, batch.pass_at_k], [
    1,
    20 / 30,
    null,
    null,
  ]);
  assert.equal(open.size, 0);
});

Deno.test("the summary has every speed-up and difference with interval and verdict", async () => {
  const c = await compare().done;
  assert.deepEqual(c.summary.columnNames(), [...SUMMARY_COLUMNS]);
  const of = (config: string, metric: string) => summary(c).find((r) => r.config === config && r.metric === metric)!;
  assert.equal(summary(c).length, 5);
  const decode = of("p5_l32", "decode_tok_s");
  assert.deepEqual([decode.architecture, decode.verdict, decode.n, decode.difference], ["quick", "faster", 20, null]);
  assert.ok(decode.low! > 1.9 && decode.high! < 2.1 && decode.low! < decode.speedup! && decode.speedup! < decode.high!);
  assert.ok(Math.abs(decode.value / decode.baseline_value - decode.speedup!) < 1e-9);
  assert.equal(of("b1_s64", "throughput_tok_s").verdict, "same");
  assert.equal(of("p5_l32", "prefill_tok_s").verdict, "same");
  assert.equal(of("p5_l32", "throughput_tok_s").verdict, "faster");
  const quality = of("hellaswag", "acc_norm");
  assert.deepEqual([quality.value, quality.baseline_value, quality.speedup, quality.n, quality.verdict], [
    20 / 30,
    1,
    null,
    30,
    "worse",
  ]);
  assert.ok(Math.abs(quality.difference! + 1 / 3) < 1e-12 && quality.high! < -0.02 && quality.low! > -0.7);
});

Deno.test("primary intervals hold together, the others over all metrics; the twin is told apart by nothing", async () => {
  const c = await compare().done;
  const family = (metric: string) => c.findings.find((f) => f.row.metric === metric)!;
  assert.deepEqual([family("decode_tok_s").primary, family("decode_tok_s").comparisons], [true, 3]);
  assert.deepEqual([family("prefill_tok_s").primary, family("prefill_tok_s").comparisons], [false, 5]);
  assert.equal(family("decode_tok_s").signFlipP, 2 / 64);
  const twins = c.twinFindings();
  assert.deepEqual(twins.map((t) => t.config), ["b1_s64", "p5_l32"]);
  for (const { ratio } of twins) {
    assert.ok(ratio.low! <= ratio.point && ratio.point <= ratio.high! && Math.abs(ratio.point - 1) < 0.01);
  }
  const gold = c.goldDifference("hellaswag", "quick")!; // -99 in a third of the rows
  assert.ok(Math.abs(gold.point + 33) < 1e-9 && gold.n === 10);
});

Deno.test("every estimate in raw holds its point, and a comparison read from JSON is the same", async () => {
  const c = await compare().done;
  let seen = 0;
  const walk = (v: unknown) => {
    if (!v || typeof v !== "object") return;
    if ("point" in v && "low" in v && "high" in v) {
      const { point, low, high } = v as { point: number; low: number; high: number };
      seen++;
      return assert.ok(low <= point && point <= high, JSON.stringify(v));
    }
    Object.values(v).forEach(walk);
  };
  walk(c.raw);
  assert.ok(seen >= 8);
  const again = Comparison.fromJSON(JSON.parse(JSON.stringify(c)));
  assert.deepEqual(again.table.objects(), c.table.objects());
  assert.deepEqual(again.summary.objects(), c.summary.objects());
  assert.deepEqual(again.raw, JSON.parse(JSON.stringify(c.raw)));
  assert.throws(() => Comparison.fromJSON({ version: 2 }), /expected version 1.*got version 2/);
});

Deno.test("one model alone, and tasks alone, are measured without a summary or a speed", async () => {
  const alone = await compareArchitectures({ base: models.base }, { throughput, rounds: 6, start: fake().start });
  assert.deepEqual([alone.summary.numRows(), alone.table.numRows()], [0, 2]);
  assert.deepEqual(alone.summary.columnNames(), [...SUMMARY_COLUMNS]);
  const tasks = await compareArchitectures(models, { tasks: { hellaswag }, start: fake().start });
  assert.deepEqual([tasks.summary.numRows(), tasks.raw.twin], [1, null]);
});

Deno.test("identical answers are no proof: 30 items that agree leave a difference of several points open", async () => {
  const c = await compareArchitectures({ base: models.base, same: tinySpec("same") }, {
    tasks: { hellaswag },
    start: fake().start,
  });
  const [row] = summary(c);
  assert.deepEqual([row.difference, row.verdict], [0, "unclear"]);
  assert.ok(row.low! < -0.05 && row.high! > 0.05);
});

Deno.test("a host that dies is written down, and the other models go on", async () => {
  const { start } = fakeHosts({
    before: ({ name, run }) => {
      if (name === "quick" && run > 6) throw new HostError("the model host ended by SIGKILL");
    },
  });
  const three = { ...models, third: tinySpec("third") };
  const c = await compareArchitectures(three, { throughput: [throughput[1]], tasks: { hellaswag }, rounds: 20, start });
  assert.match(c.raw.failures[0].reason, /SIGKILL/);
  assert.ok(rows(c).some((r) => r.architecture === "third" && r.type === "quality"));
});

Deno.test("Stop keeps the comparison so far", async () => {
  let scored = 0;
  const { start, open } = fakeHosts({
    before: ({ name }) => {
      if (name === "base" && open.size === 1 && ++scored === 7) requestStop(); // six runs for memory, then the task
    },
  });
  const error = await compareArchitectures(models, { throughput, tasks: { hellaswag }, rounds: 6, start }).catch((e) =>
    e
  );
  assert.ok(error instanceof StopError, String(error));
  assert.equal(partialOf<Comparison>(error)!.raw.rounds.length, 12);
  assert.equal(open.size, 0);
});

Deno.test("what can't be compared is named before any host is started", async () => {
  const { start, log } = fake();
  await assert.rejects(
    () => compareArchitectures(models, { throughput, baseline: "z", start }),
    /baseline "z".*base, quick/,
  );
  await assert.rejects(() => compareArchitectures(models, { start }), /throughput settings, tasks/);
  await assert.rejects(() => compareArchitectures({}, { throughput, start }), /at least one model/);
  await assert.rejects(() => compareArchitectures(models, { tasks: { mmmlu: {} }, start }), /mmmlu.*hellaswag/);
  await assert.rejects(() => compareArchitectures(models, { throughput, rounds: 0, start }), /rounds.*got 0/);
  await assert.rejects(
    () => compareArchitectures(models, { throughput: [{ batch: -1, seqLen: 4 }], start }),
    /batch.*-1/,
  );
  await assert.rejects(
    () => compareArchitectures(models, { throughput, band: { speed: NaN }, start }),
    /band.speed.*NaN/,
  );
  for (
    const [tasks, message] of [
      [{ hellaswag: [] }, /hellaswag.*no rows/],
      [{ hellaswag: [1, 2] as never }, /hellaswag.*must be a list of rows/],
      [{ hellaswag: [{ ctx: "A man" }] }, /hellaswag: none of 1 rows can be read/],
      [{ mmlu: { rows: [1] } }, /mmlu: rows must say the subject/],
      [{ hellaswag: { limit: 1, rows: [1] } }, /limit and rows are both given/],
      [{ hellaswag: { limit: 1, shots: 9999 } }, /shots must be/],
    ] as [NonNullable<CompareOptions["tasks"]>, RegExp][]
  ) {
    await assert.rejects(() => compareArchitectures(models, { throughput, tasks, start }), message);
  }
  assert.deepEqual(log, []);
});
