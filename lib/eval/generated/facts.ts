/** What is told of a generated task beside its metrics: how its programs were sampled, and what became of them. */
import type { SandboxOptions } from "../sandbox/program.ts";

/** Settings of a generated task, all of them decided. */
export interface CheckedGenerate {
  /** The preset that the others come from. */
  preset: string;
  /** Programs a problem and seed. */
  samples: number;
  temperature: number;
  topP: number;
  maxNewTokens: number;
  /** One run each. */
  seeds: number[];
  /** The k of each pass@k, first the primary one. */
  k: number[];
  /** The rule by which a completion is cut, and its stop words. */
  truncation: string;
  stop: string[];
  sandbox: SandboxOptions;
  /** Coverage of the intervals. */
  level: number;
  /** What these settings cannot show, in sentences. */
  notes: string[];
}

export interface CompletionFacts {
  programs: number;
  /** Share that ended because `maxNewTokens` were written: many say that the limit is too low. */
  endedByLength: number;
  /** Share whose run took too long: such verdicts depend on the machine. */
  timedOut: number;
  /** Different completions of a problem, on average; as many as there are programs where no two are alike. */
  distinctPerProblem: number;
}

export interface VariancePart {
  /** Variance component of one program's outcome (0 or 1). */
  component: number;
  /** Its share of the variance of the mean, 0-1: the three add to 1. */
  share: number;
}

/** Of pass@1, law of total variance: Var(mean) = (items + seeds / S + samples / (S M)) / P. */
export interface VarianceParts {
  /** P problems with S seeds each, M samples a seed. */
  problems: number;
  seeds: number;
  samples: number;
  /** Mean share of programs that pass. */
  mean: number;
  /** Standard error of the mean, for other problems, seeds and samples of the same kind. */
  stderr: number;
  /** Null: this design cannot tell it apart (the notes say from what), or nothing varies. */
  parts: { items: VariancePart | null; seeds: VariancePart | null; samples: VariancePart | null };
  /** The score of each seed's run over all problems. */
  runs: { seed: number; score: number }[];
  /** Standard deviation of one run's score from seed to seed, on the same problems; null for a single program each. */
  runStd: number | null;
  /** The standard error that endless samples of the same seeds, or endless seeds, would leave: the problems remain. */
  stderrAtBest: { samples: number | null; seeds: number | null };
  /** What the numbers say and what they cannot, in sentences. */
  notes: string[];
}

/** How the programs of a generated task came about. */
export interface GeneratedFacts {
  settings: CheckedGenerate;
  /** Where the uncertainty of pass@1 comes from: problems, seeds or samples; null for a single problem. */
  variance: VarianceParts | null;
  completions: CompletionFacts;
  /** Tokens that were generated now, and how fast, their programs' runs included; null where all was saved. */
  generatedTokens: number;
  tokensPerS: number | null;
}
