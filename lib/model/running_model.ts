/**
 * A model that runs, whatever made its graphs. The public model, the host and all that generates, scores or compares
 * stand on this; what implements it are our own graphs (own_model.ts) and graphs made elsewhere.
 */
import type { DecodeGraph } from "../arch/batch_graph.ts";
import type { GraphKind } from "../arch/build.ts";
import type { ArchSpec } from "../arch/spec.ts";
import type { CacheSizes } from "./cache_sizes.ts";
import type { Decoder } from "./decoder.ts";
import type { ModelInfo } from "./info.ts";
import type { ScoreMode, ScoreSettings } from "./score_options.ts";
import type { Sequence } from "./score_request.ts";
import type { Scores } from "./scores.ts";
import type { Tensor } from "./session.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** A token of a list of sequences, whose logits are asked for. */
export interface Place {
  sequence: number;
  at: number;
}

export interface RunningModel {
  readonly info: ModelInfo;
  readonly tokenizer: Tokenizer;
  /** The architecture that the graphs were built from; null for a graph that was made elsewhere. */
  readonly spec: ArchSpec | null;
  readonly sizes: CacheSizes;
  /** The ways that it can score, the default first. */
  readonly scoreModes: readonly ScoreMode[];

  /** Create the sessions of graphs now; another graph stands for one that the model does not have. */
  prepare(graphs: readonly GraphKind[]): Promise<void>;

  /**
   * What continues prompts.
   *
   * @param cachedTokens In the caches of all rows together, at most.
   * @param graph Instead of the one that is the faster for so many tokens.
   */
  decoder(cachedTokens: number, graph?: DecodeGraph): Decoder;

  /**
   * Run sequences that are not scored yet.
   *
   * @param scores Takes the log-probability of each target.
   * @param afterRun Called after every run.
   */
  score(
    sequences: Sequence[],
    scores: Scores,
    settings: Required<ScoreSettings>,
    afterRun: () => Promise<void>,
  ): Promise<void>;

  /** Logits of some tokens of sequences that run side by side, [places, vocab]. */
  logitsAt(sequences: number[][], places: Place[]): Promise<Tensor>;

  /** Logits of a sequence's tokens from `from` on, in runs of `size` tokens, each behind those before: [rows, vocab]. */
  logitsInPieces(tokens: number[], from: number, size: number): AsyncGenerator<Tensor>;

  /** The most probable token behind every token of prompts of one length, [prompts * tokens], for timing. */
  argmaxAll(prompts: number[][]): Promise<number[]>;

  /** Ends the sessions and frees their memory. */
  close(): Promise<void>;
}
