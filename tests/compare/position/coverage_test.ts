// How often bands and differences hold the truth, where it is known: losses drawn token by token from a known curve.
import assert from "node:assert/strict";
import { PositionCurve, type PositionRaw } from "../../../lib/compare/position/curve.ts";
import { seededRandom } from "../../../lib/stats/random.ts";

const EDGES = [0, 128, 256, 512, 1024], BINS = EDGES.length - 1;
/** Bits per byte of the baseline, and what the candidate adds to it, in each bin. */
const TRUTH = [1.2, 0.9, 0.8, 0.7], ADDED = [0, 0, 0.05, 0.2];
const RUNS = 600;

/** A curve of texts that differ in how hard they are, in how much the candidate loses, and in their bytes. */
function drawn(seed: number, texts: number): PositionCurve {
  const random = seededRandom(seed);
  const hardness = Array.from({ length: texts }, () => 0.25 * random.normal());
  const bytes = hardness.map(() => EDGES.slice(1).map((to, b) => (to - EDGES[b]) * (3 + random.next())));
  const loss = hardness.map(() => 0.5 * random.normal());
  const bits = (added: number[]) =>
    hardness.map((hard, t) =>
      TRUTH.map((truth, b) => {
        const tokens = EDGES[b + 1] - EDGES[b], noise = Math.sqrt(6 / tokens) * random.normal() / 3.5;
        return bytes[t][b] * (truth + hard + added[b] * (1 + loss[t]) + 0.3 * noise);
      })
    );
  const model = (added: number[]) => ({ ref: "none", trainedTokens: 1024, bits: bits(added), tokens: bytes });
  return new PositionCurve({
    version: 1,
    unit: "tokens",
    edges: EDGES,
    baseline: "a",
    level: 0.95,
    band: 0.02,
    texts: bytes.map((own, t) => ({ name: `${t}`, source: `${t}`, sha256: "", bytes: own })),
    skipped: [],
    data: "drawn",
    models: { a: model(TRUTH.map(() => 0)), b: model(ADDED) } as unknown as PositionRaw["models"],
  });
}

for (const texts of [8, 24]) {
  Deno.test(`${texts} texts: each band holds its truth in 95 % of draws, all differences together in at least 95 %`, () => {
    let inBand = 0, together = 0, wrong = 0;
    for (let seed = 0; seed < RUNS; seed++) {
      const { curves, differences } = drawn(seed, texts);
      const holds = ({ low, high }: { low: number | null; high: number | null }, truth: number) =>
        low !== null && high !== null && low <= truth && truth <= high;
      inBand += curves.a.filter(({ bitsPerByte }, b) => holds(bitsPerByte, TRUTH[b])).length;
      together += Number(differences.b.every(({ difference }, b) => holds(difference, ADDED[b])));
      wrong += Number(
        differences.b.some(({ verdict }, b) => ADDED[b] === 0 && (verdict === "worse" || verdict === "better")),
      );
    }
    const shares = [inBand / RUNS / BINS, together / RUNS, wrong / RUNS];
    console.log(
      `${texts} texts: band ${shares[0].toFixed(3)}, all differences ${shares[1].toFixed(3)}, false ${shares[2]}`,
    );
    // 3 standard errors of 600 draws; a draw's four bands share its texts
    assert.ok(Math.abs(shares[0] - 0.95) < 0.03, `bands: ${shares[0]}`);
    assert.ok(shares[1] > 0.95 - 0.027, `together: ${shares[1]}`);
    assert.ok(shares[2] < 0.05, `false verdicts: ${shares[2]}`);
  });
}
