/** How the models of a comparison decode: in one way, or there is no saying whose architecture is the faster. */
import { isResolvedGraph } from "../arch/foreign/resolved_graph.ts";
import type { FoundModel } from "../arch/resolve_any.ts";
import type { DecodeWay } from "../model/info.ts";

export interface DecodeWays {
  /** What was asked for; by default the loop if all can, else the step for all. */
  way: DecodeWay;
  /** Of models that cannot decode so, their own. */
  ownWays: Record<string, DecodeWay>;
}

/** The ways of a graph made elsewhere are what is added to it; our own graphs have both. */
function waysOf(model: FoundModel): DecodeWay[] {
  return isResolvedGraph(model) && model.options.optimise !== "loop" ? ["step"] : ["loop", "step"];
}

/** @param asked The caller's; a model that cannot keeps its own, and is not compared with the others then. */
export function planWays(models: Record<string, FoundModel>, asked?: DecodeWay): DecodeWays {
  const ways = Object.entries(models).map(([name, model]) => ({ name, ways: waysOf(model) }));
  const way = asked ?? (ways.every(({ ways }) => ways.includes("loop")) ? "loop" : "step");
  const others = ways.filter(({ ways }) => !ways.includes(way));
  return { way, ownWays: Object.fromEntries(others.map(({ name, ways }) => [name, ways[0]])) };
}

/** The way of one model of a result; files of earlier versions have one way for all. */
export function wayOf(
  { way, ownWays }: { way?: DecodeWay; ownWays?: Record<string, DecodeWay> },
  model: string,
): DecodeWay {
  return ownWays?.[model] ?? way ?? "loop";
}
