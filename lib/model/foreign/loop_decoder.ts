/** Decoding with a graph that was made elsewhere as the body of a Loop: many tokens a run, chosen inside. */
import type { GraphLayout } from "../../arch/foreign/layout.ts";
import type { CachedRow, ChunkOptions, Decoder } from "../decoder.ts";
import { type Feeds, int64s, type Session } from "../session.ts";
import { madeTokens, turnFeeds } from "../turn_feeds.ts";
import { byLength, type ForeignCaches, rowOf } from "./foreign_decoder.ts";
import { emptyGroup, type Group, groupOf } from "./group.ts";

export interface LoopModel {
  session: Session;
  layout: GraphLayout;
  vocabSize: number;
}

/** Tokens of one prefill: what its run holds grows with the square of them in some graphs. */
const PREFILL_TOKENS = 512;

/** Rows of one length run together; those of others run one batch after the other, since the loop has no padding. */
export function loopDecoder(open: () => Promise<LoopModel>, layout: GraphLayout): Decoder<ForeignCaches> {
  return {
    mostTurns: Infinity,
    start: (prompts) => ({
      ids: prompts,
      lengths: prompts.map(() => 0),
      caches: { parts: [{ places: prompts.map((_, row) => row), group: emptyGroup(layout, prompts.length) }] },
    }),
    async prefill(prompts) {
      const model = await open(), rows: CachedRow<ForeignCaches>[] = new Array(prompts.length);
      for (const places of byLength(prompts, PREFILL_TOKENS)) {
        const ids = places.map((place) => prompts[place]);
        const { next } = await runLoop(model, emptyGroup(layout, ids.length), ids, { turns: 1 });
        const caches = { parts: [{ places: places.map((_, row) => row), group: next }] };
        places.forEach((place, row) => rows[place] = { caches, row, length: prompts[place].length });
      }
      return rows;
    },
    join: (rows) => ({
      waiting: rows.map((row) => row ? rowOf(row.caches, row.row) : { group: emptyGroup(layout, 1), row: 0 }),
    }),
    async run({ ids, lengths, caches }, options) {
      const model = await open(), batch = ids.length, { turns } = options, parts = partsOf(layout, caches);
      // Batches end apart: then none ends before its turns are over, so that all have as many.
      const endIds = parts.length > 1 && !options.suppressEos ? [] : options.endIds;
      const tokens: number[][] = [], logprobs: number[] = [], after: typeof parts = [];
      for (const { places, group } of parts) {
        const uniforms = options.uniforms && columns(options.uniforms, turns, batch, places);
        const run = await runLoop(model, group, places.map((place) => ids[place]), { ...options, uniforms, endIds });
        after.push({ places, group: run.next });
        run.tokens.forEach((made, turn) => {
          tokens[turn] ??= new Array(batch);
          places.forEach((place, row) => {
            tokens[turn][place] = made[row];
            logprobs[turn * batch + place] = run.logprobs[turn * places.length + row];
          });
        });
      }
      const read = ids[0].length + tokens.length - 1;
      return {
        tokens,
        logprobs: options.logprobs ? Float32Array.from(logprobs) : null,
        next: {
          ids: tokens.at(-1)!.map((id) => [Math.max(0, id)]), // the id of a broken row is read by no one
          lengths: lengths.map((n) => n + read),
          caches: { parts: options.keepCaches === false ? [] : after },
        },
      };
    },
  };
}

function partsOf(layout: GraphLayout, caches: ForeignCaches) {
  if ("parts" in caches) return caches.parts;
  const rows = caches.waiting, lengths = rows.map(({ group, row }) => group.tokens[row]);
  return byLength(lengths, Infinity).map((places) => ({
    places,
    group: groupOf({ ...layout, sharesBuffers: false }, places.map((place) => rows[place])),
  }));
}

async function runLoop(
  { session, layout, vocabSize }: LoopModel,
  { tokens, caches }: Group,
  ids: number[][],
  options: ChunkOptions,
): Promise<{ tokens: number[][]; logprobs: Float32Array; next: Group }> {
  const hasCaches = layout.caches.length > 0, batch = ids.length;
  const run = hasCaches ? ids : ids.map((row, i) => [...tokens[i], ...row]);
  const feeds: Feeds = {
    ...caches,
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
      caches: Object.fromEntries(kept.map(({ past, present }) => [past, out[present]])),
    },
  };
}

/** The columns of some rows of [turns, batch]. */
function columns(values: Float32Array, turns: number, batch: number, places: number[]): Float32Array {
  return Float32Array.from(
    { length: turns * places.length },
    (_, i) => values[Math.floor(i / places.length) * batch + places[i % places.length]],
  );
}
