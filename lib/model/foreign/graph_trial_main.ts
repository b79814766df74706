/** Runs the graph that its input describes, as `tryGraph` asks: a few tokens, and one more behind its caches. */
import type { ResolvedGraph } from "../../arch/foreign/resolved_graph.ts";
import { pieceOf } from "./foreign_decoder.ts";
import { runGraph } from "./graph_run.ts";
import { emptyGroup } from "./group.ts";
import type { TrialAnswer } from "./graph_trial.ts";
import { openForeign, openGraphs } from "./open_foreign.ts";

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
    if (graph.options.optimise) await triedWith(graph);
    return { ran: true };
  } catch (error) {
    const { message } = error as Error;
    if (message.includes("with optimise")) return { error: message };
    return {
      error: `onnxruntime says: ${(error as Error).message.replace(/^Cannot open .*?: onnxruntime says: /, "")}`,
    };
  }
}

/** The graph with what is added to it: two tokens behind a few, by each session that will run. */
async function triedWith(graph: ResolvedGraph): Promise<void> {
  const settings = { provider: "cpu", threads: 1 } as const, prompt = [0, 1 % graph.facts.vocabSize, 0];
  const model = await openForeign({ ...graph, tokenizer: "bytes" }, settings);
  await model.logitsAt([prompt], [{ sequence: 0, at: 2 }]);
  const decoder = model.decoder();
  await decoder.run(decoder.start([prompt]), { turns: 2 });
  await model.close();
}

const graph = JSON.parse(await new Response(Deno.stdin.readable).text()) as ResolvedGraph;
console.log(JSON.stringify(await tried(graph)));
