/** Results of llama.cpp's `llama-bench -o json` or `-o jsonl`, to stand beside ours. */
import { stat } from "node:fs/promises";
import { LEVEL } from "../check/common.ts";
import { object, optional } from "../check/objects.ts";
import { checkArgument, checkOptions } from "../check/options.ts";
import { word } from "../check/rules.ts";
import type { Estimate } from "../stats/estimate.ts";
import { meanInterval } from "../stats/mean_interval.ts";

/** One test of llama-bench: one model, one shape, several repetitions in one process. */
export interface LlamaBenchRow {
  /** As llama.cpp names it, e.g. "llama 1B Q4_0". */
  model: string;
  modelFile: string;
  /** `pp512` is a prompt, `tg128` generation, `pp512+tg128` both; `@ d1024` behind so many tokens in the cache. */
  test: string;
  promptTokens: number;
  newTokens: number;
  depth: number;
  threads: number | null;
  backends: string | null;
  /** Build number and commit. */
  build: string | null;
  modelBytes: number | null;
  parameters: number | null;
  testTime: string | null;
  /**
   * Tokens/s over repetitions, with a t interval where the file holds at least two samples. Repetitions follow one
   * another in one process: what differs between processes (memory layout, threads) and drift are not in the interval.
   */
  tokensPerS: Estimate;
  /** Tokens/s of each repetition, [repetitions]; empty where the file has only the mean. */
  samples: number[];
}

/** How a file of llama-bench is read. */
export interface LlamaBenchOptions {
  /** Coverage of the intervals over repetitions. Default 0.95. */
  level?: number;
}
export const LLAMA_BENCH_OPTIONS = object<LlamaBenchOptions>({ level: optional(LEVEL) });

/** A result file is some kilobytes; what is larger is something else. */
const MAX_BYTES = 64 * 2 ** 20;
const MAX_SAMPLES = 1_000_000;

/**
 * Read a file of llama-bench.
 *
 * @throws {SyntaxError} If it is not JSON or JSONL; with the line of JSONL.
 * @throws {TypeError} For an entry without the fields of llama-bench; with the entry and the field.
 * @throws {RangeError} If the file is too large.
 */
export async function readLlamaBench(path: string, options: LlamaBenchOptions = {}): Promise<LlamaBenchRow[]> {
  checkArgument("Cannot read llama-bench output", "path", path, word);
  checkOptions("Cannot read llama-bench output", options, LLAMA_BENCH_OPTIONS);
  const { size } = await stat(path);
  if (size > MAX_BYTES) {
    throw new RangeError(`Cannot read ${path} as llama-bench output: ${size} bytes are more than ${MAX_BYTES}`);
  }
  const entries = parse(await Deno.readTextFile(path), path);
  if (!entries.length) throw new TypeError(`Cannot read ${path} as llama-bench output: it holds no result`);
  return entries.map(({ value, where }) => rowOf(value, where, options));
}

function parse(text: string, path: string): { value: unknown; where: string }[] {
  const json = (line: string, where: string): unknown => {
    try {
      return JSON.parse(line);
    } catch (error) {
      throw new SyntaxError(`Cannot read ${where} as llama-bench output: ${(error as Error).message}`);
    }
  };
  if (text.trimStart().startsWith("[")) {
    return (json(text, path) as unknown[]).map((value, i) => ({ value, where: `${path}, entry ${i}` }));
  }
  return text.split("\n").flatMap((line, i) => {
    const where = `${path}, line ${i + 1}`;
    return line.trim() === "" ? [] : [{ value: json(line, where), where }];
  });
}

function rowOf(value: unknown, where: string, { level = 0.95 }: LlamaBenchOptions): LlamaBenchRow {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`Cannot read ${where} as llama-bench output: expected an object, got ${shown(value)}`);
  }
  const entry = value as Record<string, unknown>;
  const wrong = (field: string, wanted: string) =>
    new TypeError(
      `Cannot read ${where} as llama-bench output: field "${field}" must be ${wanted}, got ${shown(entry[field])}`,
    );
  const text = (field: string) => {
    const found = entry[field];
    if (typeof found !== "string") throw wrong(field, "text");
    return found;
  };
  const count = (field: string, missing?: number) => {
    const found = entry[field] ?? missing;
    if (typeof found !== "number" || !Number.isSafeInteger(found) || found < 0) throw wrong(field, "an integer >= 0");
    return found;
  };
  const promptTokens = count("n_prompt"), newTokens = count("n_gen"), depth = count("n_depth", 0);
  const tokens = promptTokens + newTokens;
  if (!tokens) throw wrong("n_gen", "above 0 where n_prompt is 0");
  const times = entry.samples_ns ?? [];
  const isTime = (ns: unknown): ns is number => typeof ns === "number" && Number.isFinite(ns) && ns > 0;
  if (!Array.isArray(times) || times.length > MAX_SAMPLES || !times.every(isTime)) {
    throw wrong("samples_ns", "a list of times above 0");
  }
  const samples = times.map((ns) => 1e9 * tokens / ns);
  const word = (field: string) => typeof entry[field] === "string" ? entry[field] : null;
  const number = (field: string) => typeof entry[field] === "number" ? entry[field] : null;
  const build = number("build_number"), commit = word("build_commit");
  return {
    model: text("model_type"),
    modelFile: text("model_filename"),
    test: testName(promptTokens, newTokens, depth),
    promptTokens,
    newTokens,
    depth,
    threads: number("n_threads"),
    backends: word("backends"),
    build: build === null ? commit : `${build} (${commit ?? "unknown commit"})`,
    modelBytes: number("model_size"),
    parameters: number("model_n_params"),
    testTime: word("test_time"),
    tokensPerS: estimateOf(samples, entry.avg_ts, level, () => wrong("avg_ts", "a number above 0")),
    samples,
  };
}

function testName(promptTokens: number, newTokens: number, depth: number): string {
  const parts = [...(promptTokens ? [`pp${promptTokens}`] : []), ...(newTokens ? [`tg${newTokens}`] : [])];
  return parts.join("+") + (depth ? ` @ d${depth}` : "");
}

/** llama-bench's mean of rates, and its spread over repetitions. */
function estimateOf(samples: number[], average: unknown, level: number, wrong: () => TypeError): Estimate {
  if (samples.length >= 2) return meanInterval(samples, { level });
  const point = samples[0] ?? average;
  if (typeof point !== "number" || !(point > 0 && Number.isFinite(point))) throw wrong();
  return { point, low: null, high: null, level, n: samples.length };
}

function shown(value: unknown): string {
  if (value === undefined) return "nothing (it is missing)";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}
