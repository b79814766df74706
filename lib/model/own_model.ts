/** A running model of our own graphs: built from a spec, with sampling, scoring and the caches' way inside of them. */
import { type DecodeGraph, fasterGraph, usableGraph } from "../arch/batch_graph.ts";
import type { GraphKind } from "../arch/build.ts";
import type { ArchSpec } from "../arch/spec.ts";
import { carryCaches, dropCaches, emptyCaches } from "./caches.ts";
import { type CacheSizes, cacheSizes } from "./cache_sizes.ts";
import type { Decoder } from "./decoder.ts";
import { graphDecoder } from "./graph_decoder.ts";
import type { GraphSessions } from "./graph_sessions.ts";
import type { ModelInfo } from "./info.ts";
import { planBatches } from "./plan_batches.ts";
import type { Place, RunningModel } from "./running_model.ts";
import { batchFeeds, scoreBatch } from "./score_batch.ts";
import { SCORE_MODES, type ScoreSettings } from "./score_options.ts";
import type { Sequence } from "./score_request.ts";
import { scoreTree, sequenceFeeds } from "./score_tree.ts";
import type { Scores } from "./scores.ts";
import { type Feeds, int64s, type Tensor } from "./session.ts";
import type { Tokenizer } from "./tokenizer.ts";

export class OwnModel implements RunningModel {
  readonly scoreModes = SCORE_MODES;
  readonly sizes: CacheSizes;

  constructor(readonly info: ModelInfo, readonly tokenizer: Tokenizer, readonly graphs: GraphSessions) {
    this.sizes = cacheSizes(graphs.spec);
  }

  get spec(): ArchSpec {
    return this.graphs.spec;
  }

  async prepare(kinds: readonly GraphKind[]): Promise<void> {
    for (const kind of kinds) await this.graphs.session(usableGraph(this.spec, kind));
  }

  decoder(cachedTokens: number, graph: DecodeGraph = fasterGraph(cachedTokens)): Decoder {
    return graphDecoder(this.graphs, usableGraph(this.spec, graph));
  }

  async score(
    sequences: Sequence[],
    scores: Scores,
    settings: Required<ScoreSettings>,
    afterRun: () => Promise<void>,
  ): Promise<void> {
    if (settings.mode === "tree") return await scoreTree(this.graphs, sequences, scores, settings, afterRun);
    const lengths = sequences.map((s) => s.tokens.length);
    const batches = settings.mode === "batch"
      ? planBatches(lengths, Math.min(settings.tokenBudget, settings.maxCachedTokens))
      : lengths.map((_, i) => [i]);
    for (const batch of batches) {
      if (!scores.isOpen(batch)) continue;
      await scoreBatch(this.graphs, sequences, batch, scores);
      await afterRun();
    }
  }

  async logitsAt(sequences: number[][], places: Place[]): Promise<Tensor> {
    const width = Math.max(...sequences.map((s) => s.length));
    const head = headFeeds(places.map(({ sequence, at }) => sequence * width + at));
    const session = await this.graphs.session("score");
    return (await session.run({ ...batchFeeds(this.graphs, sequences), ...head }, ["logits"])).logits;
  }

  async *logitsInPieces(tokens: number[], from: number, size: number): AsyncGenerator<Tensor> {
    const session = await this.graphs.session("score");
    let caches = emptyCaches(this.graphs, 1);
    for (let at = 0; at < tokens.length; at += size) {
      const piece = tokens.slice(at, at + size), isLast = at + size >= tokens.length;
      const first = Math.max(0, from - at);
      const feeds: Feeds = {
        ...sequenceFeeds(this.graphs, piece, { slots: at, caches }),
        ...headFeeds(piece.slice(first).map((_, i) => first + i)),
      };
      const out = await session.run(feeds, ["logits", ...(isLast ? [] : this.graphs.caches.map((c) => c.present))]);
      dropCaches(caches);
      if (!isLast) caches = carryCaches(this.graphs, out);
      yield out.logits;
    }
  }

  async argmaxAll(prompts: number[][]): Promise<number[]> {
    const rows = prompts.length * prompts[0].length, session = await this.graphs.session("score");
    const head = headFeeds(Array.from({ length: rows }, (_, i) => i));
    const { argmax } = await session.run({ ...batchFeeds(this.graphs, prompts), ...head }, ["argmax"]);
    return Array.from(argmax.data as BigInt64Array, Number);
  }

  close(): Promise<void> {
    return this.graphs.close();
  }
}

/** The rows on which the head works; log-probabilities of targets are not asked for. */
function headFeeds(rows: number[]): Feeds {
  return { rows: int64s(rows, [rows.length]), targets: int64s([0, 0], [1, 2]) };
}
