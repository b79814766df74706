/** What a run of the score graph is asked for, and where its log-probabilities go. */
import type { LanguageModel } from "./language_model.ts";
import type { ScoreResult } from "./log_likelihood.ts";
import type { Sequence } from "./score_request.ts";
import { type Feeds, int64s, type Tensor } from "./session.ts";

/** The results of a list of sequences while runs add to them. */
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

/** The rows on which the head of one run works, and their targets. */
export class HeadRows {
  readonly #rows: number[] = [];
  readonly #targets: number[] = [];
  readonly #wanted: { sequences: number[]; row: number; token: number }[] = [];

  /**
   * Ask a row, an index into batch x tokens, for a list of tokens.
   *
   * @param byToken For every token, the sequences that want its log-probability.
   */
  ask(row: number, byToken: Map<number, number[]>): void {
    if (byToken.size === 0) return;
    for (const [token, sequences] of byToken) {
      this.#targets.push(this.#rows.length, token);
      this.#wanted.push({ sequences, row: this.#rows.length, token });
    }
    this.#rows.push(row);
  }

  /** Run the graph, add what was asked for to the scores, and give the outputs. */
  async run(model: LanguageModel, feeds: Feeds, scores: Scores, keepCaches = false): Promise<Record<string, Tensor>> {
    const rows = this.#rows, targets = this.#targets, wanted = this.#wanted;
    const fetches = wanted.length ? ["target_logprobs", "argmax"] : [];
    if (keepCaches) fetches.push(...model.caches.map((c) => c.present));
    const out = await (await model.session("score")).run({
      ...feeds,
      // A prefix of which nothing is scored still needs one row, since the graph has a head.
      rows: int64s(rows.length ? rows : [0], [Math.max(1, rows.length)]),
      targets: int64s(targets.length ? targets : [0, 0], [Math.max(1, wanted.length), 2]),
    }, fetches);
    if (wanted.length) {
      const logprobs = out.target_logprobs.data as Float32Array, argmax = out.argmax.data as BigInt64Array;
      wanted.forEach(({ sequences, row, token }, i) => {
        for (const index of sequences) scores.add(index, logprobs[i], Number(argmax[row]) === token);
      });
    }
    return out;
  }
}
