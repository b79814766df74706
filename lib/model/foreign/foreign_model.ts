/** A running model whose graph another program made: its own inputs, outputs and caches, as it is or with what was added. */
import type { GraphKind } from "../../arch/build.ts";
import type { GraphLayout } from "../../arch/foreign/layout.ts";
import type { ResolvedGraph } from "../../arch/foreign/resolved_graph.ts";
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
import { byLength, foreignDecoder, pieceOf } from "./foreign_decoder.ts";
import { type OpenedGraphs, runGraph } from "./graph_run.ts";
import { emptyGroup } from "./group.ts";
import { loopDecoder, type LoopModel } from "./loop_decoder.ts";
import { foreignScoreModes } from "./score_modes.ts";
import { scoreWithHeads } from "./score_with_heads.ts";
import { type SideBySide, sideBySide } from "./side_by_side.ts";

/** Tokens of one run when a sequence is scored: all of their logits come out (100 MB of 49,152 entries). */
const SCORED_TOKENS = 512;

/** How the sessions are opened: the one that steps and scores, and the one that loops where that was asked for. */
export interface ForeignSessions {
  step(): Promise<OpenedGraphs>;
  loop: (() => Promise<LoopModel>) | null;
}

export class ForeignModel implements RunningModel {
  readonly spec = null;
  readonly scoreModes: readonly ScoreMode[];
  readonly sizes: CacheSizes;
  readonly #open: ForeignSessions;
  #graphs: Promise<OpenedGraphs> | null = null;
  #loop: Promise<LoopModel> | null = null;
  #sideBySide: Promise<SideBySide> | null = null;
  #closed = false;

  constructor(
    readonly info: ModelInfo,
    readonly tokenizer: Tokenizer,
    readonly found: ResolvedGraph,
    open: ForeignSessions,
  ) {
    this.sizes = sizesOf(this.layout);
    this.scoreModes = foreignScoreModes(found);
    this.#open = open;
  }

  get layout(): GraphLayout {
    return this.found.layout;
  }

  async prepare(kinds: readonly GraphKind[]): Promise<void> {
    for (const kind of kinds) await (kind === "score" || !this.#open.loop ? this.#opened() : this.#looped());
  }

  decoder(): Decoder {
    if (this.#open.loop) return loopDecoder(() => this.#looped(), this.layout);
    return foreignDecoder(
      async () => ({ ...await this.#opened(), sideBySide: () => this.#together() }),
      this.layout,
    );
  }

  async score(
    sequences: Sequence[],
    scores: Scores,
    settings: Required<ScoreSettings>,
    afterRun: () => Promise<void>,
  ): Promise<void> {
    const { mode, tokenBudget, maxCachedTokens } = settings, graphs = await this.#opened();
    if (graphs.hasHeads && mode !== "batch") return await scoreWithHeads(graphs, sequences, scores, settings, afterRun);
    const isAlone = mode !== "batch" || await this.#together() === "alone";
    const most = isAlone ? 1 : Math.min(tokenBudget, maxCachedTokens);
    for (const batch of byLength(sequences.map(({ tokens }) => tokens), most)) {
      if (!scores.isOpen(batch)) continue;
      const rows = batch.map((index) => sequences[index]), first = rows[0].tokens.length - longestTargets(rows);
      let at = first;
      for await (
        const { logits, dims: [, ran, vocab] } of this.#logits(rows.map((r) => r.tokens), first, SCORED_TOKENS)
      ) {
        for (const [row, { tokens, targets }] of rows.entries()) {
          for (let i = 0; i < ran; i++) {
            const target = targets[at + i - (tokens.length - targets.length)];
            if (target === undefined) continue; // a token of its context, where another row's continuation has begun
            const own = logits.subarray((row * ran + i) * vocab, (row * ran + i + 1) * vocab);
            scores.add(batch[row], own[target] - logSumExp(own), argmax(own) === target);
          }
        }
        at += ran;
      }
      await afterRun();
    }
  }

  async logitsAt(sequences: number[][], places: Place[]): Promise<Tensor> {
    const { vocabSize } = this.info, found = new Float32Array(places.length * vocabSize);
    for (const [index, tokens] of sequences.entries()) {
      const own = [...places.entries()].filter(([, { sequence }]) => sequence === index);
      if (own.length === 0) continue;
      let at = Math.min(...own.map(([, place]) => place.at));
      for await (const { logits, dims: [, ran] } of this.#logits([tokens], at, SCORED_TOKENS)) {
        for (const [place, { at: wanted }] of own) {
          if (wanted < at || wanted >= at + ran) continue;
          found.set(logits.subarray((wanted - at) * vocabSize, (wanted - at + 1) * vocabSize), place * vocabSize);
        }
        at += ran;
      }
    }
    return floats(found, [places.length, vocabSize]);
  }

  async *logitsInPieces(tokens: number[], from: number, size: number): AsyncGenerator<Tensor> {
    const { vocabSize } = this.info;
    for await (const { logits, dims: [, ran] } of this.#logits([tokens], from, size)) {
      for (let row = 0; row < ran; row += size) { // no more rows at once than were asked for
        const part = logits.subarray(row * vocabSize, Math.min(ran, row + size) * vocabSize);
        yield floats(part, [part.length / vocabSize, vocabSize]);
      }
    }
  }

  async argmaxAll(prompts: number[][]): Promise<number[]> {
    const { vocabSize } = this.info, length = prompts[0].length, best = new Array<number>(prompts.length * length);
    for (const batch of byLength(prompts, this.layout.only.rows ?? Infinity)) {
      let at = 0;
      for await (const { logits, dims: [, ran] } of this.#logits(batch.map((p) => prompts[p]), 0, length)) {
        for (const [row, prompt] of batch.entries()) {
          for (let i = 0; i < ran; i++) {
            const from = (row * ran + i) * vocabSize;
            best[prompt * length + at + i] = argmax(logits.subarray(from, from + vocabSize));
          }
        }
        at += ran;
      }
    }
    return best;
  }

  /** Logits of rows of one length from a token on, in the runs that the graph takes: [rows, tokens, vocab]. */
  async *#logits(rows: number[][], from: number, size: number) {
    const graphs = await this.#opened(), [{ length }] = rows, { logits: { of } } = this.layout;
    const piece = of === "last" ? 1 : pieceOf(graphs, length, size);
    let group = emptyGroup(this.layout, rows.length);
    for (let at = 0; at < length; at += piece) {
      const ids = rows.map((row) => row.slice(at, at + piece)), first = Math.max(0, from - at), ran = ids[0].length;
      const { logits, dims: [, given, vocab], next } = await runGraph(graphs, group, ids, {
        logits: first >= ran ? "none" : "all",
        mostTokens: length,
      });
      group = next;
      if (first >= ran) continue;
      const wanted = ran - first; // a graph without caches gives those before again
      yield { logits: lastOf(logits, rows.length, given, wanted, vocab), dims: [rows.length, wanted, vocab] as const };
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const graphs = await this.#graphs;
    await graphs?.session.release();
    await graphs?.first?.session.release();
    await (await this.#loop)?.session.release();
    this.#loop = null;
    this.#graphs = null;
  }

  async #together(): Promise<SideBySide> {
    const graphs = await this.#opened();
    return await (this.#sideBySide ??= sideBySide(graphs, this.info.vocabSize));
  }

  #opened(): Promise<OpenedGraphs> {
    if (this.#closed) throw new TypeError(`Cannot use ${this.info.name}: the model is closed`);
    return this.#graphs ??= this.#open.step();
  }

  #looped(): Promise<LoopModel> {
    if (this.#closed) throw new TypeError(`Cannot use ${this.info.name}: the model is closed`);
    return this.#loop ??= this.#open.loop!();
  }
}

function longestTargets(rows: Sequence[]): number {
  return Math.max(...rows.map(({ targets }) => targets.length));
}

/** The last tokens of each row. */
function lastOf(logits: Float32Array, rows: number, given: number, wanted: number, vocab: number): Float32Array {
  if (given === wanted) return logits;
  if (rows === 1) return logits.subarray((given - wanted) * vocab);
  const last = new Float32Array(rows * wanted * vocab);
  for (let row = 0; row < rows; row++) {
    last.set(logits.subarray((row * given + given - wanted) * vocab, (row + 1) * given * vocab), row * wanted * vocab);
  }
  return last;
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
