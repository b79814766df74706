/** Which model to choose within stated limits, and on what ground. */
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
import { comparedWords, type Decision, decisionWords, type Limits, limitsText } from "./decision_sentence.ts";
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
  const relation = relations(comparison, criteria);
  return decideAmong(
    candidates(comparison, criteria),
    relation,
    limits,
    higherIsBetter,
    whyNothing(comparison, criteria),
  );
}

const ORDER: Criterion[] = ["quality", "speed", "memory"];

/** The same on plain data. */
export function decideAmong(
  all: Candidate[],
  relation: (a: string, b: string) => OpenRelation,
  limits: Limits,
  higherIsBetter: boolean,
  why: Partial<Record<Criterion, string>> = {},
): Decision {
  const judged = all.map((c) => ({ c, ...keeping(c, limits) }));
  const outside = judged.flatMap(({ c, misses }) => misses.length ? [{ name: c.name, why: misses }] : []);
  const unknown = judged.flatMap(({ c, misses, missing }) =>
    !misses.length && missing.length ? [{ name: c.name, why: missing }] : []
  );
  const inside = judged.filter(({ misses, missing }) => !misses.length && !missing.length).map(({ c }) => c);
  const decision: Decision = {
    chosen: null,
    ground: null,
    indistinguishable: [],
    dominated: [],
    behind: [],
    tradeoffs: [],
    unplaced: [],
    outside,
    unknown,
    sentence: "",
  };

  const value: Record<Criterion, (c: Candidate) => number> = {
    quality: (c) => c.quality ? (higherIsBetter ? 1 : -1) * c.quality.point : -Infinity,
    speed: (c) => c.speed?.point ?? -Infinity,
    memory: (c) => c.memoryGb === null ? -Infinity : -c.memoryGb,
  };
  const pairsOf = (pool: Candidate[], criterion: Criterion) =>
    pool.flatMap((a, i) => pool.slice(i + 1).map((b) => relation(a.name, b.name)[criterion]));
  let pool = inside;
  const missing: { criterion: Criterion; why?: string }[] = [], equal: Criterion[] = [];
  for (const criterion of ORDER) {
    const pairs = pairsOf(pool, criterion);
    if (pairs.some((sign) => sign !== null && sign !== 0)) {
      decision.ground ??= criterion;
      const best = pool.toSorted((a, b) => value[criterion](b) - value[criterion](a))[0];
      pool = pool.filter((c) => c === best || (relation(best.name, c.name)[criterion] ?? 1) <= 0);
    } else if (!decision.ground) {
      if (pairs.every((sign) => sign === null)) missing.push({ criterion, why: why[criterion] });
      else equal.push(criterion);
    }
  }
  // A change needs a reason: of those that are left, the one named first; but never one that another one dominates.
  const live = ORDER.filter((criterion) => pairsOf(inside, criterion).some((sign) => sign !== null));
  let chosen = pool[0]?.name ?? null;
  for (let i = 0; i < inside.length; i++) {
    const better = inside.find((c) => {
      const over = relation(c.name, chosen!);
      return dominates(over) && live.every((criterion) => over[criterion] !== null);
    });
    if (!better) break;
    chosen = better.name;
  }
  decision.chosen = chosen;
  const of = (name: string) => relation(name, chosen!);
  for (const { name } of inside) {
    if (name === chosen) continue;
    const own = of(name);
    const by = [chosen!, ...inside.map((c) => c.name)].find((b) => b !== name && dominates(relation(b, name)));
    if (ORDER.every((criterion) => own[criterion] === null)) decision.unplaced.push(name);
    else if (ORDER.every((criterion) => !own[criterion])) decision.indistinguishable.push(name);
    else if (by) {
      const under = relation(name, by), all = ORDER.every((criterion) => under[criterion] !== null);
      decision[all ? "dominated" : "behind"].push({ name, by, why: comparedWords(under, -1) });
    } else decision.tradeoffs.push({ name, better: comparedWords(own, 1), worse: comparedWords(own, -1) });
  }
  const sentence = decisionWords(decision, {
    limits,
    inside: inside.map((c) => c.name),
    missing,
    equal,
    compared: (name, criterion) => live.includes(criterion) ? of(name)[criterion] !== null : null,
  });
  return { ...decision, sentence };
}

/** By what a model misses the limits, and what of them was not measured. */
function keeping(c: Candidate, limits: Limits): { misses: string[]; missing: string[] } {
  const misses: string[] = [], missing: string[] = [];
  const { memoryGb, decodeTokensPerS } = limits;
  const decode = c.decodeTokensPerS === undefined ? c.speed : c.decodeTokensPerS;
  if (memoryGb !== undefined) {
    if (c.memoryGb === null) missing.push("memory");
    else if (c.memoryGb > memoryGb) misses.push(`${formatNumber(c.memoryGb)} GB`);
  }
  if (decodeTokensPerS !== undefined) {
    if (decode === null) missing.push("decode speed");
    else if (decode.point < decodeTokensPerS) misses.push(`${formatNumber(decode.point)} tok/s`);
  }
  return { misses, missing };
}

function dominates(r: OpenRelation): boolean {
  const signs = ORDER.map((criterion) => r[criterion] ?? 0);
  return signs.every((v) => v >= 0) && signs.some((v) => v > 0);
}
