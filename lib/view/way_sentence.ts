/** One line on how the models of a comparison decoded, where that is not in a loop inside of every graph. */
import { wayOf } from "../measure/decode_ways.ts";
import type { ComparisonData } from "./comparison_data.ts";

/** @returns None for batches alone, and where all decoded in a loop. */
export function waySentence({ raw }: ComparisonData): string[] {
  const { way, models, settings } = raw;
  if (!way || !settings.some(({ kind }) => kind === "generation")) return [];
  const names = Object.keys(models), taken = { way, ways: raw.ways };
  const steps = names.filter((name) => wayOf(taken, name) === "step"), loops = names.filter((n) => !steps.includes(n));
  if (!steps.length) return [];
  if (loops.length) {
    return [
      `${list(loops)} ${loops.length > 1 ? "decode" : "decodes"} in a loop inside the graph, ${
        list(steps)
      } by a run of ` +
      "the graph for each token: such speeds compare runtimes, so these pairs have no verdict; without way, all decode " +
      "in the same one.",
    ];
  }
  const bound = names.filter((name) => models[name].info?.ways?.includes("loop") === false);
  const why = bound.length ? `, since the graph of ${list(bound)} runs as it was made` : "";
  return [`${names.length > 1 ? "All models decode" : "It decodes"} by a run of the graph for each token${why}.`];
}

function list(names: string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
