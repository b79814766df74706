/** SiLU, x * sigmoid(x), in one pass: QuickGelu is x * sigmoid(alpha x). */
import { MS } from "../../onnx/graph_builder.ts";
import type { Nodes } from "../nodes.ts";

export function emitSilu({ g }: Nodes, x: string): string {
  return g.node("QuickGelu", [x], { alpha: { float: 1 } }, { domain: MS });
}
