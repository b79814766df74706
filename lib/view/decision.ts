/** Which model to choose within stated limits, and on what ground. */
import { inBytes } from "../measure/text_speed.ts";
import { checkChoice } from "./choice_fields.ts";
import { type ComparisonData, primaryMetric } from "./comparison_data.ts";
import {
  type Candidate,
  candidates,
  type Criteria,
  type Criterion,
  defaultCriteria,
  type OpenRelation,
  type Relation,
  relations,
  whyNothing,
} from "./decision_criteria.ts";
import {
  comparedWords,
  type Decision,
  type DecisionFacts,
  decisionWords,
  type Limits,
  limitsText,
} from "./decision_sentence.ts";
import { formatNumber } from "./format.ts";

export {
  type Candidate,
  candidates,
  type Criteria,
  type Decision,
  defaultCriteria,
  type Limits,
  limitsText,
  type Relation,
};

type Relate = (a: string, b: string) => OpenRelation;
/** Why nothing can be said of some models in a criterion that was measured. */
type Why = (criterion: Criterion, names: string[]) => string | undefined;

/**
 * Within the limits, the best quality; where quality is not known or cannot be told apart, the fastest; where that
 * cannot either, the smallest in memory, then the one named first. Then what is to be said of every other model.
 */
export function decide(
  comparison: ComparisonData,
  limits: Limits = {},
  criteria: Criteria = defaultCriteria(comparison),
): Decision {
  checkChoice(comparison, limits, criteria);
  const higherIsBetter = criteria.task === null || (primaryMetric(comparison, criteria.task)?.higherIsBetter ?? true);
  const why: Why = (criterion, names) => whyNothing(comparison, criteria, criterion, names);
  const relation = relations(comparison, criteria);
  const bytes = criteria.config !== null && inBytes(comparison.raw, criteria.config);
  return decideAmong(candidates(comparison, criteria), relation, limits, higherIsBetter, why, bytes);
}

const ORDER: Criterion[] = ["quality", "speed", "memory"];

/**
 * The same on plain data.
 *
 * @param bytes Speeds are in bytes of the same text a second.
 */
export function decideAmong(
  all: Candidate[],
  relation: Relate,
  limits: Limits,
  higherIsBetter: boolean,
  why: Why = () => undefined,
  bytes = false,
): Decision {
  const judged = all.map((c) => ({ c, ...keeping(c, limits) }));
  const outside = judged.flatMap(({ c, misses }) => misses.length ? [{ name: c.name, why: misses }] : []);
  const unknown = judged.flatMap(({ c, misses, missing }) =>
    !misses.length && missing.length ? [{ name: c.name, why: missing }] : []
  );
  const inside = judged.filter(({ misses, missing }) => !misses.length && !missing.length).map(({ c }) => c);
  const names = inside.map((c) => c.name);
  const { chosen, ground, ...reasons } = choose(inside, relation, higherIsBetter, why);
  const decision = { chosen, ground, ...others(names, chosen, relation), outside, unknown, sentence: "" };
  const live = liveCriteria(inside, relation);
  const compared = (name: string, criterion: Criterion) =>
    live.includes(criterion) ? relation(name, chosen!)[criterion] !== null : null;
  return {
    ...decision,
    sentence: decisionWords(decision, { limits, inside: names, ...reasons, compared, inBytes: bytes }),
  };
}

/** The chosen one, the criterion that it rests on, and what is to be said of those before it. */
function choose(inside: Candidate[], relation: Relate, higherIsBetter: boolean, why: Why) {
  const value: Record<Criterion, (c: Candidate) => number> = {
    quality: (c) => c.quality ? (higherIsBetter ? 1 : -1) * c.quality.point : -Infinity,
    speed: (c) => c.speed?.point ?? -Infinity,
    memory: (c) => c.memoryGb === null ? -Infinity : -c.memoryGb,
  };
  const missing: DecisionFacts["missing"] = [], equal: Criterion[] = [];
  let pool = inside, ground: Criterion | null = null;
  for (const criterion of ORDER) {
    const signs = signsOf(pool, criterion, relation);
    if (signs.some(Boolean)) {
      ground ??= criterion;
      const best = pool.toSorted((a, b) => value[criterion](b) - value[criterion](a))[0];
      pool = pool.filter((c) => c === best || (relation(best.name, c.name)[criterion] ?? 1) <= 0);
    } else if (!ground && signs.every((sign) => sign === null)) {
      missing.push({ criterion, why: why(criterion, inside.map((c) => c.name)) });
    } else if (!ground) equal.push(criterion);
  }
  // A change needs a reason: of those that are left, the one named first; but never one that another one dominates.
  const live = liveCriteria(inside, relation);
  let chosen = pool[0]?.name ?? null;
  for (let i = 0; i < inside.length; i++) {
    const over = (c: Candidate) => relation(c.name, chosen!);
    const better = inside.find((c) => dominates(over(c)) && live.every((criterion) => over(c)[criterion] !== null));
    if (!better) break;
    chosen = better.name;
  }
  return { chosen, ground, missing, equal };
}

/** What every model that was not chosen is, beside the chosen one. */
function others(names: string[], chosen: string | null, relation: Relate) {
  const found: Pick<Decision, "indistinguishable" | "dominated" | "behind" | "tradeoffs" | "unplaced"> = {
    indistinguishable: [],
    dominated: [],
    behind: [],
    tradeoffs: [],
    unplaced: [],
  };
  for (const name of names) {
    if (chosen === null || name === chosen) continue;
    const own = relation(name, chosen);
    const by = [chosen, ...names].find((b) => b !== name && dominates(relation(b, name)));
    if (ORDER.every((criterion) => own[criterion] === null)) found.unplaced.push(name);
    else if (ORDER.every((criterion) => !own[criterion])) found.indistinguishable.push(name);
    else if (by) {
      const under = relation(name, by), all = ORDER.every((criterion) => under[criterion] !== null);
      found[all ? "dominated" : "behind"].push({ name, by, why: comparedWords(under, -1) });
    } else found.tradeoffs.push({ name, better: comparedWords(own, 1), worse: comparedWords(own, -1) });
  }
  return found;
}

/** How each pair of models relates in a criterion. */
function signsOf(pool: Candidate[], criterion: Criterion, relation: Relate): (number | null)[] {
  return pool.flatMap((a, i) => pool.slice(i + 1).map((b) => relation(a.name, b.name)[criterion]));
}

/** The criteria in which something can be said of some two models. */
function liveCriteria(inside: Candidate[], relation: Relate): Criterion[] {
  return ORDER.filter((criterion) => signsOf(inside, criterion, relation).some((sign) => sign !== null));
}

/** By what a model misses the limits, and what of them was not measured. */
function keeping(c: Candidate, limits: Limits): { misses: string[]; missing: string[] } {
  const misses: string[] = [], missing: string[] = [];
  const { memoryGb, decodeTokensPerS, decodeBytesPerS } = limits;
  const decode = c.decodeTokensPerS === undefined ? c.speed : c.decodeTokensPerS;
  if (memoryGb !== undefined) {
    if (c.memoryGb === null) missing.push("memory");
    else if (c.memoryGb > memoryGb) misses.push(`${formatNumber(c.memoryGb)} GB`);
  }
  if (decodeTokensPerS !== undefined) {
    if (decode === null) missing.push("decode speed");
    else if (decode.point < decodeTokensPerS) misses.push(`${formatNumber(decode.point)} tok/s`);
  }
  if (decodeBytesPerS !== undefined) {
    if (!c.decodeBytesPerS) missing.push("decode speed in bytes");
    else if (c.decodeBytesPerS.point < decodeBytesPerS) misses.push(`${formatNumber(c.decodeBytesPerS.point)} bytes/s`);
  }
  return { misses, missing };
}

function dominates(r: OpenRelation): boolean {
  const signs = ORDER.map((criterion) => r[criterion] ?? 0);
  return signs.every((v) => v >= 0) && signs.some((v) => v > 0);
}
