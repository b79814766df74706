/** Decoding with a graph that was made elsewhere: a run for every token, the choice on the host. */
import { chooseToken } from "../choose_token.ts";
import type { ChunkOptions, Decoder } from "../decoder.ts";
import type { ForeignGraphs, OpenedGraph } from "./foreign_graphs.ts";
import { type Group, runGraph, runHeads } from "./graph_run.ts";
import { joinGroups, startGroups } from "./groups.ts";

/**
 * Prompts that start together run as a batch; rows that were cached apart run one by one, since no layout says whether
 * its graph takes padding, and on which side.
 */
export function foreignDecoder(graphs: ForeignGraphs): Decoder<Group[]> {
  const form = graphs.stepForm, withHeads = form === "heads";
  const { layout } = graphs.found;
  return {
    mostTurns: Infinity,
    start: (prompts) => startGroups(layout, prompts),
    async prefill(prompts) {
      const graph = await graphs.open(form), rows = [];
      for (const prompt of prompts) {
        const { next } = await runLast(graph, withHeads, startGroups(layout, [prompt]).caches[0], [prompt]);
        rows.push({ caches: [next], row: 0, length: prompt.length });
      }
      return rows;
    },
    join: (rows) => joinGroups(layout, rows),
    async run({ ids, lengths, caches }, options) {
      const graph = await graphs.open(form), batch = ids.length;
      const tokens: number[][] = [], logprobs: number[] = [];
      let groups = caches, reads = ids;
      const ended = new Set<number>();
      for (let turn = 0; turn < options.turns && ended.size < batch; turn++) {
        const made: number[] = [], after: Group[] = [];
        for (const group of groups) {
          const first = made.length, own = reads.slice(first, first + group.tokens.length);
          const { logits, next } = await runLast(graph, withHeads, group, own);
          after.push(next);
          for (const [row, last] of logits.entries()) {
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

/** The logits of each row's last token, [rows, vocab], by whatever head there is. */
async function runLast(
  { session, layout }: OpenedGraph,
  withHeads: boolean,
  group: Group,
  ids: number[][],
): Promise<{ logits: Float32Array[]; next: Group }> {
  const batch = ids.length;
  if (withHeads) {
    const ran = ids[0].length + (layout.caches.length > 0 ? 0 : group.tokens[0].length);
    const rows = ids.map((_, row) => (row + 1) * ran - 1);
    const { out: { logits }, next } = await runHeads(session, layout, group, ids, { rows }, ["logits"]);
    const vocab = logits.dims[1], data = logits.data as Float32Array;
    return { logits: rows.map((_, row) => data.subarray(row * vocab, (row + 1) * vocab)), next };
  }
  const { logits, ran, next } = await runGraph(session, layout, group, ids), vocab = logits.length / (batch * ran);
  return { logits: ids.map((_, row) => logits.subarray(((row + 1) * ran - 1) * vocab, (row + 1) * ran * vocab)), next };
}
