/** Runs the graph that its input describes, as `tryGraph` asks: a few tokens, and one more behind its caches. */
import type { ResolvedGraph } from "../../arch/foreign/resolved_graph.ts";
import { pieceOf } from "./foreign_decoder.ts";
import { runGraph } from "./graph_run.ts";
import { emptyGroup } from "./group.ts";
import type { TrialAnswer } from "./graph_trial.ts";
import { openGraphs } from "./open_foreign.ts";

async function tried(graph: ResolvedGraph): Promise<TrialAnswer> {
  const { layout, facts: { vocabSize } } = graph;
  try {
    const graphs = await openGraphs(graph, { provider: "cpu", threads: 1 });
    let group = emptyGroup(layout, 1);
    for (const ids of [[0, 1 % vocabSize, 0], [0]]) {
      const size = pieceOf(graphs, ids.length, ids.length);
      for (let at = 0; at < ids.length; at += size) {
        const { dims: [, , vocab], next } = await runGraph(graphs, group, [ids.slice(at, at + size)]);
        if (vocab !== vocabSize) {
          return {
            error: `it gives ${vocab} logits a token, and its configuration says a vocabulary of ${vocabSize}`,
          };
        }
        group = next;
      }
    }
    return { ran: true };
  } catch (error) {
    return {
      error: `onnxruntime says: ${(error as Error).message.replace(/^Cannot open .*?: onnxruntime says: /, "")}`,
    };
  }
}

const graph = JSON.parse(await new Response(Deno.stdin.readable).text()) as ResolvedGraph;
console.log(JSON.stringify(await tried(graph)));
