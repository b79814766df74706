/** What a work of the bench is: contestants, goals, and what must agree between them. */
import type { BenchModel } from "./models.ts";
import type { Contestant, RoundSample } from "./rounds.ts";

export interface Settings {
  model: BenchModel;
  rounds?: number;
  blocks?: number;
  seed: number;
  /** MMLU subjects. */
  subjects: string[];
  /** HellaSwag rows. */
  rows: number;
  /** HumanEval problems. */
  problems: number;
}

/** `ours` must be at least `least` times as fast as `against`. */
export interface Goal {
  ours: string;
  against: string;
  /** Null: a ratio that is shown without a goal. */
  least: number | null;
  /** The goal where the machine does not let `least` be reached: this share of what the limit does. */
  orShareOf?: { limit: string; share: number };
}

/** Whether outputs agree; `detail` has the largest difference. */
export interface Check {
  what: string;
  ok: boolean;
  detail: string;
}

/** A work with its settings applied. */
export interface Plan {
  rounds: number;
  blocks: number;
  contestants: Contestant[];
  goals: Goal[];
  checks(samples: RoundSample[]): Check[];
  /** Further numbers, one sentence each. */
  facts(samples: RoundSample[]): string[];
}

export interface Work {
  name: string;
  /** What is done, for the table. */
  title(model: BenchModel): string;
  /** Of the values. */
  unit: string;
  plan(settings: Settings): Promise<Plan>;
}

/** Samples of one contestant, in order. */
export function of(samples: RoundSample[], name: string): RoundSample[] {
  return samples.filter((s) => s.name === name);
}
