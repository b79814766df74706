/**
 * The measuring engine against known truths on the real model: `deno task bench:truth`. Twins of one model in the same
 * rounds (no difference to find), then a twin with an injected slow-down of 3 % (one to find), by the default stop rule.
 * At fp32, where the memory sets the pace: int4 differs by several percent from process to process here.
 * Arguments: repeats of the slow-down, twins, their rounds, minutes that a slow-down may take.
 */
import { startHost } from "../../lib/model/host.ts";
import type { StartHost } from "../../lib/model/protocol.ts";
import { measureRounds } from "../../lib/measure/rounds.ts";
import { pairedSpeeds } from "../../lib/measure/rounds_result.ts";
import { ratioOverBlocks } from "../../lib/stats/ratio.ts";
import { speedVerdict } from "../../lib/stats/verdict.ts";
import type { RoundsResult } from "../../lib/mod.ts";

const ref = { ref: "smollm2-135m", precision: "int4" as const };
const setting = { promptTokens: 5, newTokens: 48 };
const config = "p5_l48", metric = "decodeTokensPerS";

/** Candidate against baseline: the plain 95 % interval and the verdict. */
function judge(result: RoundsResult, candidate: string, comparisons: number) {
  const pairs = pairedSpeeds(result.rounds, config, metric, candidate, result.baseline);
  const wide = ratioOverBlocks(pairs, { comparisons }), narrow = ratioOverBlocks(pairs, { level: 0.9, comparisons });
  return { pairs: pairs.length, plain: ratioOverBlocks(pairs), verdict: speedVerdict({ wide, narrow }) };
}

async function twins(count: number, rounds: number, seed: number): Promise<void> {
  const names = Array.from({ length: count }, (_, i) => `twin ${i + 1}`);
  const models = Object.fromEntries(["baseline", ...names].map((name) => [name, ref]));
  const result = await measureRounds(models, [setting], { rounds, seed, threads: 2 });
  const all = [...names, result.twin].map((name) => judge(result, name, count + 1));
  const pairs = all.reduce((n, t) => n + t.pairs, 0);
  const claimed = all.filter((t) => t.plain.low > 1 || t.plain.high < 1).length;
  const verdicts = all.map((t) => t.verdict);
  const width = all.map((t) => (100 * (t.plain.high - t.plain.low) / 2).toFixed(2));
  console.log(
    `A/A, seed ${seed}: ${pairs} pairs of ${all.length} twins, ${claimed} plain 95 % intervals exclude 1, verdicts ` +
      `${verdicts.join(" ")}, half-widths ${width.join(" ")} %, ${(result.seconds / 60).toFixed(1)} minutes`,
  );
}

async function slowed(share: number, seed: number, minutes: number): Promise<boolean> {
  const slow = new URL("./slow_host.ts", import.meta.url).href;
  Deno.env.set("ARCHBENCH_SLOW_SHARE", String(share));
  const start: StartHost = (model, options) =>
    startHost(model, options, (model as { seed?: number }).seed === SLOW ? { preload: slow } : {});
  const SLOW = 1; // the seed of random weights means nothing to a model from a file: here it marks the slowed twin
  const models = { baseline: ref, slowed: { ...ref, seed: SLOW } };
  const result = await measureRounds(models, [setting], { seed, threads: 2, start, rounds: { minutes, max: 1000 } });
  const { plain, verdict, pairs } = judge(result, "slowed", 1);
  console.log(
    `slowed by ${100 * share} %, seed ${seed}: ${plain.point.toFixed(4)} [${plain.low.toFixed(4)}, ` +
      `${plain.high.toFixed(4)}], ${verdict}, ${pairs} rounds, ${result.settings[0].minutes.toFixed(1)} minutes, ` +
      `stopped by ${result.settings[0].stoppedBy}`,
  );
  return verdict === "slower";
}

const [repeats = 10, count = 5, rounds = 40, minutes = 3] = Deno.args.map(Number);
if (count > 0) await twins(count, rounds, 0);
let found = 0;
for (let seed = 0; seed < repeats; seed++) found += Number(await slowed(0.03, seed, minutes));
console.log(`slow-down of 3 % found in ${found} of ${repeats}`);
