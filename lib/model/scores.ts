/** The log-likelihoods of a list of sequences while runs add to them. */
import type { ScoreResult } from "./log_likelihood.ts";
import type { Sequence } from "./score_request.ts";

export class Scores {
  readonly results: ScoreResult[];
  /** Sequences with a log-probability that is not finite, until they are settled. */
  readonly suspects = new Set<number>();
  readonly #settled = new Set<number>();
  /** Targets of each sequence that no run has scored yet. */
  readonly #missing: number[];
  #finished: number[] = [];

  /** @param known Results that are there already, by sequence. */
  constructor(sequences: Sequence[], known: Record<number, ScoreResult> = {}) {
    this.results = sequences.map((s, i) => known[i] ?? { logLikelihood: 0, isGreedy: true, tokens: s.targets.length });
    this.#missing = sequences.map((s) => s.targets.length);
    for (const index of Object.keys(known)) this.#settled.add(Number(index));
  }

  /** Whether a run could still change one of these sequences. */
  isOpen(sequences: number[]): boolean {
    return sequences.some((index) => this.#missing[index] > 0 && !this.#settled.has(index));
  }

  /** The sequences that were finished since the last call. */
  takeFinished(): number[] {
    const finished = this.#finished;
    this.#finished = [];
    return finished;
  }

  add(index: number, logprob: number, isBest: boolean): void {
    if (this.#settled.has(index)) return;
    const result = this.results[index];
    result.logLikelihood += logprob;
    result.isGreedy &&= isBest;
    if (!Number.isFinite(logprob)) this.suspects.add(index);
    if (--this.#missing[index] === 0) this.#finished.push(index);
  }

  /** The final result of a suspect; later runs do not change it. */
  settle(index: number, result: ScoreResult): void {
    this.results[index] = result;
    this.suspects.delete(index);
    this.#settled.add(index);
    if (this.#missing[index] > 0) this.#finished.push(index);
  }
}
