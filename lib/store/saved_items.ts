/** Items of evaluations in SQLite, each written as soon as it is finished, so that no end of a run loses them. */
import { createHash } from "node:crypto";
import type { DatabaseSync, StatementSync } from "node:sqlite";

/** What runs of one kind have finished so far. Keys say what was asked, values are plain JSON. */
export interface SavedItems {
  get(key: string): unknown | undefined;
  /** Written at once: a process that is killed afterwards has not lost it. */
  put(key: string, value: unknown): void;
  close(): void;
}

/** The tables; `run` is the hash of everything that an item's value depends on besides its key. */
export const SAVED_ITEMS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS runs (run TEXT PRIMARY KEY, description TEXT NOT NULL, started_at TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS items (run TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (run, key)) WITHOUT ROWID`;

/** The items of one run in an open database, which is closed with them. */
export class SqliteItems implements SavedItems {
  readonly #db: DatabaseSync;
  readonly #run: string;
  readonly #select: StatementSync;
  readonly #insert: StatementSync;

  /** @param description All that an item's value depends on besides its key: model, precision, task, options. */
  constructor(db: DatabaseSync, description: unknown) {
    const text = JSON.stringify(description);
    this.#db = db;
    this.#run = hash(text);
    db.prepare("INSERT OR IGNORE INTO runs (run, description, started_at) VALUES (?, ?, ?)")
      .run(this.#run, text, new Date().toISOString());
    this.#select = db.prepare("SELECT value FROM items WHERE run = ? AND key = ?");
    this.#insert = db.prepare("INSERT OR REPLACE INTO items (run, key, value) VALUES (?, ?, ?)");
  }

  get(key: string): unknown | undefined {
    const row = this.#select.get(this.#run, hash(key));
    return row && JSON.parse(String(row.value));
  }

  put(key: string, value: unknown): void {
    this.#insert.run(this.#run, hash(key), JSON.stringify(value));
  }

  close(): void {
    this.#db.close();
  }
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
