/** Graphs made elsewhere beside our own: one way of decoding for all, or no verdict. Fake hosts take the same time. */
import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compareArchitectures, type CompareOptions } from "../../lib/compare/compare_architectures.ts";
import { Comparison } from "../../lib/compare/comparison.ts";
import type { SummaryRow, TableRow } from "../../lib/compare/rows.ts";
import { exportModel } from "../../lib/model/export.ts";
import { planWays } from "../../lib/measure/decode_ways.ts";
import { resolveAll } from "../../lib/arch/resolve_any.ts";
import { summaryTable } from "../../lib/view/comparison_view.ts";
import { decide } from "../../lib/view/decision.ts";
import { verdictSentences } from "../../lib/view/verdict_sentences.ts";
import { fakeHosts } from "../measure/fake_host.ts";
import { tinySpec } from "../model/tiny_spec.ts";

const folder = await mkdtemp(join(tmpdir(), "ways-"));
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
const own = { ref: tinySpec(), seed: 3, tokenizer: "bytes" };
await exportModel({ ref: tinySpec(), seed: 3 }, folder);
const asIs = { ref: folder }, heads = { ref: folder, optimise: "heads" as const };
const looped = { ref: folder, optimise: "loop" as const };

async function compare(models: Parameters<typeof compareArchitectures>[0], options: CompareOptions = {}) {
  // A step takes twice as long as a turn of a loop would: what that says of architectures is nothing.
  const { start } = fakeHosts({ stepMs: ({ name }) => name === "tiny" ? 2 : 4 });
  return await compareArchitectures(models, {
    throughput: [{ promptTokens: 5, newTokens: 9 }, { batch: 2, seqLen: 8 }],
    rounds: 12,
    store: null,
    memoryHosts: 0,
    start,
    ...options,
  });
}
const summary = (c: Comparison) => c.summary.objects() as SummaryRow[];
const ways = (c: Comparison) => (c.table.objects() as TableRow[]).filter((r) => r.config === "p5_l9").map((r) => r.way);

Deno.test("all models decode in a loop if all can, else all step by step", async () => {
  const way = async (models: Parameters<typeof resolveAll>[0], asked?: "loop" | "step") =>
    planWays(await resolveAll(models), asked);
  assert.deepEqual(await way({ own }), { way: "loop", ownWays: {} });
  assert.deepEqual(await way({ own, looped }), { way: "loop", ownWays: {} });
  assert.deepEqual(await way({ own, asIs }), { way: "step", ownWays: {} });
  assert.deepEqual(await way({ heads, looped }), { way: "step", ownWays: {} });
  assert.deepEqual(await way({ own, looped }, "step"), { way: "step", ownWays: {} });
  assert.deepEqual(await way({ own, heads, asIs, looped }, "loop"), {
    way: "loop",
    ownWays: { heads: "step", asIs: "step" },
  });
});

Deno.test("a pair in one way has a verdict, and its way is in its row", async () => {
  const c = await compare({ own, asIs });
  assert.deepEqual([c.raw.way, c.raw.ownWays, ways(c)], ["step", {}, ["step", "step"]]);
  assert.deepEqual(summary(c).map((r) => `${r.config} ${r.verdict}`).filter((r) => r.startsWith("b2")), ["b2_s8 same"]);
  assert.ok(summary(c).every((r) => r.verdict !== "ways differ"));
});

Deno.test("a pair that was forced apart says that its ways differ, and no verdict", async () => {
  const c = await compare({ own, asIs }, { way: "loop" });
  assert.deepEqual([c.raw.way, c.raw.ownWays, ways(c)], ["loop", { asIs: "step" }, ["loop", "step"]]);
  const rows = summary(c).map((r) => [r.config, r.metric, r.verdict, r.note]);
  const note = "asIs decodes by step, own by loop";
  assert.deepEqual(rows, [
    ["p5_l9", "decode_tok_s", "ways differ", note],
    ["p5_l9", "prefill_tok_s", "same", null], // one run either way
    ["p5_l9", "throughput_tok_s", "ways differ", note],
    ["b2_s8", "throughput_tok_s", "same", null],
  ]);
  assert.match(verdictSentences(c).join("\n"), /asIs: no verdict on decode, ways differ .*asIs decodes by step/);
  assert.match(summaryTable(c).bundle["text/plain"], /ways differ/);
  assert.doesNotMatch(decide(c).sentence, /faster/);
  assert.deepEqual(summary(Comparison.fromJSON(JSON.parse(JSON.stringify(c)))), summary(c));
});
