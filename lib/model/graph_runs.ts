/** Runs of graphs that are no model: probes of the machine, in a host's process. */
import { Buffer } from "node:buffer";
import { collapseToHugePages } from "./huge_pages.ts";
import type { GraphRunRequest, GraphRuns } from "./protocol.ts";
import { type Feeds, floats, openSession, physicalCores, type Session } from "./session.ts";

const opened = new Map<string, { session: Session; feeds: Feeds }>();

/** Time a graph; its session and inputs are kept, in huge pages where there are any, as a model's are. */
export async function graphRuns(request: GraphRunRequest): Promise<GraphRuns> {
  const { name, inputs, output, options: { provider, threads = physicalCores() }, repeats } = request;
  let graph = opened.get(name);
  if (!graph) {
    const session = await openSession(Buffer.from(request.model, "base64"), { provider, threads });
    const feeds = Object.fromEntries(
      Object.entries(inputs).map(([input, dims]) => {
        const elements = dims.reduce((product, dim) => product * dim, 1);
        return [input, floats(new Float32Array(elements).fill(1), dims)];
      }),
    );
    graph = { session, feeds };
    opened.set(name, graph);
    collapseToHugePages();
  }
  const ms: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    await graph.session.run(graph.feeds, [output]);
    ms.push(performance.now() - start);
  }
  return { ms, provider: graph.session.provider, threads };
}
