/** A graph that was made elsewhere as its costs are counted: with the heads that it runs with. */
import type { OnnxModel } from "../../onnx/onnx_model.ts";
import { readModel } from "../../onnx/read_model.ts";
import { openForSurgery } from "../../onnx/surgery/foreign_file.ts";
import { headsGraph } from "./heads_graph.ts";
import type { GraphLayout } from "./layout.ts";
import type { ResolvedGraph } from "./resolved_graph.ts";

/** A pass in a loop is a pass by the heads: the loop itself costs nothing. */
export async function countedGraph(
  { path, layout, facts: { vocabSize }, options: { optimise } }: ResolvedGraph,
): Promise<{ model: OnnxModel; layout: GraphLayout }> {
  if (!optimise) return { model: await readModel(path), layout };
  try {
    const heads = headsGraph(await openForSurgery(path), layout, vocabSize);
    return { model: await readModel(heads.bytes), layout: heads.layout };
  } catch (cause) {
    throw new TypeError(`Cannot count ${path} with optimise "${optimise}": ${(cause as Error).message}`, { cause });
  }
}
