/** The index of the largest value of a row, in two steps. */
import type { GraphBuilder } from "../onnx/graph_builder.ts";

/**
 * Emits the index of the largest of the last axis into `g`, the first one of equals: float [rows, count] -> int64 [rows].
 * ArgMax reads value by value on one thread, ReduceMax does not; so the row is cut, the maximum of every piece is taken,
 * and ArgMax sees those, then the one piece that holds the largest. Gemma's 262,144 logits: 30 us instead of 190.
 *
 * @param root Where constants go: `g`, or the outer one of a subgraph.
 */
export function emitArgmax(root: GraphBuilder, g: GraphBuilder, values: string, count: number): string {
  const int64 = (list: number[]) => root.literal("int64", [list.length], list);
  const pieces = middleDivisor(count), length = count / pieces;
  const cut = g.node("Reshape", [values, int64([-1, pieces, length])]);
  const largest = g.node("ReduceMax", [cut, int64([2])], { keepdims: 0 }); // [rows, pieces]
  const piece = g.node("ArgMax", [largest], { axis: 1, keepdims: 1 }); // [rows, 1]
  const within = g.node("ArgMax", [g.node("GatherND", [cut, piece], { batch_dims: 1 })], { axis: 1, keepdims: 1 });
  const before = g.node("Mul", [piece, int64([length])]);
  return g.node("Squeeze", [g.node("Add", [before, within]), int64([1])]);
}

/** The largest divisor that is not above the root. */
function middleDivisor(count: number): number {
  let divisor = Math.floor(Math.sqrt(count));
  while (count % divisor) divisor--;
  return divisor;
}
