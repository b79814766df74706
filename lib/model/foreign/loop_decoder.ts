/** Decoding with a graph that was made elsewhere as the body of a Loop: many tokens a run, chosen inside. */
import type { ChunkOptions, Decoder } from "../decoder.ts";
import { type Feeds, int64s } from "../session.ts";
import { madeTokens, turnFeeds } from "../turn_feeds.ts";
import type { ForeignGraphs, OpenedGraph } from "./foreign_graphs.ts";
import { cacheFeeds, type Group } from "./graph_run.ts";
import { joinGroups, startGroups } from "./groups.ts";

/** Rows that were cached apart run one by one, as in foreign_decoder.ts. */
export function loopDecoder(graphs: ForeignGraphs): Decoder<Group[]> {
  const { layout, facts: { vocabSize } } = graphs.found;
  return {
    mostTurns: Infinity,
    start: (prompts) => startGroups(layout, prompts),
    async prefill(prompts) {
      const graph = await graphs.open("loop"), rows = [];
      for (const prompt of prompts) {
        const { next } = await runLoop(
          graph,
          startGroups(layout, [prompt]).caches[0],
          [prompt],
          { turns: 1 },
          vocabSize,
        );
        rows.push({ caches: [next], row: 0, length: prompt.length });
      }
      return rows;
    },
    join: (rows) => joinGroups(layout, rows),
    async run({ ids, lengths, caches }, options) {
      const graph = await graphs.open("loop"), batch = ids.length, { turns } = options;
      // Rows that run apart end apart: then none ends a run before its turns are over, so that all have as many.
      const ends = caches.length > 1 && !options.suppressEos ? [] : options.endIds;
      const parts: { tokens: number[][]; logprobs: Float32Array }[] = [], after: Group[] = [];
      let first = 0;
      for (const group of caches) {
        const size = group.tokens.length, own = ids.slice(first, first + size);
        const uniforms = options.uniforms && columns(options.uniforms, turns, batch, first, size);
        const part = await runLoop(graph, group, own, { ...options, uniforms, endIds: ends }, vocabSize);
        parts.push(part);
        after.push(part.next);
        first += size;
      }
      const made = parts[0].tokens.map((_, turn) => parts.flatMap(({ tokens }) => tokens[turn]));
      const logprobs = parts[0].tokens.flatMap((_, turn) =>
        parts.flatMap(({ tokens, logprobs }) => {
          const size = tokens[0].length;
          return [...logprobs.subarray(turn * size, (turn + 1) * size)];
        })
      );
      const read = ids[0].length + made.length - 1;
      return {
        tokens: made,
        logprobs: options.logprobs ? Float32Array.from(logprobs) : null,
        next: {
          ids: made.at(-1)!.map((id) => [Math.max(0, id)]), // the id of a broken row is read by no one
          lengths: lengths.map((n) => n + read),
          caches: options.keepCaches === false ? [] : after,
        },
      };
    },
  };
}

async function runLoop(
  { session, layout }: OpenedGraph,
  { tokens, caches }: Group,
  ids: number[][],
  options: ChunkOptions,
  vocabSize: number,
): Promise<{ tokens: number[][]; logprobs: Float32Array; next: Group }> {
  const hasCaches = layout.caches.length > 0, batch = ids.length;
  const run = hasCaches ? ids : ids.map((row, i) => [...tokens[i], ...row]);
  const feeds: Feeds = {
    ...cacheFeeds(layout, caches),
    ids: int64s(run.flat(), [batch, run[0].length]),
    ...(hasCaches ? { cached: int64s([tokens[0].length], []) } : {}),
    ...turnFeeds(options, batch, vocabSize),
  };
  const kept = options.keepCaches === false ? [] : layout.caches;
  const out = await session.run(feeds, ["tokens", "logprobs", ...kept.map(({ present }) => present)]);
  const made = madeTokens(out.tokens, batch);
  const read = made.slice(0, -1); // the last token of a run is read by the next one
  return {
    tokens: made,
    logprobs: out.logprobs.data as Float32Array,
    next: {
      tokens: tokens.map((before, row) => [...before, ...ids[row], ...read.map((turn) => Math.max(0, turn[row]))]),
      caches: kept.map(({ present }) => out[present]),
    },
  };
}

/** The columns of some rows of [turns, batch]. */
function columns(values: Float32Array, turns: number, batch: number, first: number, size: number): Float32Array {
  if (size === batch) return values;
  return Float32Array.from(
    { length: turns * size },
    (_, i) => values[Math.floor(i / size) * batch + first + i % size],
  );
}
