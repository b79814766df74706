/** What a run of our own score graph is asked for, and where its log-probabilities go. */
import type { GraphSessions } from "./graph_sessions.ts";
import type { Scores } from "./scores.ts";
import { type Feeds, int64s, type Tensor } from "./session.ts";

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
  async run(graphs: GraphSessions, feeds: Feeds, scores: Scores, keepCaches = false): Promise<Record<string, Tensor>> {
    const rows = this.#rows, targets = this.#targets, wanted = this.#wanted;
    const fetches = wanted.length ? ["target_logprobs", "argmax"] : [];
    if (keepCaches) fetches.push(...graphs.caches.map((c) => c.present));
    const out = await (await graphs.session("score")).run({
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
