/** How the models of a comparison ran, where graphs made elsewhere are among them. */
import { wayOf } from "../measure/decode_ways.ts";
import type { ComparisonData } from "./comparison_data.ts";

/** None where all run by our own graphs. */
export function waysSentence({ raw }: ComparisonData): string[] {
  const foreign = Object.entries(raw.models).filter(([, { info }]) => info?.ways);
  if (foreign.length === 0) return [];
  const how = foreign.map(([name, { info }]) => `${name} ${info!.precisionLabel}`).join(", ");
  const stepped = foreign.filter(([, { info }]) => !info!.ways!.includes("loop")).map(([name]) => name);
  const own = Object.keys(raw.models).filter((name) => wayOf(raw, name) !== (raw.way ?? "loop"));
  const all = own.length > 0
    ? `; ${own.join(", ")} ${own.length > 1 ? "decode" : "decodes"} by ${
      wayOf(raw, own[0])
    }, the others by ${raw.way}, ` +
      "and their generations are not compared"
    : raw.way === "step"
    ? `; all models decode one run a token` +
      (stepped.length > 0 ? `, as ${stepped.join(" and ")} must (optimise: "loop" takes a graph into a loop)` : "")
    : "; all models decode in a loop inside the graph";
  return [`Graphs made elsewhere: ${how}${all}.`];
}
