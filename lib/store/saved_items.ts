/** Items of evaluations in SQLite, each written as soon as it is finished, so that no end of a run loses them. */
import { createHash } from "node:crypto";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { checksum, isWhole } from "./schema.ts";
import { StoreError, storeError } from "./store_error.ts";

/** What runs of one kind have finished so far. Keys say what was asked, values are plain JSON. */
export interface SavedItems {
  /** @throws {StoreError} If the file cannot be read, or the item is not what was written. */
  get(key: string): unknown | undefined;
  /**
   * Written at once: a process that is killed afterwards has not lost it.
   *
   * @throws {StoreError} If nothing can be written.
   */
  put(key: string, value: unknown): void;
  /** @throws {StoreError} If nothing can be written. */
  remove(key: string): void;
  close(): void;
}

/** The items of one run in an open database, which is closed with them. */
export class SqliteItems implements SavedItems {
  readonly #db: DatabaseSync;
  readonly #path: string;
  /** The hash of everything that an item's value depends on besides its key. */
  readonly #run: string;
  readonly #select: StatementSync;
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;

  /** @param description All that an item's value depends on besides its key: model, precision, task, options. */
  constructor(db: DatabaseSync, path: string, description: unknown) {
    const text = JSON.stringify(description);
    this.#db = db;
    this.#path = path;
    this.#run = hash(text);
    db.prepare("INSERT OR IGNORE INTO runs (run, description, started_at) VALUES (?, ?, ?)")
      .run(this.#run, text, new Date().toISOString());
    this.#select = db.prepare("SELECT run, key, value, checksum FROM items WHERE run = ? AND key = ?");
    this.#insert = db.prepare("INSERT OR REPLACE INTO items (run, key, value, checksum) VALUES (?, ?, ?, ?)");
    this.#delete = db.prepare("DELETE FROM items WHERE run = ? AND key = ?");
  }

  get(key: string): unknown | undefined {
    return this.#use(() => {
      const row = this.#select.get(this.#run, hash(key));
      if (!row) return undefined;
      if (isWhole("items", row)) return JSON.parse(String(row.value));
      throw new StoreError(this.#path, "damaged", `an item of run ${this.#run.slice(0, 12)} is not what was written`);
    });
  }

  put(key: string, value: unknown): void {
    const columns = [this.#run, hash(key), JSON.stringify(value)];
    this.#use(() => this.#insert.run(...columns, checksum(columns)));
  }

  remove(key: string): void {
    this.#use(() => this.#delete.run(this.#run, hash(key)));
  }

  close(): void {
    this.#db.close();
  }

  #use<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw storeError(this.#path, error);
    }
  }
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
