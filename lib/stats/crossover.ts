/** The length at which one fitted time overtakes another, with its interval: bounded, open on a side, or none. */
import { object, optional } from "../check/objects.ts";
import { checkArgument, checkOptions } from "../check/options.ts";
import { flag } from "../check/rules.ts";
import { tQuantile } from "./distributions.ts";
import { LEVEL_OPTIONS, type LevelOptions, simultaneousLevel } from "./mean_interval.ts";
import { polynomialAt, signChanges } from "./polynomial.ts";
import { SCALING_FIT, type ScalingFit } from "./scaling_fit.ts";
import { mean } from "./summary.ts";

/** A stretch of lengths; `high` may be Infinity. */
export interface Stretch {
  low: number;
  high: number;
}

export interface Crossover {
  /** Lengths at which the two fits are equal, and whether the second is the faster one beyond. */
  crossings: { length: number; fasterBeyond: "first" | "second" }[];
  /** All lengths at which the data do not tell the two apart: a crossing lies in here with probability `level`. */
  unclear: Stretch[];
  /** All others, and which one is faster there. */
  told: (Stretch & { faster: "first" | "second" })[];
  /**
   * `crossing`: each is faster on one side of a bounded stretch. `several`: each is faster somewhere, in another way.
   * `open`: only one is faster wherever the data tell, so a crossing may lie elsewhere or not exist. `never`: one is faster
   * at every length. `indistinguishable`: the data tell them apart nowhere. The fits of identical models cross somewhere
   * nearly always; that each is faster somewhere is seen in less than 1 % of them (tests/stats/crossover_test.ts).
   */
  kind: "crossing" | "several" | "open" | "never" | "indistinguishable";
  /** The faster one at the shortest and at the longest lengths, where the data tell. */
  fasterAtStart: "first" | "second" | null;
  fasterAtEnd: "first" | "second" | null;
  /** Whether a crossing lies beyond the longest length that both fits were measured at: then it is extrapolated. */
  extrapolated: boolean;
  /** Longest length at which both were measured. */
  measuredUpTo: number;
  level: number;
  /** Whether the blocks were paired: both models in the same rounds. */
  paired: boolean;
}

export const CROSSOVER_OPTIONS = object<LevelOptions & { paired?: boolean }>({
  ...LEVEL_OPTIONS.fields,
  paired: optional(flag),
});

/**
 * Where two fits cross. The interval inverts a test (Fieller 1954): it holds every length at which a t interval of the
 * difference, over blocks, covers zero. So it covers the true crossing as often as `level` says, and where the data
 * cannot exclude "never" it has no end instead of a false one.
 *
 * @param options.paired Whether equal block numbers mean the same rounds, so that differences are taken block by block.
 * Default: whether both fits have the same blocks.
 * @throws {RangeError} If the fits are asked to be paired and have different blocks.
 * @example One with a high start, and one that grows
 * ```ts
 * import assert from "node:assert/strict";
 * import { crossover } from "./crossover.ts";
 * import { fitScaling } from "./scaling_fit.ts";
 *
 * const line = (a: number, b: number) =>
 *   fitScaling([0, 1, 2].flatMap((block) => [100, 400].map((length) => ({ block, length, value: a + b * length }))), 1);
 * const { kind, crossings } = crossover(line(1, 0.01), line(3, 0.002));
 * assert.equal(kind, "crossing");
 * assert.ok(Math.abs(crossings[0].length - 250) < 1e-6); // 1 + 0.01 x = 3 + 0.002 x
 * ```
 */
export function crossover(
  first: ScalingFit,
  second: ScalingFit,
  options: LevelOptions & { paired?: boolean } = {},
): Crossover {
  checkArgument("Cannot find a crossover", "first", first, SCALING_FIT);
  checkArgument("Cannot find a crossover", "second", second, SCALING_FIT);
  checkOptions("Cannot find a crossover", options, CROSSOVER_OPTIONS);
  const same = first.blocks.length === second.blocks.length && first.blocks.every((b) => second.blocks.includes(b));
  const { paired = same } = options;
  if (paired && !same) {
    throw new RangeError(
      `Cannot pair two fits: their blocks differ (${first.blocks.join(", ")} and ${second.blocks.join(", ")}); ` +
        `pass paired: false`,
    );
  }
  const { difference, halfWidth } = paired ? pairedDifference(first, second) : apart(first, second);
  const measuredUpTo = Math.min(...[first, second].map((fit) => Math.max(...fit.points.map((p) => p.length))));
  const t = (df: number) => tQuantile(0.5 + simultaneousLevel(options) / 2, df);
  // Zero or more where the interval of the difference covers zero.
  const unsure = (x: number) => halfWidth(x, t) - Math.abs(difference(x));
  const crossings = signChanges(difference, measuredUpTo).map((length) => ({
    length,
    fasterBeyond: fasterAt(difference, 1.000001 * length + 1e-9),
  }));
  const unclear = stretches(unsure, measuredUpTo, crossings.map((c) => c.length));
  const told = toldApart(unclear, difference);
  const far = 1000 * measuredUpTo;
  return {
    crossings,
    unclear,
    told,
    kind: kindOf(unclear, told),
    fasterAtStart: unsure(1) < 0 ? fasterAt(difference, 1) : null,
    fasterAtEnd: unsure(far) < 0 ? fasterAt(difference, far) : null,
    extrapolated: crossings.some((c) => c.length > measuredUpTo),
    measuredUpTo,
    level: options.level ?? 0.95,
    paired,
  };
}

interface Difference {
  /** First minus second, at a length. */
  difference(x: number): number;
  halfWidth(x: number, t: (df: number) => number): number;
}

function pairedDifference(first: ScalingFit, second: ScalingFit): Difference {
  const rows = first.blocks.map((block, i) => {
    const other = second.blockCoefficients[second.blocks.indexOf(block)];
    return sumOf(first.blockCoefficients[i], other.map((c) => -c));
  });
  const { at, variance } = spread(rows);
  return { difference: at, halfWidth: (x, t) => t(rows.length - 1) * Math.sqrt(variance(x)) };
}

/** Independent fits: Welch's degrees of freedom (1947) at every length. */
function apart(first: ScalingFit, second: ScalingFit): Difference {
  const [a, b] = [first, second].map((fit) => spread(fit.blockCoefficients));
  const [na, nb] = [first.blocks.length, second.blocks.length];
  return {
    difference: (x) => a.at(x) - b.at(x),
    halfWidth(x, t) {
      const [va, vb] = [a.variance(x), b.variance(x)];
      if (va + vb === 0) return 0;
      const df = (va + vb) ** 2 / (va ** 2 / (na - 1) + vb ** 2 / (nb - 1));
      return t(Math.round(df)) * Math.sqrt(va + vb);
    },
  };
}

/** The mean polynomial of the rows, and the variance of that mean at a length. */
function spread(rows: number[][]) {
  const centre = rows[0].map((_, p) => mean(rows.map((row) => row[p])));
  const n = rows.length;
  return {
    at: (x: number) => polynomialAt(centre, x),
    variance: (x: number) => {
      const middle = polynomialAt(centre, x);
      return rows.reduce((sum, row) => sum + (polynomialAt(row, x) - middle) ** 2, 0) / (n - 1) / n;
    },
  };
}

function stretches(unsure: (x: number) => number, scale: number, inside: number[]): Stretch[] {
  const edges = signChanges(unsure, scale, inside), found: Stretch[] = [];
  let low: number | null = unsure(0) >= 0 ? 0 : null;
  for (const edge of edges) {
    if (low === null) low = edge;
    else {
      found.push({ low, high: edge });
      low = null;
    }
  }
  if (low !== null) found.push({ low, high: Infinity });
  // Without any spread a crossing is a point, which rounding may step over.
  const missed = inside.filter((x) => !found.some((s) => s.low <= x && x <= s.high));
  return [...found, ...missed.map((x) => ({ low: x, high: x }))].sort((a, b) => a.low - b.low);
}

/** What lies between the unclear stretches; a point at which two exact fits meet parts them, too. */
function toldApart(unclear: readonly Stretch[], difference: (x: number) => number): Crossover["told"] {
  const starts = [0, ...unclear.map((s) => s.high)], ends = [...unclear.map((s) => s.low), Infinity];
  return starts.flatMap((low, i) => {
    const high = ends[i];
    const inside = high === Infinity ? 2 * low + 1 : (low + high) / 2;
    return low < high ? [{ low, high, faster: fasterAt(difference, inside) }] : [];
  });
}

function kindOf(unclear: readonly Stretch[], told: Crossover["told"]): Crossover["kind"] {
  if (!unclear.length) return "never";
  if (!told.length) return "indistinguishable";
  if (told.every((t) => t.faster === told[0].faster)) return "open";
  return unclear.length === 1 ? "crossing" : "several";
}

function fasterAt(difference: (x: number) => number, x: number): "first" | "second" {
  return difference(x) < 0 ? "first" : "second";
}

function sumOf(a: readonly number[], b: readonly number[]): number[] {
  return Array.from({ length: Math.max(a.length, b.length) }, (_, i) => (a[i] ?? 0) + (b[i] ?? 0));
}
