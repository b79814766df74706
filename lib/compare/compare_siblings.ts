/** Trained siblings compared: the speed of one model each, the quality of all their seeds. */
import { checkArgument, checkOptions } from "../check/options.ts";
import { joinSeeds } from "../eval/join_seeds.ts";
import { SIBLINGS } from "../train/siblings_field.ts";
import type { SiblingsResult } from "../train/train_siblings.ts";
import { COMPARE_OPTIONS, compareArchitectures, type CompareOptions } from "./compare_architectures.ts";
import { Comparison } from "./comparison.ts";

/**
 * `compareArchitectures` of what `trainSiblings` made. Speed does not depend on the weights' values and is that of the
 * first seed; tasks are run by every seed's model, so that a difference is one of architectures and not of two draws
 * of weights: its unit is a training run.
 *
 * @throws As `compareArchitectures`, and RangeError for a task with subjects or programs.
 * @example
 * ```ts ignore
 * const siblings = await trainSiblings({ llama, hybrid }, { task: { kind: "text" }, parameters: 1e6, tokens: 2e6 });
 * const comparison = await compareSiblings(siblings, {
 *   throughput: [{ promptTokens: 128, newTokens: 64 }],
 *   tasks: { bits_per_byte: await pythonTexts() },
 * });
 * ```
 */
export async function compareSiblings(result: SiblingsResult, options: CompareOptions = {}): Promise<Comparison> {
  checkArgument("Cannot compare siblings", "result", result, SIBLINGS);
  const { siblings } = result;
  checkOptions("Cannot compare siblings", options, COMPARE_OPTIONS);
  const entries = Object.entries(siblings), tasks = Object.keys(options.tasks ?? {});
  const ofSeed = (seed: number) => Object.fromEntries(entries.map(([name, { runs }]) => [name, runs[seed].ref]));
  const first = await compareArchitectures(ofSeed(0), options);
  if (!tasks.length) return first;
  const others = [];
  for (let seed = 1; seed < entries[0][1].runs.length; seed++) {
    others.push(await compareArchitectures(ofSeed(seed), { ...options, throughput: [] }));
  }
  const all = [first, ...others].map(({ raw }) => raw);
  const joined = tasks.map((task) => [
    task,
    Object.fromEntries(entries.flatMap(([name]) => {
      const results = all.flatMap((raw) => raw.tasks[task][name] ?? []);
      return results.length === all.length ? [[name, joinSeeds(results)]] : []; // a seed that failed is in `failures`
    })),
  ]);
  return new Comparison({
    ...first.raw,
    tasks: Object.fromEntries(joined),
    failures: all.flatMap((raw) => raw.failures),
    seconds: all.reduce((sum, { seconds }) => sum + seconds, 0),
  });
}
