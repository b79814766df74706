/** A running model whose graph another program made, as it is: its own inputs, outputs and caches, all logits at once. */
import type { GraphLayout } from "../../arch/foreign/layout.ts";
import type { CacheSizes } from "../cache_sizes.ts";
import { argmax, logSumExp } from "../choose_token.ts";
import type { Decoder } from "../decoder.ts";
import type { ModelInfo } from "../info.ts";
import type { Place, RunningModel } from "../running_model.ts";
import type { ScoreMode, ScoreSettings } from "../score_options.ts";
import type { Sequence } from "../score_request.ts";
import type { Scores } from "../scores.ts";
import { floats, type Session, type Tensor } from "../session.ts";
import type { Tokenizer } from "../tokenizer.ts";
import { foreignDecoder } from "./foreign_decoder.ts";
import { emptyGroup, runGraph } from "./graph_run.ts";

/** Tokens of one run when a sequence is scored: all of their logits come out (100 MB of 49,152 entries). */
const SCORED_TOKENS = 512;

export class ForeignModel implements RunningModel {
  readonly spec = null;
  /** A graph that gives logits of whole rows scores whole rows. */
  readonly scoreModes: readonly ScoreMode[] = ["strict"];
  readonly sizes: CacheSizes;
  readonly #open: () => Promise<Session>;
  #session: Promise<Session> | null = null;
  #closed = false;

  constructor(
    readonly info: ModelInfo,
    readonly tokenizer: Tokenizer,
    readonly layout: GraphLayout,
    open: () => Promise<Session>,
  ) {
    this.sizes = sizesOf(layout);
    this.#open = open;
  }

  async prepare(): Promise<void> {
    await this.#opened();
  }

  decoder(): Decoder {
    return foreignDecoder(() => this.#opened(), this.layout);
  }

  async score(
    sequences: Sequence[],
    scores: Scores,
    _settings: Required<ScoreSettings>,
    afterRun: () => Promise<void>,
  ): Promise<void> {
    for (const [index, { tokens, targets }] of sequences.entries()) {
      if (!scores.isOpen([index])) continue;
      let done = 0;
      for await (
        const { data, dims: [rows, vocab] } of this.logitsInPieces(
          tokens,
          tokens.length - targets.length,
          SCORED_TOKENS,
        )
      ) {
        for (let row = 0; row < rows; row++, done++) {
          const logits = (data as Float32Array).subarray(row * vocab, (row + 1) * vocab), target = targets[done];
          scores.add(index, logits[target] - logSumExp(logits), argmax(logits) === target);
        }
      }
      await afterRun();
    }
  }

  async logitsAt(sequences: number[][], places: Place[]): Promise<Tensor> {
    const { vocabSize } = this.info, found = new Float32Array(places.length * vocabSize);
    for (const [index, tokens] of sequences.entries()) {
      const { logits } = await this.#run(tokens);
      places.forEach(({ sequence, at }, place) => {
        if (sequence === index) found.set(logits.subarray(at * vocabSize, (at + 1) * vocabSize), place * vocabSize);
      });
    }
    return floats(found, [places.length, vocabSize]);
  }

  async *logitsInPieces(tokens: number[], from: number, size: number): AsyncGenerator<Tensor> {
    const { vocabSize } = this.info, session = await this.#opened();
    const piece = this.layout.caches.length > 0 ? size : tokens.length;
    let group = emptyGroup(this.layout, 1);
    for (let at = 0; at < tokens.length; at += piece) {
      const ids = tokens.slice(at, at + piece), first = Math.max(0, from - at);
      const { logits, next } = await runGraph(session, this.layout, group, [ids]);
      group = next;
      if (first >= ids.length) continue;
      const wanted = logits.subarray(first * vocabSize);
      for (let row = 0; row < ids.length - first; row += size) { // no more rows at once than were asked for
        const part = wanted.subarray(row * vocabSize, (row + size) * vocabSize);
        yield floats(part, [part.length / vocabSize, vocabSize]);
      }
    }
  }

  async argmaxAll(prompts: number[][]): Promise<number[]> {
    const { vocabSize } = this.info;
    const { logits } = await runGraph(
      await this.#opened(),
      this.layout,
      emptyGroup(this.layout, prompts.length),
      prompts,
    );
    return Array.from(
      { length: logits.length / vocabSize },
      (_, row) => argmax(logits.subarray(row * vocabSize, (row + 1) * vocabSize)),
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    await (await this.#session)?.release();
    this.#session = null;
  }

  async #run(tokens: number[]) {
    return await runGraph(await this.#opened(), this.layout, emptyGroup(this.layout, 1), [tokens]);
  }

  #opened(): Promise<Session> {
    if (this.#closed) throw new TypeError(`Cannot use ${this.info.name}: the model is closed`);
    return this.#session ??= this.#open();
  }
}

function sizesOf({ caches }: GraphLayout): CacheSizes {
  const bytes = (grows: boolean) =>
    caches.filter(({ dims }) => dims.includes("slots") === grows).reduce((sum, { type, dims }) => {
      const elements = dims.reduce<number>((product, d) => product * (d === "slots" ? 1 : d), 1);
      return sum + (type === "float16" ? 2 : 4) * elements;
    }, 0);
  // Without caches a token is kept as its id.
  return { tokenBytes: bytes(true), stateBytes: bytes(false), residualBytes: 8 };
}
