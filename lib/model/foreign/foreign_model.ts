/** A running model whose graph another program made, as it is: its own inputs, outputs and caches, all logits at once. */
import type { GraphKind } from "../../arch/build.ts";
import type { GraphLayout } from "../../arch/foreign/layout.ts";
import type { CacheSizes } from "../cache_sizes.ts";
import { argmax, logSumExp } from "../choose_token.ts";
import type { Decoder } from "../decoder.ts";
import type { ModelInfo } from "../info.ts";
import type { Place, RunningModel } from "../running_model.ts";
import type { ScoreMode, ScoreSettings } from "../score_options.ts";
import type { Sequence } from "../score_request.ts";
import type { Scores } from "../scores.ts";
import { floats, type Tensor } from "../session.ts";
import type { Tokenizer } from "../tokenizer.ts";
import { foreignDecoder } from "./foreign_decoder.ts";
import type { ForeignGraphs } from "./foreign_graphs.ts";
import { emptyGroup, type Group, runGraph, runHeads } from "./graph_run.ts";
import { loopDecoder } from "./loop_decoder.ts";
import { foreignScoreModes } from "./score_modes.ts";
import { scoreWithHeads } from "./score_with_heads.ts";

/** Tokens of one run when a sequence is scored: all of their logits come out (100 MB of 49,152 entries). */
const SCORED_TOKENS = 512;

export class ForeignModel implements RunningModel {
  readonly spec = null;
  readonly scoreModes: readonly ScoreMode[];
  readonly sizes: CacheSizes;

  constructor(readonly info: ModelInfo, readonly tokenizer: Tokenizer, readonly graphs: ForeignGraphs) {
    this.sizes = sizesOf(this.#layout);
    this.scoreModes = foreignScoreModes(graphs.found);
  }

  async prepare(kinds: readonly GraphKind[]): Promise<void> {
    for (const kind of kinds) {
      await this.graphs.open(kind === "score" ? this.graphs.stepForm : this.graphs.decodeForm);
    }
  }

  decoder(): Decoder {
    return this.graphs.decodeForm === "loop" ? loopDecoder(this.graphs) : foreignDecoder(this.graphs);
  }

  async score(
    sequences: Sequence[],
    scores: Scores,
    settings: Required<ScoreSettings>,
    afterRun: () => Promise<void>,
  ): Promise<void> {
    if (this.#hasHeads) return await scoreWithHeads(this.graphs, sequences, scores, settings, afterRun);
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
      const own = [...places.entries()].filter(([, { sequence }]) => sequence === index);
      if (own.length === 0) continue;
      const logits = await this.#logitsOf([tokens], own.map(([, { at }]) => at));
      own.forEach(([place], i) => found.set(logits.subarray(i * vocabSize, (i + 1) * vocabSize), place * vocabSize));
    }
    return floats(found, [places.length, vocabSize]);
  }

  async *logitsInPieces(tokens: number[], from: number, size: number): AsyncGenerator<Tensor> {
    const { vocabSize } = this.info, { caches } = this.#layout;
    const piece = caches.length > 0 ? size : tokens.length;
    let group = emptyGroup(this.#layout, 1);
    for (let at = 0; at < tokens.length; at += piece) {
      const ids = tokens.slice(at, at + piece), first = Math.max(0, from - at);
      const wanted = ids.map((_, row) => row).slice(first);
      const { logits, next } = await this.#logitsBehind(group, [ids], wanted);
      group = next;
      for (let row = 0; row < wanted.length; row += size) { // no more rows at once than were asked for
        const part = logits.subarray(row * vocabSize, (row + size) * vocabSize);
        yield floats(part, [part.length / vocabSize, vocabSize]);
      }
    }
  }

  async argmaxAll(prompts: number[][]): Promise<number[]> {
    const rows = prompts.flat().map((_, row) => row), group = emptyGroup(this.#layout, prompts.length);
    if (this.#hasHeads) {
      const { session, layout } = await this.graphs.open("heads");
      const { out } = await runHeads(session, layout, group, prompts, { rows }, ["argmax"]);
      return Array.from(out.argmax.data as BigInt64Array, Number);
    }
    const logits = await this.#logitsOf(prompts, rows), { vocabSize } = this.info;
    return rows.map((row) => argmax(logits.subarray(row * vocabSize, (row + 1) * vocabSize)));
  }

  close(): Promise<void> {
    return this.graphs.close();
  }

  get #layout(): GraphLayout {
    return this.graphs.found.layout;
  }

  get #hasHeads(): boolean {
    return this.graphs.stepForm === "heads";
  }

  async #logitsOf(prompts: number[][], rows: number[]): Promise<Float32Array> {
    return (await this.#logitsBehind(emptyGroup(this.#layout, prompts.length), prompts, rows)).logits;
  }

  /** Logits of some rows of batch x tokens, ascending: [rows, vocab]. */
  async #logitsBehind(group: Group, ids: number[][], rows: number[]) {
    const { session, layout } = await this.graphs.open(this.graphs.stepForm), { vocabSize } = this.info;
    if (this.#hasHeads) {
      const { out, next } = await runHeads(session, layout, group, ids, { rows }, ["logits"]);
      return { logits: out.logits.data as Float32Array, next };
    }
    const { logits, next } = await runGraph(session, layout, group, ids);
    if (rows.length * vocabSize === logits.length) return { logits, next };
    const isTail = rows.length === 0 || rows.at(-1)! - rows[0] === rows.length - 1;
    if (isTail) {
      return { logits: logits.subarray((rows[0] ?? 0) * vocabSize, ((rows.at(-1) ?? -1) + 1) * vocabSize), next };
    }
    const picked = new Float32Array(rows.length * vocabSize);
    rows.forEach((row, i) => picked.set(logits.subarray(row * vocabSize, (row + 1) * vocabSize), i * vocabSize));
    return { logits: picked, next };
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
