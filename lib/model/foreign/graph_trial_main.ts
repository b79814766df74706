/** Runs the graph that its input describes, as `tryGraph` asks, in every form that it will run in. */
import type { ResolvedGraph } from "../../arch/foreign/resolved_graph.ts";
import { ForeignGraphs, type Form } from "./foreign_graphs.ts";
import { emptyGroup, runGraph } from "./graph_run.ts";
import { foreignDecoder } from "./foreign_decoder.ts";
import { loopDecoder } from "./loop_decoder.ts";
import type { TrialAnswer } from "./graph_trial.ts";

/** A few tokens, and one more behind their caches. */
async function tried(found: ResolvedGraph): Promise<TrialAnswer> {
  const { layout, facts: { vocabSize } } = found, graphs = new ForeignGraphs(found, { provider: "cpu", threads: 1 });
  const prompt = [0, 1 % vocabSize, 0];
  const forms: Record<Form, () => Promise<unknown>> = {
    async plain() {
      const { session } = await graphs.open("plain");
      const { logits, ran } = await runGraph(session, layout, emptyGroup(layout, 1), [prompt]);
      if (logits.length === ran * vocabSize) return await twoTurns(foreignDecoder(graphs));
      const width = logits.length / ran;
      throw new RangeError(`it gives ${width} logits a token, and its configuration says a vocabulary of ${vocabSize}`);
    },
    heads: () => twoTurns(foreignDecoder(graphs)),
    loop: () => twoTurns(loopDecoder(graphs)),
  };
  const twoTurns = (decoder: ReturnType<typeof loopDecoder>) => decoder.run(decoder.start([prompt]), { turns: 2 });
  try {
    for (const form of new Set([graphs.stepForm, graphs.decodeForm])) await forms[form]();
    return { ran: true };
  } catch (error) {
    return { error: (error as Error).message };
  } finally {
    await graphs.close().catch(() => {});
  }
}

const graph = JSON.parse(await new Response(Deno.stdin.readable).text()) as ResolvedGraph;
console.log(JSON.stringify(await tried(graph)));
