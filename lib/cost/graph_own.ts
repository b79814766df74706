/** What a graph made elsewhere brings itself: its caches, and forms that nobody else chooses. */
import type { Precision } from "../arch/model_ref.ts";
import type { CostedGraph } from "./costed_graph.ts";

/** Bytes of all its caches behind so many tokens; a graph keeps every token, whatever window its attention has. */
export function graphKvCacheBytes(graph: CostedGraph, tokens: number, batch = 1): number {
  return batch * (tokens * graph.cacheBytesPerToken + graph.stateBytes);
}

/** @throws {RangeError} If a graph is asked about in another precision than its own. */
export function requireOwnPrecision(cannot: string, graph: CostedGraph, asked: Precision | undefined): void {
  if (asked === undefined || asked === "stored" || asked === graph.precision) return;
  throw new RangeError(
    `${cannot} of ${graph.name} at "${asked}": its graph is ${graph.precision}; leave the precision out, or pass the ` +
      "model's spec",
  );
}

/** @throws {RangeError} If a graph's caches are asked about in other numbers than its own. */
export function refuseElementBytes(graph: CostedGraph, asked: number | undefined): void {
  if (asked === undefined) return;
  throw new RangeError(
    `Cannot estimate the KV cache of ${graph.name} with numbers of ${asked} bytes: its graph has its own; leave ` +
      "bytesPerElement out",
  );
}
