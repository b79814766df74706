/** Which rows an evaluation takes, of the cached dataset or of rows that are passed; checked before work starts. */
import { readFile } from "node:fs/promises";
import { isRowSource, readSplit } from "../store/dataset.ts";
import { decodeUtf8 } from "../store/utf8.ts";
import type { Task } from "./task.ts";
import type { Row } from "./types.ts";
import type { TaskOptions } from "./task_options.ts";

export interface SelectedRow {
  row: Row;
  /** Index in the full split (of its subject), or in the rows that were passed. */
  index: number;
}

export interface Selection {
  rows: SelectedRow[];
  /** Where they came from, for the result. */
  data: string;
}

/**
 * The rows that `options` ask for.
 *
 * @param dataset Rows of the caller's own; or where they are: the path of a .jsonl, .jsonl.gz, .json, .arrow or .parquet
 * file, or a dataset of the hub, `hf:owner/name/config`. For a text task also a .txt file, or any other text as one
 * document. Default: the task's dataset.
 * @throws {RangeError} For a row outside the split.
 * @throws {TypeError} For `limit` and `rows` together, or rows in a form that the dataset does not have.
 * @throws {SyntaxError} For a file that cannot be read, with its line.
 */
export async function selectRows(
  task: Task,
  dataset: Row[] | string | undefined,
  options: TaskOptions,
): Promise<Selection> {
  const { limit, rows } = options;
  const cannot = `Cannot evaluate ${task.name}:`;
  if (limit !== undefined && rows !== undefined) {
    throw new TypeError(`${cannot} limit and rows are both given; pass one of them`);
  }
  refuseRepeats(cannot, rows);
  if (typeof dataset === "string") return await fromText(task, dataset, options);
  if (dataset !== undefined) {
    if (options.split !== undefined) {
      throw new TypeError(`${cannot} split is of a dataset, not of rows that are passed`);
    }
    return fromRows(task, dataset, options, "rows that were passed");
  }
  if (task.dataset === undefined) {
    throw new RangeError(`${cannot} it has no dataset of its own; pass rows with ${task.fields.join(", ")}`);
  }
  const bySubject = task.kind === "choice" && task.subjects !== undefined;
  if (rows !== undefined && Array.isArray(rows) === bySubject) {
    throw new TypeError(
      bySubject
        ? `${cannot} rows must say the subject, { anatomy: [0, 1] }, got a list`
        : `${cannot} rows must be a list of indexes, got ${JSON.stringify(rows).slice(0, 60)}`,
    );
  }
  const split = await readSplit(task.dataset, { split: options.split ?? task.split, limit, rows });
  if (!split.rows.length) {
    throw new RangeError(`${cannot} ${split.total ? "no rows are asked for" : "the dataset has no rows"}`);
  }
  const elsewhere = task.lmEvalUses && split.split === task.split ? ` (lm-eval uses ${task.lmEvalUses})` : "";
  return {
    rows: split.rows.map((row, i) => ({ row, index: split.indexes[i] })),
    data: `${task.dataset} ${split.split}${elsewhere}, ${split.rows.length} of ${split.total} rows`,
  };
}

/** A file, a dataset of the hub, or for a text task the text itself. */
async function fromText(task: Task, dataset: string, options: TaskOptions): Promise<Selection> {
  const cannot = `Cannot evaluate ${task.name}:`;
  if (isRowSource(dataset)) {
    if (options.split !== undefined && !dataset.startsWith("hf:")) {
      throw new TypeError(`${cannot} ${dataset} is one file and has no splits; leave split out`);
    }
    const { rows, split, source } = await readSplit(dataset, { split: options.split });
    return fromRows(
      task,
      rows,
      options,
      dataset.startsWith("hf:") ? `${split} rows of ${source}` : `rows of ${dataset}`,
    );
  }
  if (task.kind !== "text") {
    throw new TypeError(
      `${cannot} it needs rows with ${task.fields.join(", ")}, got text; loadDataset gives rows, ` +
        `and a path ends in .jsonl, .jsonl.gz, .json, .arrow or .parquet`,
    );
  }
  const document = (text: string, data: string) => ({ rows: [{ row: { text }, index: 0 }], data });
  if (!dataset.endsWith(".txt") || dataset.includes("\n")) return document(dataset, "a text that was passed");
  const bytes = await readFile(dataset).catch((error) => {
    if (error.code !== "ENOENT") throw error;
    throw new Error(`${cannot} there is no file ${dataset}`);
  });
  return document(decodeUtf8(bytes, dataset), dataset);
}

/** A row that counts twice would make the interval too narrow. */
function refuseRepeats(cannot: string, rows: TaskOptions["rows"]): void {
  for (const list of rows === undefined ? [] : Array.isArray(rows) ? [rows] : Object.values(rows)) {
    const seen = new Set<number>();
    const twice = list.find((row) => seen.size === seen.add(row).size);
    if (twice !== undefined) throw new RangeError(`${cannot} row ${twice} is listed twice; list each row once`);
  }
}

/** @param what What the rows are, for the result. */
function fromRows(task: Task, dataset: Row[], { limit, rows }: TaskOptions, what: string): Selection {
  const cannot = `Cannot evaluate ${task.name}:`;
  if (!Array.isArray(dataset) || dataset.some((row) => row === null || typeof row !== "object")) {
    throw new TypeError(`${cannot} the dataset must be a list of rows, got ${JSON.stringify(dataset)?.slice(0, 60)}`);
  }
  if (!dataset.length) throw new RangeError(`${cannot} the dataset has no rows`);
  if (rows !== undefined && !Array.isArray(rows)) {
    throw new TypeError(`${cannot} rows must be a list of indexes into the rows that are passed`);
  }
  const bad = rows?.find((i) => !(Number.isInteger(i) && i >= 0 && i < dataset.length));
  if (bad !== undefined) {
    throw new RangeError(
      `${cannot} row ${bad} is outside the ${dataset.length} ${what}; use 0 to ${dataset.length - 1}`,
    );
  }
  const seen = new Map<string, number>();
  const within = (row: Row) => { // the first `limit` of each subject, as for the cached dataset
    const subject = String(row.subject ?? "");
    const n = (seen.get(subject) ?? 0) + 1;
    seen.set(subject, n);
    return n <= (limit ?? Infinity);
  };
  const all = (rows ?? [...dataset.keys()]).map((index) => ({ row: dataset[index], index }));
  const chosen = task.kind === "choice" && task.subjects ? all.filter(({ row }) => within(row)) : all.slice(0, limit);
  return { rows: chosen, data: `${chosen.length} of ${dataset.length} ${what}` };
}
