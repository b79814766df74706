/** Results written as lm-eval writes them, so that what reads its files reads ours. */
import { mkdir, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { object, optional } from "../../check/objects.ts";
import { checkArgument, checkOptions } from "../../check/options.ts";
import { date, entries, word } from "../../check/rules.ts";
import { readSplit } from "../../store/dataset.ts";
import { requestHash, sha256, taskHash } from "../hashes.ts";
import { readQuestions, scoreRequestsOf } from "../questions.ts";
import { findTask } from "../registry.ts";
import type { SelectedRow } from "../select_rows.ts";
import type { Task } from "../task.ts";
import type { EvalItem, EvalResult, Row } from "../types.ts";
import { generationKwargs, leafName } from "./forms.ts";
import { type Leaf, resultsFile, type WrittenTask } from "./results.ts";
import { sampleOf } from "./sample.ts";

export interface WriteOptions {
  /** The rows that were passed to the evaluation (of one result). Default: the task's dataset is read again. */
  rows?: Row[];
  /** Default: the model's name with its precision, "smollm2-135m_int4". The folder is named after it. */
  modelName?: string;
  /** The time in the files' names. Default: now. */
  now?: Date;
}

export const WRITE_OPTIONS = object<WriteOptions>({
  rows: optional(entries()),
  modelName: optional(word),
  now: optional(date),
});

/**
 * Write `<folder>/<model>/results_<time>.json` and `samples_<task>_<time>.jsonl` as lm-eval 0.4.13 does: a task with
 * subjects as one task a subject with its groups, every document with its requests, answers, metrics and hashes. An item
 * holds no text, so documents and prompts are made again from the rows; each must have the item's prompt hash.
 *
 * What lm-eval knows and this library does not (git hash, transformers' version) is null; `config.model` is "archbench".
 *
 * @param results One model's results, each of another task; several models' are written one after the other.
 * @returns Paths, the results file first.
 * @throws {TypeError} If the results are not of one model or repeat a task, or the rows are not those of the result.
 */
export async function writeLmEvalFiles(
  results: EvalResult | EvalResult[],
  folder: string,
  options: WriteOptions = {},
): Promise<string[]> {
  checkArgument("Cannot write lm-eval's files", "folder", folder, word);
  checkOptions("Cannot write lm-eval's files", options, WRITE_OPTIONS);
  const list = Array.isArray(results) ? results : [results];
  requireOneModel(list, options);
  const { model } = list[0].environment;
  const { modelName = `${model.name}_${model.precision}`, now = new Date() } = options;
  const stamp = now.toISOString().replace("Z", "").replaceAll(":", "-");
  const sanitized = sanitizedName(modelName), path = join(folder, sanitized);
  await mkdir(path, { recursive: true });
  const written: WrittenTask[] = [], samplePaths: string[] = [];
  for (const result of list) {
    const task = findTask(result.task), leaves: Leaf[] = [];
    for (const [subject, items] of Map.groupBy(result.items, (item) => item.subject)) {
      const name = leafName(task.name, subject);
      const file = join(path, `samples_${sanitizedName(name)}_${stamp}.jsonl`);
      leaves.push({ name, subject, items, ...await writeSamples(file, task, result, items, options.rows) });
      samplePaths.push(file);
    }
    written.push({ task, result, leaves });
  }
  const file = join(path, `results_${stamp}.json`);
  await writeFile(file, JSON.stringify(resultsFile(written, modelName, sanitized), null, 2), { flag: "wx" });
  return [file, ...samplePaths];
}

function requireOneModel(results: EvalResult[], { rows }: WriteOptions): void {
  const cannot = "Cannot write lm-eval's files:";
  if (!results.length) throw new RangeError(`${cannot} there is no result`);
  const models = new Set(results.map(({ environment: { model } }) => `${model.name} ${model.precisionLabel}`));
  if (models.size > 1) {
    throw new TypeError(`${cannot} results of several models (${[...models].join(", ")}); write each model's alone`);
  }
  const names = results.map((r) => r.task), twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw new TypeError(`${cannot} task ${twice} is there twice; write its results one by one`);
  if (rows && results.length > 1) throw new TypeError(`${cannot} rows belong to one result; write it alone`);
}

/** lm-eval's rule for names of models in paths. */
export function sanitizedName(name: string): string {
  return name.replaceAll(/["<>:/|\\?*[\]]+/g, "__");
}

/** Write the samples of one of lm-eval's tasks, a line each. */
async function writeSamples(
  path: string,
  task: Task,
  result: EvalResult,
  items: EvalItem[],
  passed: Row[] | undefined,
): Promise<{ total: number; hash: string }> {
  const { rows, total } = await rowsOf(task, result, items, passed);
  const prompts = await promptsOf(task, result, rows);
  const metrics = Object.keys(result.metrics),
    hashes: { docHash: string; promptHash: string; targetHash: string }[] = [];
  const generation = result.generated ? generationKwargs(result.generated.settings) : {};
  const file = await open(path, "wx");
  try {
    for (const [i, item] of items.entries()) {
      const prompt = prompts.get(item.row);
      if (prompt === undefined || !isQuestionOf(item, prompt)) {
        const name = leafName(task.name, item.subject);
        throw new TypeError(
          `Cannot write lm-eval's files: ${name} row ${item.row} is not the question that was evaluated (prompt_hash or ` +
            "the hash of its requests differs); pass rows: the rows that were given to evaluateTask",
        );
      }
      const sample = sampleOf(task, rows[i].row, prompt, item, metrics, generation);
      hashes.push({ docHash: sample.doc_hash, promptHash: sample.prompt_hash, targetHash: sample.target_hash });
      await file.write(JSON.stringify(sample) + "\n");
    }
  } finally {
    await file.close();
  }
  return { total, hash: taskHash(hashes) };
}

type Prompt = Parameters<typeof sampleOf>[2];

/** Results of earlier versions have the hash of the prompt alone. */
function isQuestionOf({ promptHash, requestHash: hash }: EvalItem, prompt: Prompt): boolean {
  if (typeof prompt === "string") return sha256(prompt) === promptHash;
  if ("text" in prompt) return sha256(prompt.text) === promptHash;
  return hash === undefined ? sha256(prompt.context) === promptHash : requestHash(scoreRequestsOf(prompt)) === hash;
}

/** The rows of some items, in their order, and how many the whole split has. */
async function rowsOf(
  task: Task,
  result: EvalResult,
  items: EvalItem[],
  passed: Row[] | undefined,
): Promise<{ rows: SelectedRow[]; total: number }> {
  const indexes = items.map((item) => item.row), { subject } = items[0];
  if (passed) {
    const missing = indexes.find((index) => passed[index] === undefined);
    if (missing !== undefined) {
      throw new TypeError(`Cannot write lm-eval's files: ${task.name} row ${missing} is none of the rows passed`);
    }
    const total = subject === undefined ? passed.length : passed.filter((row) => row.subject === subject).length;
    return { rows: indexes.map((index) => ({ row: passed[index], index })), total };
  }
  if (task.dataset === undefined) {
    throw new TypeError(`Cannot write lm-eval's files: ${task.name} has no dataset (${result.data}); pass rows`);
  }
  const rows = subject === undefined ? indexes : { [subject]: indexes };
  const split = await readSplit(task.dataset, { split: task.split, rows });
  return { rows: split.rows.map((row, i) => ({ row, index: split.indexes[i] })), total: split.total };
}

/** What the model was shown, by the row's index. */
async function promptsOf(task: Task, { shots }: EvalResult, rows: SelectedRow[]): Promise<Map<number, Prompt>> {
  if (task.kind === "generate") return new Map(rows.map(({ row, index }) => [index, task.problem(row).prompt]));
  const { questions } = await readQuestions(task, rows, shots);
  return new Map(questions.map(({ index, prompt }) => [index, prompt]));
}
