/**
 * Tables of kept results, and how a file of an earlier version becomes one of this. Each row of results has a checksum of
 * all that it says, so that a damaged one is never taken for a result.
 */
import { createHash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { StoreError } from "./store_error.ts";

/** In SQLite's user_version; files from before checksums have 0. */
const SCHEMA_VERSION = 1;

const TABLES = `
  CREATE TABLE IF NOT EXISTS twins (
    started_at TEXT NOT NULL, machine TEXT NOT NULL, model TEXT NOT NULL, config TEXT NOT NULL,
    metric TEXT NOT NULL, pairs TEXT NOT NULL, checksum TEXT, PRIMARY KEY (started_at, machine, model, config, metric));
  CREATE TABLE IF NOT EXISTS runs (run TEXT PRIMARY KEY, description TEXT NOT NULL, started_at TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS items (run TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, checksum TEXT,
    PRIMARY KEY (run, key)) WITHOUT ROWID`;

/** The columns that a row's checksum is of, in order. */
export const CHECKED_COLUMNS = {
  items: ["run", "key", "value"],
  twins: ["started_at", "machine", "model", "config", "metric", "pairs"],
} as const;

export type ResultTable = keyof typeof CHECKED_COLUMNS;

/** Of the columns' values in the order of `CHECKED_COLUMNS`. */
export function checksum(values: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(values)).digest("hex");
}

/** Whether a row says what was written. */
export function isWhole(table: ResultTable, row: Record<string, unknown>): boolean {
  return row.checksum === checksumOf(table, row);
}

/**
 * Make the tables, or bring those of an earlier version to this one.
 *
 * @throws {StoreError} If a newer version of the library wrote the file.
 */
export function prepareTables(db: DatabaseSync, path: string): void {
  const version = versionOf(db);
  if (version > SCHEMA_VERSION) {
    throw new StoreError(
      path,
      "newer",
      `a newer version wrote it (schema ${version}, this one knows ${SCHEMA_VERSION})`,
    );
  }
  if (version === SCHEMA_VERSION) return;
  db.exec("BEGIN IMMEDIATE");
  try {
    if (versionOf(db) === 0) { // another process may have been first
      db.exec(TABLES);
      for (const table of Object.keys(CHECKED_COLUMNS) as ResultTable[]) addChecksums(db, table);
      db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    }
    db.exec("COMMIT");
  } catch (error) {
    db.exec("ROLLBACK");
    throw error;
  }
}

/** Rows from before checksums are taken as they are, once. */
function addChecksums(db: DatabaseSync, table: ResultTable): void {
  const has = db.prepare(`SELECT 1 FROM pragma_table_info('${table}') WHERE name = 'checksum'`).get();
  if (!has) db.exec(`ALTER TABLE ${table} ADD COLUMN checksum TEXT`);
  const columns = CHECKED_COLUMNS[table], key = columns.slice(0, -1);
  const update = db.prepare(`UPDATE ${table} SET checksum = ? WHERE ${key.map((name) => `${name} = ?`).join(" AND ")}`);
  const rows = db.prepare(`SELECT ${columns.join(", ")} FROM ${table} WHERE checksum IS NULL`).all();
  for (const row of rows) update.run(checksumOf(table, row), ...key.map((name) => String(row[name])));
}

function checksumOf(table: ResultTable, row: Record<string, unknown>): string {
  return checksum(CHECKED_COLUMNS[table].map((name) => String(row[name])));
}

function versionOf(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA user_version").get()?.user_version ?? 0);
}
