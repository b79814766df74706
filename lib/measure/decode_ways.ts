/** One way of decoding for all models of a measurement: a loop inside of one graph beside steps of another compares runtimes. */
import { isResolvedGraph } from "../arch/foreign/resolved_graph.ts";
import type { FoundModel } from "../arch/model_facts.ts";
import type { DecodeWay } from "../model/info.ts";

/** The ways that a model can decode, the fastest first, before it is opened. */
export function waysOf(found: FoundModel): readonly DecodeWay[] {
  if (!isResolvedGraph(found)) return ["loop", "step"];
  return found.options.optimise === "loop" ? ["loop", "step"] : ["step"];
}

/** "loop" where all models can, else "step", which every graph can. */
export function commonWay(ways: (readonly DecodeWay[])[]): DecodeWay {
  return ways.every((of) => of.includes("loop")) ? "loop" : "step";
}

/** How the models of a measurement decode. */
export interface WaysTaken {
  /** That all take, or that was asked for. */
  way: DecodeWay;
  /** Of each model, where not all can take it. Absent: all take it. */
  ways?: Record<string, DecodeWay>;
}

/**
 * One way for all: the one that was asked for, else "loop" where all models can, else "step". A model that cannot take
 * the one that was asked for takes the one that it has, and is not compared with the others.
 *
 * @throws {RangeError} If none of them can.
 */
export function waysTaken(models: Record<string, FoundModel>, asked: DecodeWay | undefined): WaysTaken {
  const can = Object.entries(models).map(([name, found]) => [name, waysOf(found)] as const);
  const way = asked ?? commonWay(can.map(([, ways]) => ways));
  if (can.every(([, ways]) => ways.includes(way))) return { way };
  if (!can.some(([, ways]) => ways.includes(way))) {
    const names = can.map(([name]) => `"${name}"`).join(", ");
    throw new RangeError(
      `Cannot decode ${names} by "${way}": graphs made elsewhere run as they are, a run for each token; leave way out`,
    );
  }
  return { way, ways: Object.fromEntries(can.map(([name, ways]) => [name, ways.includes(way) ? way : ways[0]])) };
}

/** How a model decoded. */
export function wayOf({ way, ways }: WaysTaken, name: string): DecodeWay {
  return ways?.[name] ?? way;
}

/** Whether the decode speeds of two models would compare runtimes. */
export function waysDiffer(taken: WaysTaken, a: string, b: string): boolean {
  return wayOf(taken, a) !== wayOf(taken, b);
}
