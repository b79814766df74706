/** Decoding with a graph that was made elsewhere: a run for every token, the choice on the host. */
import type { GraphLayout } from "../../arch/foreign/layout.ts";
import { chooseToken } from "../choose_token.ts";
import type { ChunkOptions, Decoder } from "../decoder.ts";
import type { Session } from "../session.ts";
import { emptyGroup, type Group, rowOf, runGraph } from "./graph_run.ts";

/**
 * Prompts that start together run as a batch; rows that were cached apart run one by one, since no layout says whether
 * its graph takes padding, and on which side.
 */
export function foreignDecoder(open: () => Promise<Session>, layout: GraphLayout): Decoder<Group[]> {
  return {
    mostTurns: Infinity,
    start: (prompts) => ({
      ids: prompts,
      lengths: prompts.map(() => 0),
      caches: [emptyGroup(layout, prompts.length)],
    }),
    async prefill(prompts) {
      const session = await open(), rows = [];
      for (const prompt of prompts) {
        const { next } = await runGraph(session, layout, emptyGroup(layout, 1), [prompt]);
        rows.push({ caches: [next], row: 0, length: prompt.length });
      }
      return rows;
    },
    join: (rows) => rows.map((cached) => cached ? groupOf(cached.caches, cached.row) : emptyGroup(layout, 1)),
    async run({ ids, lengths, caches }, options) {
      const session = await open(), batch = ids.length;
      const tokens: number[][] = [], logprobs: number[] = [];
      let groups = caches, reads = ids;
      const ended = new Set<number>();
      for (let turn = 0; turn < options.turns && ended.size < batch; turn++) {
        const made: number[] = [], after: Group[] = [];
        for (const group of groups) {
          const first = made.length, own = reads.slice(first, first + group.tokens.length);
          const { logits, ran, next } = await runGraph(session, layout, group, own);
          after.push(next);
          const vocab = logits.length / (own.length * ran);
          for (let row = 0; row < own.length; row++) {
            const last = logits.subarray(((row + 1) * ran - 1) * vocab, (row + 1) * ran * vocab);
            const { id, logprob } = chooseToken(last, choiceOf(options, turn * batch + first + row));
            made.push(id);
            logprobs.push(logprob ?? NaN);
            if (options.endIds?.includes(id)) ended.add(first + row);
          }
        }
        tokens.push(made);
        groups = after;
        reads = made.map((id) => [Math.max(0, id)]); // the id of a broken row is read by no one
      }
      const read = ids[0].length + tokens.length - 1;
      return {
        tokens,
        logprobs: options.logprobs ? Float32Array.from(logprobs) : null,
        next: { ids: reads, lengths: lengths.map((n) => n + read), caches: options.keepCaches === false ? [] : groups },
      };
    },
  };
}

function choiceOf({ temperature, topK, topP, uniforms, endIds, suppressEos, logprobs }: ChunkOptions, at: number) {
  return { temperature, topK, topP, uniform: uniforms?.[at], suppressed: suppressEos ? endIds : [], logprob: logprobs };
}

/** The row of a batch as a group of its own. */
function groupOf(groups: Group[], row: number): Group {
  let at = row;
  for (const group of groups) {
    if (at < group.tokens.length) return rowOf(group, at);
    at -= group.tokens.length;
  }
  throw new RangeError(`Cannot join rows: there is no row ${row} in the batch`);
}
