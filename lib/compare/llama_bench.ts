/** Results of llama.cpp's `llama-bench`, to stand beside ours. */
import { readFile } from "node:fs/promises";
import { fileSize } from "../arch/file_range.ts";
import { LEVEL } from "../check/common.ts";
import { object, optional } from "../check/objects.ts";
import { checkArgument, checkOptions } from "../check/options.ts";
import { word } from "../check/rules.ts";
import type { Estimate } from "../stats/estimate.ts";
import { meanInterval } from "../stats/mean_interval.ts";
import { shownField } from "../store/loose_json.ts";
import { type Entry, unreadable } from "./llama_bench/entry.ts";
import { jsonEntries } from "./llama_bench/json_entries.ts";
import { csvEntries, markdownEntries } from "./llama_bench/tables.ts";
import { decodeText } from "./llama_bench/text.ts";

/** One test of llama-bench: one model, one shape, several repetitions in one process. */
export interface LlamaBenchRow {
  /** As llama.cpp names it, e.g. "llama 1B Q4_0". */
  model: string;
  /** Null in a Markdown table, which does not name it. */
  modelFile: string | null;
  /** `pp512` is a prompt, `tg128` generation, `pp512+tg128` both; `@ d1024` behind so many tokens in the cache. */
  test: string;
  promptTokens: number;
  newTokens: number;
  depth: number;
  threads: number | null;
  backends: string | null;
  /** Build number and commit. */
  build: string | null;
  /** Of a Markdown table to two decimals of its unit, as `parameters`. */
  modelBytes: number | null;
  parameters: number | null;
  testTime: string | null;
  /**
   * Tokens/s over repetitions: the mean of their rates, with a t interval where the file holds at least two samples,
   * which tables do not. Repetitions follow one another in one process: what differs between processes (memory layout,
   * threads) and drift are not in the interval.
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
 * Read what llama-bench printed with `-o json`, `jsonl`, `csv` or `md`, in UTF-8 or UTF-16, also with lines of its log
 * around the results. Of several forms in one file the first of these counts: JSON alone holds the samples.
 *
 * @throws {Deno.errors.NotFound} If there is no such file.
 * @throws {SyntaxError} If it is none of these, or damaged or cut off; with the line.
 * @throws {TypeError} For an entry without the fields of llama-bench, with the entry and the field; or without entries.
 * @throws {RangeError} If the file is too large.
 */
export async function readLlamaBench(path: string, options: LlamaBenchOptions = {}): Promise<LlamaBenchRow[]> {
  checkArgument("Cannot read llama-bench output", "path", path, word);
  checkOptions("Cannot read llama-bench output", options, LLAMA_BENCH_OPTIONS);
  const size = await fileSize(path);
  if (size > MAX_BYTES) {
    throw new RangeError(`Cannot read ${path} as llama-bench output: ${size} bytes are more than ${MAX_BYTES}`);
  }
  const text = decodeText(await readFile(path));
  const forms = [jsonEntries, csvEntries, markdownEntries].map((read) => read(text, path));
  const found = forms.filter((list) => list !== null);
  const entries = found.find((list) => list.length);
  if (entries) return entries.map((entry) => rowOf(entry, options));
  if (found.length || text.trim() === "") {
    throw new TypeError(`Cannot read ${path} as llama-bench output: it holds no result`);
  }
  throw unreadable(
    path,
    /^INSERT INTO \w+ \(build_commit,/m.test(text)
      ? "it is SQL (-o sql); load it into a database, or run llama-bench with -o json"
      : `it is none of -o json, jsonl, csv and md; it starts with ${shownField(text.trimStart().slice(0, 60))}`,
  );
}

function rowOf({ value, where }: Entry, { level = 0.95 }: LlamaBenchOptions): LlamaBenchRow {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`Cannot read ${where} as llama-bench output: expected an object, got ${shownField(value)}`);
  }
  const entry = value as Record<string, unknown>;
  const wrong = (field: string, wanted: string) =>
    new TypeError(
      `Cannot read ${where} as llama-bench output: field "${field}" must be ${wanted}, got ${shownField(entry[field])}`,
    );
  const count = (field: string, missing?: number) => {
    const found = entry[field] ?? missing;
    if (typeof found !== "number" || !Number.isSafeInteger(found) || found < 0) throw wrong(field, "an integer >= 0");
    return found;
  };
  const promptTokens = count("n_prompt"), newTokens = count("n_gen"), depth = count("n_depth", 0);
  const tokens = promptTokens + newTokens;
  if (!tokens) throw wrong("n_gen", "above 0 where n_prompt is 0");
  const samples = samplesOf(entry, tokens, wrong);
  const word = (field: string) => typeof entry[field] === "string" ? entry[field] : null;
  const number = (field: string) => typeof entry[field] === "number" ? entry[field] : null;
  const model = word("model_type");
  if (model === null) throw wrong("model_type", "text");
  const build = number("build_number"), commit = word("build_commit");
  return {
    model,
    modelFile: word("model_filename"),
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
    tokensPerS: estimateOf(samples, level, () => averageOf(entry, tokens, wrong)),
    samples,
  };
}

function testName(promptTokens: number, newTokens: number, depth: number): string {
  const parts = [...(promptTokens ? [`pp${promptTokens}`] : []), ...(newTokens ? [`tg${newTokens}`] : [])];
  return parts.join("+") + (depth ? ` @ d${depth}` : "");
}

type Wrong = (field: string, wanted: string) => TypeError;

/** The rate of each repetition; none where the file has only the mean. */
function samplesOf({ samples_ns: times = [] }: Record<string, unknown>, tokens: number, wrong: Wrong): number[] {
  if (!Array.isArray(times) || times.length > MAX_SAMPLES || !times.every(isPositive)) {
    throw wrong("samples_ns", "a list of times above 0");
  }
  return times.map((ns) => 1e9 * tokens / ns);
}

/** llama-bench's own mean of rates; where there is only the mean time, the rate of that. */
function averageOf({ avg_ts, avg_ns }: Record<string, unknown>, tokens: number, wrong: Wrong): number {
  if (avg_ts === undefined && isPositive(avg_ns)) return 1e9 * tokens / avg_ns;
  if (!isPositive(avg_ts)) throw wrong("avg_ts", "a number above 0");
  return avg_ts;
}

function isPositive(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value > 0;
}

/** The mean of rates, and its spread over repetitions. */
function estimateOf(samples: number[], level: number, average: () => number): Estimate {
  if (samples.length >= 2) return meanInterval(samples, { level });
  return { point: samples[0] ?? average(), low: null, high: null, level, n: samples.length };
}
