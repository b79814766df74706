/** lm-eval's per-document files as results that pair with ours: a model that ran elsewhere, on the same items. */
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { LEVEL } from "../../check/common.ts";
import { object, optional } from "../../check/objects.ts";
import { checkArgument, checkOptions } from "../../check/options.ts";
import { byType, list, word } from "../../check/rules.ts";
import type { Estimate } from "../../stats/estimate.ts";
import { accuracy, aggregate, bitsPerByte, higherIsBetter } from "../metrics.ts";
import { kOfMetric, passMetrics } from "../generated/pass_metrics.ts";
import { findTask, taskNames } from "../registry.ts";
import { type ScoredTask, type Task, taskMetrics } from "../task.ts";
import { type EvalItem, type EvalResult, itemValue } from "../types.ts";
import { leafName } from "./forms.ts";
import { jsonLines } from "./json_lines.ts";
import { itemOfSample } from "./sample_item.ts";

/**
 * What lm-eval's files say of one task. `tokens` of an item is 0, which the files do not hold; a HellaSwag item knows
 * its source, an MMLU item its subject.
 */
export type ReadResult = Pick<EvalResult, "task" | "n" | "items" | "metrics" | "higherIsBetter" | "data">;

export interface ReadOptions {
  /** The task, where a folder has samples of several, or a file's name does not say it. */
  task?: string;
  /** lm-eval's filter, where a file has rows of several, e.g. "strict-match". */
  filter?: string;
  /** Coverage of the metrics' intervals. Default 0.95. */
  level?: number;
}

export const READ_OPTIONS = object<ReadOptions>({ task: optional(word), filter: optional(word), level: optional(LEVEL) });
const PATHS = byType({ string: word, list: list(word, { min: 1 }) }, "a path or a list of paths");

const MAX_ROWS = 2_000_000;
const FILE_NAME = /^samples_(.+)_(\d{4}-\d{2}-\d{2}T[\d.-]+)\.jsonl$/;

/**
 * Read `samples_<task>_<time>.jsonl`: one file, several (the subjects of MMLU), or a folder, of which the newest samples
 * are taken.
 *
 * @throws {SyntaxError} For a line that is no JSON; with file and line.
 * @throws {TypeError} For a row without the fields of lm-eval, one that contradicts itself, or one that is there twice.
 * @throws {RangeError} If the files are of several tasks, or hold no row.
 * @example A model that lm-eval ran against one that ran here
 * ```ts ignore
 * const theirs = await readLmEvalSamples("results/my__model", { task: "hellaswag" });
 * qualityTable(comparePaired({ ours, theirs }));
 * ```
 */
export async function readLmEvalSamples(paths: string | string[], options: ReadOptions = {}): Promise<ReadResult> {
  checkArgument("Cannot read lm-eval's samples", "paths", paths, PATHS);
  checkOptions("Cannot read lm-eval's samples", options, READ_OPTIONS);
  const { level = 0.95 } = options;
  const files = (await Promise.all((Array.isArray(paths) ? paths : [paths]).map((path) => filesOf(path, options))))
    .flat();
  const names = [...new Set(files.map((file) => file.task))];
  if (names.length !== 1) {
    throw new RangeError(
      names.length
        ? `Cannot read lm-eval's samples as one result: they are of the tasks ${names.join(", ")}; pass task`
        : `Cannot read lm-eval's samples: there are none in ${[paths].flat().join(", ")}` +
          (options.task ? ` of the task ${options.task}` : ""),
    );
  }
  const task = taskNames().includes(names[0]) ? findTask(names[0]) : undefined;
  const items: EvalItem[] = [];
  for (const file of files) await addItems(items, file, task, options.filter);
  if (!items.length) throw new RangeError(`Cannot read lm-eval's samples: ${files[0].path} holds no row`);
  const metrics = metricsOf(items, task, level);
  return {
    task: names[0],
    n: items.length,
    items,
    metrics,
    higherIsBetter: Object.fromEntries(Object.keys(metrics).map((m) => [m, higherIsBetter(m)])),
    data: `${files.length === 1 ? files[0].path : `${files.length} samples files`}, written by lm-eval`,
  };
}

interface SamplesFile {
  path: string;
  task: string;
  subject?: string;
}

async function filesOf(path: string, { task }: ReadOptions): Promise<SamplesFile[]> {
  const isFolder = (await stat(path)).isDirectory();
  if (!isFolder) {
    const name = FILE_NAME.exec(basename(path))?.[1];
    if (name === undefined && task === undefined) {
      throw new RangeError(`Cannot read ${path}: its name is not samples_<task>_<time>.jsonl; pass task`);
    }
    return [{ path, ...(name === undefined ? { task: task! } : partOf(name)) }];
  }
  const found = (await readdir(path)).sort().flatMap((file) => {
    const match = FILE_NAME.exec(file);
    return match ? [{ path: join(path, file), time: match[2], ...partOf(match[1]) }] : [];
  }).filter((file) => task === undefined || file.task === task);
  const newest = found.reduce((latest, { time }) => time > latest ? time : latest, "");
  return found.filter(({ time }) => time === newest).map(({ time: _, ...file }) => file);
}

/** "mmlu_anatomy" is the subject anatomy of our task mmlu. */
function partOf(name: string): { task: string; subject?: string } {
  for (const taskName of taskNames()) {
    const task = findTask(taskName);
    if (task.kind !== "choice" || !task.subjects) continue;
    const subject = Object.values(task.subjects.groups).flat().find((subject) => leafName(taskName, subject) === name);
    if (subject !== undefined) return { task: taskName, subject };
  }
  return { task: name };
}

async function addItems(
  items: EvalItem[],
  { path, subject }: SamplesFile,
  task: Task | undefined,
  wanted: string | undefined,
): Promise<void> {
  const lines = new Map<number, number>(), filters = new Set<string>();
  for await (const { line, row } of jsonLines(path)) {
    const where = `${path}, line ${line}`, filter = typeof row.filter === "string" ? row.filter : "none";
    if (wanted !== undefined && filter !== wanted) continue;
    filters.add(filter);
    if (filters.size > 1) {
      throw new TypeError(
        `Cannot read ${where}: the file has rows of the filters ${[...filters].join(", ")}; pass filter`,
      );
    }
    const item = itemOfSample(row, where, subject, task);
    const before = lines.get(item.row);
    if (before !== undefined) throw new TypeError(`Cannot read ${where}: doc_id ${item.row} is in line ${before} too`);
    lines.set(item.row, line);
    if (items.push(item) > MAX_ROWS) throw new RangeError(`Cannot read ${where}: more than ${MAX_ROWS} rows`);
  }
}

/** Those of the task's metrics that all items have; where we know no such task, what a file may have. */
function metricsOf(items: EvalItem[], task: Task | undefined, level: number): Record<string, Estimate> {
  const names = task ? taskMetrics(task) : ["acc", "acc_norm", "bits_per_byte"];
  const found = names.filter((name) => items.every((item) => hasMetric(item, name)));
  if (task?.kind === "generate") return passMetrics(items, found.map((name) => kOfMetric(name)!), level);
  if (task) return aggregate({ ...task, metrics: found } as ScoredTask, items, level).metrics;
  const estimate = (name: string) =>
    name === "bits_per_byte" ? bitsPerByte(items, level) : accuracy(items, name, level);
  return Object.fromEntries(found.map((name) => [name, estimate(name)]));
}

function hasMetric(item: EvalItem, metric: string): boolean {
  switch (metric) {
    case "perplexity":
      return item.goldLogLikelihood !== undefined;
    case "word_perplexity":
    case "byte_perplexity":
      return item.bits !== undefined && item.words !== undefined;
    default:
      return itemValue(item, metric) !== null;
  }
}
