/** From saved raw data to the same numbers again, without running anything. */
import { checkArgument, noOptions } from "../check/options.ts";
import { fileSize } from "../arch/file_range.ts";
import { anObject } from "../check/data.ts";
import { byType, word } from "../check/rules.ts";
import { type BenchmarkResult, benchmarkResult } from "../measure/benchmark_result.ts";
import { Comparison } from "./comparison.ts";
import type { ComparisonRaw } from "./raw.ts";

const SAVED = byType({ string: word, object: anObject() }, "a Comparison, a benchmark's result or the path of a file");

/**
 * Compute a saved result's numbers anew from its samples.
 *
 * @param saved A `Comparison` or `BenchmarkResult`, what `JSON.stringify` made of one, or the path of such a file.
 * @returns A comparison for a comparison, a benchmark's result for a benchmark.
 * @throws {Deno.errors.NotFound} If there is no such file.
 * @throws {SyntaxError} If the file is not JSON.
 * @throws {TypeError} If it holds neither.
 * @example
 * ```ts ignore
 * await Deno.writeTextFile("comparison.json", JSON.stringify(comparison));
 * const again = await reanalyse("comparison.json");
 * ```
 */
export function reanalyse(saved: string | Comparison | ComparisonRaw): Promise<Comparison>;
export function reanalyse(saved: string | BenchmarkResult): Promise<BenchmarkResult>;
export async function reanalyse(saved: unknown): Promise<Comparison | BenchmarkResult> {
  noOptions("reanalyse", arguments, 1);
  checkArgument("Cannot reanalyse", "saved", saved, SAVED);
  const data = typeof saved === "string" ? await read(saved) : saved instanceof Comparison ? saved.raw : saved;
  if (isBenchmark(data)) return benchmarkResult({ ...data, way: data.way ?? "loop" });
  return Comparison.fromJSON(data);
}

function isBenchmark(data: unknown): data is BenchmarkResult {
  return typeof data === "object" && data !== null && "percentilesMs" in data && "samples" in data && "spec" in data;
}

async function read(path: string): Promise<unknown> {
  await fileSize(path); // an error in words where there is none
  const text = await Deno.readTextFile(path);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`Cannot reanalyse ${path}: it is not JSON (${(error as Error).message})`);
  }
}
