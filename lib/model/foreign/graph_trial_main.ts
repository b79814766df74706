/** Runs the graph that its input describes, as `tryGraph` asks: a few tokens, and one more behind its caches. */
import type { ResolvedGraph } from "../../arch/foreign/resolved_graph.ts";
import { openSession } from "../session.ts";
import { emptyGroup, runGraph } from "./graph_run.ts";
import type { TrialAnswer } from "./graph_trial.ts";

async function tried({ path, layout, facts: { vocabSize } }: ResolvedGraph): Promise<TrialAnswer> {
  try {
    const session = await openSession(path, { provider: "cpu", threads: 1 });
    let group = emptyGroup(layout, 1);
    for (const ids of [[0, 1 % vocabSize, 0], [0]]) {
      const { logits, ran, next } = await runGraph(session, layout, group, [ids]);
      if (logits.length !== ran * vocabSize) {
        return {
          error: `it gives ${
            logits.length / ran
          } logits a token, and its configuration says a vocabulary of ${vocabSize}`,
        };
      }
      group = next;
    }
    return { ran: true };
  } catch (error) {
    return { error: `onnxruntime says: ${(error as Error).message}` };
  }
}

const graph = JSON.parse(await new Response(Deno.stdin.readable).text()) as ResolvedGraph;
console.log(JSON.stringify(await tried(graph)));
