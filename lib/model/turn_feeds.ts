/** What steers the turns of a decoding Loop (lib/arch/end_of_turn.ts), and the tokens that come out of it. */
import type { ChunkOptions } from "./decoder.ts";
import { bool, type Feeds, floats, int64s, type Tensor } from "./session.ts";

/** The inputs that most runs leave as they are: greedy, no end, no log-probabilities. */
const SETTINGS: Feeds = {
  eos: int64s([-1], [1]),
  suppress_eos: bool(false),
  temperature: floats([0], []),
  top_p: floats([1], []),
  want_logprobs: bool(false),
};

export function turnFeeds(options: ChunkOptions, batch: number, vocabSize: number): Feeds {
  const { turns } = options;
  const feeds: Feeds = {
    ...SETTINGS,
    max_new: int64s([turns], []),
    uniforms: floats(options.uniforms ?? new Float32Array(turns * batch), [turns, batch]),
    top_k: int64s([options.topK || vocabSize], [1]),
  };
  if (options.endIds?.length) feeds.eos = int64s([...options.endIds], [options.endIds.length]);
  if (options.suppressEos) feeds.suppress_eos = bool(true);
  if (options.temperature) feeds.temperature = floats([options.temperature], []);
  if (options.topP !== undefined) feeds.top_p = floats([options.topP], []);
  if (options.logprobs) feeds.want_logprobs = bool(true);
  return feeds;
}

/** Tokens of a Loop, int64 [turns, batch], as numbers. */
export function madeTokens({ data }: Tensor, batch: number): number[][] {
  const ids = data as BigInt64Array;
  return Array.from(
    { length: ids.length / batch },
    (_, turn) => Array.from(ids.subarray(turn * batch, (turn + 1) * batch), Number),
  );
}
