/** lm-eval's per-document files as results that pair with ours: a model that ran elsewhere, on the same items. */
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { stat } from "../../arch/file_range.ts";
import { LEVEL } from "../../check/common.ts";
import { object, optional } from "../../check/objects.ts";
import { checkArgument, checkOptions } from "../../check/options.ts";
import { byType, list, word } from "../../check/rules.ts";
import type { Estimate } from "../../stats/estimate.ts";
import { higherIsBetter, metricEstimate } from "../metrics.ts";
import { kOfMetric, passMetrics } from "../generated/pass_metrics.ts";
import { findTask, taskNames } from "../registry.ts";
import { type Task, taskMetrics } from "../task.ts";
import type { EvalItem, EvalResult } from "../types.ts";
import { leafName } from "./forms.ts";
import { jsonLines } from "./json_lines.ts";
import { type SampleFields, sampleFields } from "./sample_fields.ts";
import { itemsOfSamples } from "./sample_item.ts";
import { itemValue } from "../item_value.ts";

/**
 * What lm-eval's files say of one task. `tokens` of an item is 0, which the files do not hold; a HellaSwag item knows
 * its source, an MMLU item its subject. `notes` says which of the file's metrics are left out, and why.
 */
export type ReadResult = Pick<EvalResult, "task" | "n" | "items" | "metrics" | "higherIsBetter" | "data" | "notes">;

export interface ReadOptions {
  /** The task, where a folder has samples of several, or a file's name does not say it. */
  task?: string;
  /** lm-eval's filter, where a file has rows of several, e.g. "strict-match". */
  filter?: string;
  /** Coverage of the metrics' intervals. Default 0.95. */
  level?: number;
}

export const READ_OPTIONS = object<ReadOptions>({
  task: optional(word),
  filter: optional(word),
  level: optional(LEVEL),
});
const PATHS = byType({ string: word, list: list(word, { min: 1 }) }, "a path or a list of paths");

const MAX_ROWS = 2_000_000;
const FILE_NAME = /^samples_(.+)_(\d{4}-\d{2}-\d{2}T[\d.-]+)\.jsonl$/;

/**
 * Read `samples_<task>_<time>.jsonl`: one file, several (the subjects of MMLU), or a folder, of which the newest samples
 * are taken. Every kind of request is read: choices (also those of which the contexts differ, or several are right),
 * continuations, whole texts, and answers in words.
 *
 * Of a task that is not ours the metrics are the file's own, means over its documents: its code may count in any way.
 *
 * @throws {Deno.errors.NotFound} If there is no such file or folder.
 * @throws {SyntaxError} For a line that is no JSON; with file and line.
 * @throws {TypeError} For a row without the fields of lm-eval, one that is there twice, or one of our tasks that
 * contradicts itself; for a file with several filters, or of whose metrics none is a number of a document.
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
  const tasks = [...new Set(files.map((file) => file.task))], [taskName] = tasks;
  if (tasks.length !== 1) {
    throw new RangeError(
      tasks.length
        ? `Cannot read lm-eval's samples as one result: they are of the tasks ${tasks.join(", ")}; pass task`
        : `Cannot read lm-eval's samples: there are none in ${[paths].flat().join(", ")}` +
          (options.task ? ` of the task ${options.task}` : ""),
    );
  }
  const task = taskNames().includes(taskName) ? findTask(taskName) : undefined;
  const items: EvalItem[] = [], notes: string[] = [], names: string[] = [];
  for (const file of files) {
    const samples = await samplesOf(file, options.filter);
    const found = itemsOfSamples(samples, file.subject, task);
    for (const item of found.items) items.push(item);
    notes.push(...found.notes);
    for (const { metrics } of samples) for (const name in metrics) if (!names.includes(name)) names.push(name);
  }
  const found = metricsOf(items, task, names, level);
  return {
    task: taskName,
    n: items.length,
    items,
    metrics: found.metrics,
    higherIsBetter: Object.fromEntries(Object.keys(found.metrics).map((m) => [m, higherIsBetter(m)])),
    data: `${files.length === 1 ? files[0].path : `${files.length} samples files`}, written by lm-eval`,
    notes: [...notes, ...found.notes],
  };
}

interface SamplesFile {
  path: string;
  task: string;
  subject?: string;
}

async function filesOf(path: string, { task }: ReadOptions): Promise<SamplesFile[]> {
  const found = await stat(path);
  if (!found) throw new Deno.errors.NotFound(`Cannot read ${path}: there is no such file or folder`);
  if (!found.isDirectory) {
    const name = FILE_NAME.exec(basename(path))?.[1];
    if (name === undefined && task === undefined) {
      throw new RangeError(`Cannot read ${path}: its name is not samples_<task>_<time>.jsonl; pass task`);
    }
    return [{ path, ...(name === undefined ? { task: task! } : partOf(name)) }];
  }
  const samples = (await readdir(path)).sort().flatMap((file) => {
    const match = FILE_NAME.exec(file);
    return match ? [{ path: join(path, file), time: match[2], ...partOf(match[1]) }] : [];
  }).filter((file) => task === undefined || file.task === task);
  const newest = samples.reduce((latest, { time }) => time > latest ? time : latest, "");
  return samples.filter(({ time }) => time === newest).map(({ time: _, ...file }) => file);
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

/** The lines of a file with the wanted filter, or with the only one. */
async function samplesOf({ path }: SamplesFile, wanted: string | undefined): Promise<SampleFields[]> {
  const samples: SampleFields[] = [], lines = new Map<number, number>(), filters = new Map<string, number>();
  for await (const { line, row } of jsonLines(path)) {
    const where = `${path}, line ${line}`, filter = typeof row.filter === "string" ? row.filter : "none";
    if (!filters.has(filter)) filters.set(filter, line);
    if (wanted === undefined ? filters.size > 1 : filter !== wanted) continue;
    const sample = sampleFields(row, where), before = lines.get(sample.row);
    if (before !== undefined) {
      throw new TypeError(`Cannot read ${where}: doc_id ${sample.row} is in line ${before} too`);
    }
    lines.set(sample.row, line);
    if (samples.push(sample) > MAX_ROWS) throw new RangeError(`Cannot read ${where}: more than ${MAX_ROWS} rows`);
  }
  const names = [...filters.keys()].join(", ");
  if (wanted === undefined && filters.size > 1) {
    throw new TypeError(
      `Cannot read ${path}, line ${[...filters.values()][1]}: the file has rows of the filters ${names}; pass filter`,
    );
  }
  if (samples.length) return samples;
  throw new RangeError(
    `Cannot read lm-eval's samples: ${path} holds no row` +
      (filters.size ? ` of the filter ${JSON.stringify(wanted)}; there are ${names}` : ""),
  );
}

/** Those that all items have: of our task its own and the file's others, of another task the file's. */
function metricsOf(
  items: EvalItem[],
  task: Task | undefined,
  inFile: string[],
  level: number,
): { metrics: Record<string, Estimate>; notes: string[] } {
  const ours = task ? taskMetrics(task) : [];
  const names = [...ours, ...inFile.filter((name) => !ours.includes(name))];
  const found = names.filter((name) => items.every((item) => hasMetric(item, name)));
  const notes = inFile.filter((name) => !found.includes(name)).map((name) => leftOut(items, name));
  if (!found.length && items.every((item) => item.correct !== null)) found.push("acc");
  if (!found.length) {
    throw new TypeError(
      `Cannot read lm-eval's samples: none of their metrics (${
        inFile.join(", ") || "there are none"
      }) is a number of ` +
        "each document; lm-eval aggregates them over all documents at once",
    );
  }
  return {
    metrics: Object.fromEntries(found.map((name) => [name, estimateOf(items, name, level)])),
    notes,
  };
}

function estimateOf(items: EvalItem[], name: string, level: number): Estimate {
  const k = kOfMetric(name);
  if (k !== null && items.every((item) => item.samples)) return passMetrics(items, [k], level)[name];
  return metricEstimate(items, name, level);
}

function leftOut(items: EvalItem[], name: string): string {
  const n = items.filter((item) => hasMetric(item, name)).length;
  return `${name} is left out: ${
    n ? `${n} of ${items.length} documents have it` : "the file has no number of it for a document"
  }.`;
}

function hasMetric(item: EvalItem, metric: string): boolean {
  if (item.values?.[metric] !== undefined) return true;
  switch (metric) {
    case "perplexity":
      return item.goldLogLikelihood !== undefined && item.bits === undefined;
    case "word_perplexity":
    case "byte_perplexity":
      return item.bits !== undefined && item.words !== undefined;
    default:
      return itemValue(item, metric) !== null;
  }
}
