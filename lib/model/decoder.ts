/** What decodes the rows of a batch: the part of a running model that continues prompts. */

/** One sequence in the caches of a batch. */
export interface CachedRow<Caches> {
  caches: Caches;
  row: number;
  /** Tokens of it. */
  length: number;
}

/** State of a batch between two runs. */
export interface DecodeState<Caches> {
  /** The ids that the next run reads, [batch][tokens]. */
  ids: number[][];
  /** Tokens of each row in the caches, [batch]. */
  lengths: number[];
  caches: Caches;
}

export interface ChunkOptions {
  turns: number;
  temperature?: number;
  topK?: number;
  topP?: number;
  /** [turns * batch], needed for a temperature above 0. */
  uniforms?: Float32Array;
  /** Ids that end a row. Default: none. */
  endIds?: readonly number[];
  suppressEos?: boolean;
  logprobs?: boolean;
  /** Tokens that any row will have at most: caches get no more slots in advance. */
  mostTokens?: number;
  /** Whether the caches come out: only when another run follows (they are copied). Default true. */
  keepCaches?: boolean;
}

/** What some turns brought. */
export interface Chunk<Caches> {
  /** [turns][batch]; -1 where logits were not finite. Fewer turns than were asked for when all rows ended. */
  tokens: number[][];
  /** [turns * batch], where asked for. */
  logprobs: Float32Array | null;
  /** The state to go on from; without caches where they were not kept. */
  next: DecodeState<Caches>;
}

/**
 * Decodes in one way. Its caches are its own: whoever holds them passes them back and looks at nothing inside.
 *
 * Rows do not change one another but for the rounding of matrix products of another height.
 */
export interface Decoder<Caches = unknown> {
  /** Turns of one run at most. */
  readonly mostTurns: number;
  /** The start of a generation: prompts of one length, nothing cached. */
  start(prompts: number[][]): DecodeState<Caches>;
  /** Put prompts of at least one token into caches, without choosing a token. */
  prefill(prompts: number[][]): Promise<CachedRow<Caches>[]>;
  /** The caches of a new batch, in which null is a row with nothing cached. */
  join(rows: (CachedRow<Caches> | null)[]): Caches;
  /** One run: `turns` tokens for every row. The state's caches may be changed, and serve no second run. */
  run(state: DecodeState<Caches>, options: ChunkOptions): Promise<Chunk<Caches>>;
}
