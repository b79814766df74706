/** Decoding with a graph that was made elsewhere: a run for every token, the choice on the host. */
import type { GraphLayout } from "../../arch/foreign/layout.ts";
import { chooseToken } from "../choose_token.ts";
import type { CachedRow, ChunkOptions, Decoder } from "../decoder.ts";
import { emptyGroup, type Group, groupOf, type GroupRow } from "./group.ts";
import { type OpenedGraphs, runGraph } from "./graph_run.ts";
import type { SideBySide } from "./side_by_side.ts";

/** Tokens of a prefill's run: matrix products are near their peak there, and the logits that come out are not too many. */
const PREFILL_TOKENS = 512;

/** A batch: rows that run together, by their places in it; or rows that were put together and wait for it. */
export type ForeignCaches = { parts: Part[] } | { waiting: GroupRow[] };

interface Part {
  places: number[];
  group: Group;
}

export interface OpenedModel extends OpenedGraphs {
  /** Which rows can run side by side: found when it is first asked for. */
  sideBySide(): Promise<SideBySide>;
}

/** Rows run as one batch where the graph takes that, else those of one length do. */
export function foreignDecoder(open: () => Promise<OpenedModel>, layout: GraphLayout): Decoder<ForeignCaches> {
  const batches = (rows: readonly unknown[]) =>
    layout.only.rows === 1 ? rows.map((_, row) => [row]) : [[...rows.keys()]];
  return {
    mostTurns: Infinity,
    start: (prompts) => ({
      ids: prompts,
      lengths: prompts.map(() => 0),
      caches: { parts: batches(prompts).map((places) => ({ places, group: emptyGroup(layout, places.length) })) },
    }),
    async prefill(prompts) {
      const model = await open(), rows: CachedRow<ForeignCaches>[] = new Array(prompts.length);
      const isAlone = prompts.length < 2 || await model.sideBySide() === "alone";
      for (const places of byLength(prompts, isAlone ? 1 : PREFILL_TOKENS)) {
        const group = await read(model, places.map((place) => prompts[place]));
        const caches = { parts: [{ places: places.map((_, row) => row), group }] };
        places.forEach((place, row) => rows[place] = { caches, row, length: prompts[place].length });
      }
      return rows;
    },
    join: (rows) => ({
      waiting: rows.map((row) => row ? rowOf(row.caches, row.row) : { group: emptyGroup(layout, 1), row: 0 }),
    }),
    async run({ ids, lengths, caches }, options) {
      const model = await open(), batch = ids.length;
      const tokens: number[][] = [], logprobs: number[] = [];
      let parts = "parts" in caches ? caches.parts : await gathered(model, caches.waiting), reads = ids;
      const ended = new Set<number>();
      for (let turn = 0; turn < options.turns && ended.size < batch; turn++) {
        const made = new Array<number>(batch), after: Part[] = [];
        for (const { places, group } of parts) {
          const { last, next } = await runLast(model, group, places.map((place) => reads[place]), options.mostTokens);
          after.push({ places, group: next });
          for (const [row, place] of places.entries()) {
            const { id, logprob } = chooseToken(last(row), choiceOf(options, turn * batch + place));
            made[place] = id;
            logprobs[turn * batch + place] = logprob ?? NaN;
            if (options.endIds?.includes(id)) ended.add(place);
          }
        }
        tokens.push(made);
        parts = after;
        reads = made.map((id) => [Math.max(0, id)]); // the id of a broken row is read by no one
      }
      const read = ids[0].length + tokens.length - 1;
      return {
        tokens,
        logprobs: options.logprobs ? Float32Array.from(logprobs) : null,
        next: {
          ids: reads,
          lengths: lengths.map((n) => n + read),
          caches: options.keepCaches === false ? { parts: [] } : { parts },
        },
      };
    },
  };
}

/** Prompts of one length into caches. */
async function read(model: OpenedModel, prompts: number[][]): Promise<Group> {
  let group = emptyGroup(model.layout, prompts.length);
  if (model.layout.caches.length === 0) return { ...group, tokens: prompts };
  const size = pieceOf(model, prompts[0].length, PREFILL_TOKENS);
  for (let at = 0; at < prompts[0].length; at += size) {
    const ids = prompts.map((prompt) => prompt.slice(at, at + size));
    group = (await runGraph(model, group, ids, { logits: "none", mostTokens: prompts[0].length })).next;
  }
  return group;
}

/** Tokens of one run of so many: all of them for a graph that reads from the start only. */
export function pieceOf({ first, layout }: OpenedGraphs, tokens: number, most: number): number {
  return first || layout.caches.length === 0 ? tokens : layout.only.tokens ?? most;
}

/** One run, or one a token where the graph takes no more: the logits of each row's last token. */
async function runLast(model: OpenedModel, group: Group, ids: number[][], mostTokens?: number) {
  const size = pieceOf(model, ids[0].length, Infinity);
  let next = group, last = (_row: number): Float32Array => new Float32Array();
  for (let at = 0; at < ids[0].length; at += size) {
    const piece = ids.map((row) => row.slice(at, at + size));
    const { logits, dims: [, ran, vocab], next: after } = await runGraph(model, next, piece, {
      logits: "last",
      mostTokens,
    });
    next = after;
    last = (row) => logits.subarray(((row + 1) * ran - 1) * vocab, (row + 1) * ran * vocab);
  }
  return { last, next };
}

/** Rows as batches: one where the graph takes padding, else one of each length. */
async function gathered(model: OpenedModel, rows: GroupRow[]): Promise<Part[]> {
  const tokens = rows.map(({ group, row }) => group.tokens[row]);
  const together = rows.length > 1 ? await model.sideBySide() : "alone";
  const batches = together === "any" ? [[...rows.keys()]] : byLength(tokens, together === "alike" ? Infinity : 1);
  return batches.map((places) => ({ places, group: groupOf(model.layout, places.map((place) => rows[place])) }));
}

/** Places of sequences that are alike in length and have so many tokens together at most, or are alone. */
export function byLength(sequences: number[][], mostTokens: number): number[][] {
  const alike = Map.groupBy(sequences.keys(), (place) => sequences[place].length);
  return [...alike].flatMap(([length, places]) => {
    const size = Math.max(1, Math.floor(mostTokens / Math.max(1, length))), batches: number[][] = [];
    for (let at = 0; at < places.length; at += size) batches.push(places.slice(at, at + size));
    return batches;
  });
}

function choiceOf({ temperature, topK, topP, uniforms, endIds, suppressEos, logprobs }: ChunkOptions, at: number) {
  return { temperature, topK, topP, uniform: uniforms?.[at], suppressed: suppressEos ? endIds : [], logprob: logprobs };
}

/** A row of a batch. */
export function rowOf(caches: ForeignCaches, place: number): GroupRow {
  if ("waiting" in caches) return caches.waiting[place];
  for (const { places, group } of caches.parts) {
    if (places.includes(place)) return { group, row: places.indexOf(place) };
  }
  throw new RangeError(`Cannot join rows: there is no row ${place} in the batch`);
}
