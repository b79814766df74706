/** A decision, and the one sentence for it, which claims what was measured and no more. */
import type { Criterion, OpenRelation } from "./decision_criteria.ts";

/** What a model must keep to; absent: no limit. */
export interface Limits {
  /** Peak memory while running at most, in GB (10^9 bytes). */
  memoryGb?: number;
  /** Decode speed at least, in tokens/s. */
  decodeTokensPerS?: number;
  /** Decode speed at least, in bytes of the same text a second: known where tokenizers differ, or a setting is in bytes. */
  decodeBytesPerS?: number;
}

export interface Decision {
  chosen: string | null;
  /** What the choice rests on: the first criterion that tells some of the models apart; null where none does. */
  ground: Criterion | null;
  /** No difference to the chosen one was found in anything that could be compared. */
  indistinguishable: string[];
  /** Clearly worse than `by` in something and better in nothing, all three compared. */
  dominated: { name: string; by: string; why: string[] }[];
  /** The same where not all three could be compared. */
  behind: { name: string; by: string; why: string[] }[];
  /** Better than the chosen one in something, and worse in something else or not compared in all. */
  tradeoffs: { name: string; better: string[]; worse: string[] }[];
  /** Nothing could be compared. */
  unplaced: string[];
  /** Outside the limits. */
  outside: { name: string; why: string[] }[];
  /** What a limit is about was not measured, or not often enough. */
  unknown: { name: string; why: string[] }[];
  sentence: string;
}

/** What the sentence needs besides the decision. */
export interface DecisionFacts {
  /** Speeds are in bytes of the same text a second. */
  inBytes: boolean;
  limits: Limits;
  /** Models that keep to the limits. */
  inside: string[];
  /** Criteria before the ground that say nothing of any two models, and why; without a reason: not measured. */
  missing: { criterion: Criterion; why?: string }[];
  /** Those in which no difference was found. */
  equal: Criterion[];
  /** Whether a model was compared with the chosen one in a criterion; null where no two were. */
  compared(name: string, criterion: Criterion): boolean | null;
}

const CRITERIA: Criterion[] = ["quality", "speed", "memory"];

export function decisionWords(d: Decision, facts: DecisionFacts): string {
  const beside = [
    ...d.outside.map(({ name, why }) => `${name} is outside the limits (${why.join(", ")})`),
    ...d.unknown.map(({ name, why }) => `whether ${name} keeps to the limits is not known (${why.join(", ")})`),
  ];
  const words = d.chosen === null ? [noneWords(d, facts)] : [lead(d, facts), ...others(d, facts), ...beside];
  const parts = [...words, ...unitWords(d, facts, words.join(" "))];
  return `${parts.join("; ")}.`;
}

/** What faster and slower are told by where it is not tokens, and what a limit in tokens means then. */
function unitWords({ ground }: Decision, { inBytes, limits }: DecisionFacts, words: string): string[] {
  if (!inBytes) return [];
  const said = ground === "speed" || !/\b(faster|slower)\b/.test(words);
  return [
    ...(said ? [] : ["faster and slower are in bytes of the same text a second"]),
    ...(limits.decodeTokensPerS === undefined ? [] : ["the limit of tok/s is in each model's own tokens"]),
  ];
}

function noneWords({ outside, unknown }: Decision, { limits }: DecisionFacts): string {
  const why = [
    ...outside.map((o) => `${o.name} (${o.why.join(", ")})`),
    ...unknown.map((u) => `${u.name} (${u.why.join(", ")} not known)`),
  ].join("; ");
  return `No model ${unknown.length ? "is known to keep" : "keeps"} to ${limitsText(limits)}: ${why}`;
}

function lead({ chosen, ground }: Decision, { limits, inside, missing, equal, inBytes }: DecisionFacts): string {
  const rule = limitsText(limits), within = rule && `Within ${rule}, `;
  if (inside.length === 1) {
    return rule ? `${within}choose ${chosen}` : `${chosen} alone was measured: there is no choice`;
  }
  if (ground === "quality") return `${within || "Quality first, "}choose ${chosen}`;
  const unmeasured = missing.filter((m) => !m.why).map((m) => m.criterion);
  const reasons = list([
    ...(unmeasured.length ? [`no ${list(unmeasured, "or")} was measured`] : []),
    ...missing.flatMap((m) => m.why ?? []),
    ...(equal.length ? [`no difference in ${list(equal, "or")} was found`] : []),
  ]);
  const by = ground === "speed" && inBytes ? ", fastest in bytes of the same text a second" : ` by ${ground}`;
  if (ground) return `${within ? `${within}c` : "C"}hoose ${chosen}${by}: ${reasons}`;
  const nothing = `${within ? `${within}n` : "N"}othing that was measured tells ${list(inside)} apart (${reasons})`;
  return `${nothing}: keep ${chosen}, which is named first`;
}

/** What is said of every other model that keeps to the limits. */
function others(d: Decision, { compared }: DecisionFacts): string[] {
  const gap = (name: string) => {
    const open = CRITERIA.filter((criterion) => compared(name, criterion) === false);
    return open.length ? `, its ${list(open)} not compared` : "";
  };
  const apart = d.unplaced.map((name) => `${name} could not be compared`);
  if (!d.ground) return CRITERIA.some((criterion) => compared(d.chosen!, criterion) !== null) ? apart : [];
  const alike = Map.groupBy(d.indistinguishable, (name) => {
    const known = CRITERIA.filter((criterion) => compared(name, criterion));
    return known.length < CRITERIA.length ? ` in ${list(known)}` : "";
  });
  return [
    ...[...alike].map(([where, names]) =>
      `${list(names)} ${names.length > 1 ? "are" : "is"} indistinguishable from it${where}`
    ),
    ...d.dominated.map(({ name, by, why }) => `${name} is dominated by ${by} (${why.join(", ")})`),
    ...d.behind.map(({ name, by, why }) => `${name} is ${list(why)} than ${by}${gap(name)}`),
    ...d.tradeoffs.map(({ name, better, worse }) =>
      `${name} is ${list(better)}${worse.length ? ` but ${list(worse)}` : ""}${gap(name)}`
    ),
    ...apart,
  ];
}

/** "faster", "worse in quality": in what a model is better (1) or worse (-1). */
export function comparedWords(r: OpenRelation, wanted: 1 | -1): string[] {
  const [speed, quality, memory] = wanted === 1 ? ["faster", "better", "smaller"] : ["slower", "worse", "larger"];
  return [
    ...(r.speed === wanted ? [speed] : []),
    ...(r.quality === wanted ? [`${quality} in quality`] : []),
    ...(r.memory === wanted ? [`${memory} in memory`] : []),
  ];
}

/** "at most 1 GB and at least 30 tok/s"; `""` without limits. */
export function limitsText(limits: Limits): string {
  return [
    ...(limits.memoryGb !== undefined ? [`at most ${limits.memoryGb} GB`] : []),
    ...(limits.decodeTokensPerS !== undefined ? [`at least ${limits.decodeTokensPerS} tok/s`] : []),
    ...(limits.decodeBytesPerS !== undefined ? [`at least ${limits.decodeBytesPerS} bytes/s`] : []),
  ].join(" and ");
}

function list(names: string[], and = "and"): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} ${and} ${names.at(-1)}`;
}
