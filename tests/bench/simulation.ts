/**
 * Every method of measuring where the truth is known, in a few minutes: `deno task simulate`. Prints how often each is
 * wrong for the seeds 1, 2 and 3, and ends with an error where the product's own method misses its targets.
 * `deno task simulate 1000` takes so many sessions a row instead of 10,000.
 */
import {
  SIMULATED_NOISES,
  type SimulationOptions,
  type SimulationRow,
  simulationTable,
} from "../../lib/measure/simulation.ts";
import type { SimulatedNoise } from "../../lib/measure/simulated_session.ts";
import type { Estimate } from "../../lib/stats/estimate.ts";
import { permutationTest } from "../../lib/stats/permutation.ts";
import { wilsonInterval } from "../../lib/stats/proportion.ts";
import { seededRandom } from "../../lib/stats/random.ts";

const trials = Number(Deno.args[0] ?? 10_000), seeds = [1, 2, 3];
const missed: string[] = [];

/** Rows of one scenario, a seed each. */
async function scenarios(options: SimulationOptions): Promise<SimulationRow[][]> {
  const rows = await simulationTable({ trials, seeds, ...options });
  return Array.from({ length: rows.length / seeds.length }, (_, i) => rows.slice(3 * i, 3 * i + 3));
}
const percent = (share: number, digits = 1) => (100 * share).toFixed(digits);
/** The value of each seed. */
const each = (rows: SimulationRow[], key: "excludesNone" | "coverage" | "claimed" | "same" | "signFlip", digits = 1) =>
  rows.map((row) => row[key] ? percent(row[key].point, digits) : "-").join(" / ");
function pooled(estimates: Estimate[]): Estimate {
  const n = estimates.reduce((sum, e) => sum + e.n, 0);
  return wilsonInterval(Math.round(estimates.reduce((sum, e) => sum + e.point * e.n, 0)), n);
}
function print(title: string, header: string[], rows: string[][]): void {
  const widths = header.map((h, i) => Math.max(h.length, ...rows.map((r) => r[i].length)));
  const line = (cells: string[]) => cells.map((c, i) => c.padEnd(widths[i])).join("   ").trimEnd();
  console.log(`\n${title}\n${line(header)}\n${rows.map(line).join("\n")}`);
}
/**
 * Pooled over the seeds a share must lie in its range; a single seed may be off by its counting error (3 SE), and so may
 * all of them where fewer sessions were asked for than the targets are for.
 */
function target(
  what: string,
  rows: SimulationRow[],
  key: "excludesNone" | "coverage" | "claimed",
  range: [number, number],
) {
  const slack = 3 * Math.sqrt(0.05 * 0.95 / trials);
  const shares = rows.map((row) => row[key].point), all = pooled(rows.map((row) => row[key])).point;
  const inside = (x: number, by: number) => x >= range[0] - by && x <= range[1] + by;
  const pooledSlack = trials < 10_000 ? slack / Math.sqrt(seeds.length) : 0;
  if (inside(all, pooledSlack) && shares.every((x) => inside(x, slack))) return;
  missed.push(
    `${what}, ${rows[0].noise}, process ${rows[0].process}, effect ${rows[0].effect}: ${each(rows, key, 2)} %`,
  );
}
const label = ([row]: SimulationRow[]) => [row.noise, row.process ? `${percent(row.process)} %` : "none"];

async function identical(max: number, kills = 0): Promise<void> {
  const all = await scenarios({ schemes: ["rounds"], rounds: { max }, kills });
  for (const rows of all) {
    target("false alarms", rows, "excludesNone", [0.04, 0.06]);
    target("false verdicts", rows, "claimed", [0, 0.01]);
  }
  print(
    `Identical models, up to ${max} rounds, ${trials} sessions for each of the seeds 1 / 2 / 3` +
      (kills ? `, killed and gone on with in ${percent(kills, 0)} % of the blocks` : ""),
    ["noise", "process", "95 % interval excludes 1 (%)", "faster or slower (%)", "same (%)", "sign-flip p <= 0.05 (%)"]
      .concat("narrow enough (%)", "rounds: median, 90 %"),
    all.map((rows) => [
      ...label(rows),
      each(rows, "excludesNone", 2),
      each(rows, "claimed", 2),
      each(rows, "same"),
      each(rows, "signFlip"),
      percent(pooled(rows.map((r) => r.stoppedByWidth)).point),
      `${rows[0].medianRounds}, ${rows[0].p90Rounds}`,
    ]),
  );
}

async function trueEffects(): Promise<void> {
  const effects = [0.005, 0.01, 0.02, 0.03, 0.05, 0.2];
  const all = await scenarios({ schemes: ["rounds"], effects, trials: Math.min(trials, 5000) });
  for (const rows of all) { // a large difference needs no narrow interval, so few sessions are stopped by a lucky spread
    target("coverage", rows, "coverage", [0.94, rows[0].effect > 0.1 ? 0.965 : 0.96]);
  }
  const table = (cell: (rows: SimulationRow[]) => string) =>
    [0, 0.01].flatMap((process) =>
      SIMULATED_NOISES.map(({ name }) => {
        const own = all.filter(([r]) => r.noise === name && r.process === process);
        return [...label(own[0]), ...own.map(cell)];
      })
    );
  const header = ["noise", "process", ...effects.map((e) => `${percent(e)} %`)];
  const each3 = `up to 120 rounds, ${Math.min(trials, 5000)} sessions for each of three seeds`;
  print(
    `Coverage of the 95 % interval (%) for a true speed-up of so much, ${each3}`,
    header,
    table((r) => each(r, "coverage")),
  );
  const power = (key: "claimed" | "same" | "excludesNone") =>
    table((rows) => percent(pooled(rows.map((row) => row[key])).point));
  print(
    "Power: verdict faster (%); 0.5 and 1 % lie within the band, so it would be wrong there",
    header,
    power("claimed"),
  );
  print("Power of the plain test: the 95 % interval excludes 1 (%)", header, power("excludesNone"));
  print("Verdict same (%)", header, power("same"));
}

/** What a process that is killed and gone on with costs: the same sessions with and without. */
async function killed(share: number): Promise<void> {
  const effects = [0.03, 0.2],
    options = { schemes: ["rounds" as const], effects, trials: Math.min(trials, 5000), signFlips: 0 };
  const [calm, all] = [await scenarios(options), await scenarios({ ...options, kills: share })];
  for (const rows of all) target("coverage with kills", rows, "coverage", [0.94, rows[0].effect > 0.1 ? 0.965 : 0.96]);
  const rounds = ([row]: SimulationRow[]) => `${row.medianRounds}, ${row.p90Rounds}`;
  print(
    `Coverage of the 95 % interval (%), without and with kills in ${percent(share, 0)} % of the blocks`,
    ["noise", "process", "speed-up", "without", "with kills", "rounds: median, 90 %", "with kills"],
    all.map((rows, i) => [
      ...label(rows),
      `${percent(rows[0].effect)} %`,
      each(calm[i], "coverage"),
      each(rows, "coverage"),
      rounds(calm[i]),
      rounds(rows),
    ]),
  );
}

async function contrast(): Promise<void> {
  const all = await scenarios({ schemes: ["one process", "sequential"], trials: Math.min(trials, 5000) });
  print(
    "For contrast, identical models: 24 rounds in one process a model, and 40 + 40 sequential runs with a t test",
    ["scheme", "noise", "process", "95 % interval excludes 1 (%)", "faster or slower (%)", "same (%)"],
    all.map((rows) => [
      rows[0].scheme,
      ...label(rows),
      each(rows, "excludesNone"),
      each(rows, "claimed"),
      each(rows, "same"),
    ]),
  );
}

/** The stop rule is hardest where it stops after 10 to 30 blocks; families make it harder. */
async function everyLoudness(): Promise<void> {
  const runs = [0.004, 0.006, 0.008, 0.01, 0.012, 0.014, 0.02, 0.03];
  const noises = runs.map((run): SimulatedNoise => ({ name: `${run}`, run, correlation: 0, drift: 0, process: 0 }));
  const lines: string[][] = [];
  for (const [comparisons, max] of [[1, 120], [1, 480], [4, 480], [20, 480]]) {
    const options = {
      noises,
      comparisons,
      rounds: { max },
      processes: [0],
      schemes: ["rounds" as const],
      signFlips: 0,
    };
    const all = await scenarios(options);
    lines.push([
      String(comparisons),
      String(max),
      ...all.map((rows) => {
        const misses = comparisons * (1 - pooled(rows.map((r) => r.coverage)).point);
        if (misses > 0.06 + 3 * Math.sqrt(0.05 * comparisons / (seeds.length * trials))) {
          missed.push(`a family of ${comparisons} misses ${percent(misses)} %, noise ${rows[0].noise}`);
        }
        return `${percent(misses)} (${rows[0].medianRounds})`;
      }),
    ]);
  }
  print(
    "Misses (%) of a family of intervals, nominal 5 %, and median rounds, by the noise of a run",
    ["intervals", "rounds up to", ...runs.map((run) => `${percent(run)} %`)],
    lines,
  );
}

/** Two equal groups of unequal size: a test of 5 % rejects 5 %. */
function permutations(): void {
  const rate = (n: [number, number], sessions: number, seed: number, p: (a: number[], b: number[]) => number) => {
    const random = seededRandom(seed);
    let hits = 0;
    for (let i = 0; i < sessions; i++) {
      if (p(Array.from({ length: n[0] }, random.normal), Array.from({ length: n[1] }, random.normal)) <= 0.05) hits++;
    }
    return hits / sessions;
  };
  const sessions = Math.min(trials, 5000), sizes: [number, number][] = [[5, 20], [3, 30], [10, 40], [20, 20]];
  print(
    `Unpaired permutation test of equal groups, p <= 0.05 (%), 199 rearrangements, ${sessions} trials for each seed`,
    ["group sizes", "rejected"],
    sizes.map((n) => {
      const own = seeds.map((seed) => {
        let count = 0;
        return rate(n, sessions, seed, (a, b) => permutationTest(a, b, { resamples: 199, seed: count++ }).p);
      });
      if (own.some((x) => Math.abs(x - 0.05) > 0.01 + 3 * Math.sqrt(0.05 * 0.95 / sessions))) {
        missed.push(`permutation test of ${n}: ${own}`);
      }
      return [n.join(" and "), own.map((x) => percent(x)).join(" / ")];
    }),
  );
}

const start = performance.now();
await identical(120);
await identical(480);
await identical(120, 0.2);
await killed(0.2);
await trueEffects();
await contrast();
await everyLoudness();
permutations();
console.log(`\n${((performance.now() - start) / 60_000).toFixed(1)} minutes`);
if (missed.length) {
  console.error(`\nTargets missed:\n${missed.join("\n")}`);
  Deno.exit(1);
}
console.log("All targets met: 4-6 % false alarms, 94-96 % coverage, under 1 % false verdicts");
