/** Where the uncertainty of a task's mean pass@1 comes from: its problems, the seeds, or the samples. */
import type { EvalItem } from "../types.ts";
import type { VariancePart, VarianceParts } from "./facts.ts";
import { type NestedVariance, nestedVariance } from "./nested_variance.ts";

/**
 * Split the variance of the mean pass@1. Draws of two seeds are as independent as those of two samples, so the seeds'
 * part should be near 0; it is a check of that.
 *
 * @param items Of a generated task, all with the same seeds and samples.
 * @throws {RangeError} With fewer than two problems, or where the items' seeds or samples differ.
 */
export function varianceParts(items: EvalItem[], { temperature }: { temperature: number }): VarianceParts {
  const seedsOf = (item: EvalItem) => [...Map.groupBy(item.samples ?? [], (s) => s.seed)];
  const passed = items.map((item) =>
    seedsOf(item).map(([, samples]) => samples.map((s) => Number(s.verdict === "passed")))
  );
  const split = nestedVariance(passed);
  const P = items.length, S = passed[0].length, M = passed[0][0].length;
  const { mean, stderr, between } = split;
  const within = S > 1 || M > 1 ? (split.seeds ?? 0) / S + (split.samples ?? 0) / (S * M) : null;
  const runStd = within === null ? null : Math.sqrt(within * S / P);
  const moreSeeds = within === null ? null : Math.sqrt(between / P);
  const moreSamples = M === 1 ? null : Math.sqrt((between + (split.seeds ?? 0) / S) / P);
  return {
    ...{ problems: P, seeds: S, samples: M, mean, stderr },
    parts: partsOf(split, P, S, M),
    runs: seedsOf(items[0]).map(([seed], s) => ({
      seed,
      score: passed.reduce((sum, seeds) => sum + seeds[s].reduce((a, b) => a + b, 0) / M, 0) / P,
    })),
    runStd,
    stderrAtBest: { samples: moreSamples, seeds: moreSeeds },
    notes: [...designNotes(S, M, temperature), ...stderrNotes(stderr, moreSeeds)],
  };
}

function partsOf({ between, seeds, samples, stderr }: NestedVariance, P: number, S: number, M: number) {
  const total = stderr ** 2 * P;
  const part = (component: number | null, of: number): VariancePart | null =>
    component === null || total === 0 ? null : { component, share: component / of / total };
  if (S === 1 && M === 1) return { items: null, seeds: null, samples: null };
  // with one sample a seed, both lie in one mean square
  if (M === 1) return { items: part(between, 1), seeds: null, samples: part(seeds, S) };
  return { items: part(between, 1), seeds: part(seeds, S), samples: part(samples, S * M) };
}

function designNotes(S: number, M: number, temperature: number): string[] {
  if (S === 1 && M === 1) {
    return [
      temperature === 0
        ? "one greedy run: no variance over runs can be seen"
        : "one sample of each problem: no variance over runs can be seen",
    ];
  }
  if (S === 1) {
    return ["one seed: what seeds add cannot be told from samples; give several seeds to see it"];
  }
  if (M === 1) return ["one sample a seed: seeds and samples cannot be told apart, and stand under samples"];
  return [];
}

function stderrNotes(stderr: number, least: number | null): string[] {
  if (stderr === 0) return ["every problem has the same share of passes: nothing varies that could be split"];
  if (least === null) return [];
  const points = (x: number) => (100 * x).toFixed(2);
  const items = Math.round(100 * (least / stderr) ** 2);
  return [
    `standard error ${
      points(stderr)
    } points; ${items} % of its variance is between problems, so more samples or seeds ` +
    `would at best narrow it to ${points(least)}, and only more problems go below that`,
  ];
}
