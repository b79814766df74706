/**
 * Results that outlive a run, in SQLite (WAL): finished items of evaluations, and the A/A pairs of every comparison,
 * which show over the weeks how far apart this machine puts two processes of the same model.
 */
import { object, optional } from "../check/objects.ts";
import { checkArgument, checkOptions } from "../check/options.ts";
import { quantity, word } from "../check/rules.ts";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { noteKept } from "../progress.ts";
import { resultsFile } from "./paths.ts";
import { type SavedItems, SqliteItems } from "./saved_items.ts";
import { CHECKED_COLUMNS, checksum, isWhole, prepareTables, type ResultTable } from "./schema.ts";
import { StoreError, storeError } from "./store_error.ts";

/** The baseline against its twin in one setting of one comparison. */
export interface TwinRun {
  /** Start of the comparison, ISO 8601. */
  startedAt: string;
  /** What the speed depends on but the model: processor, cores, system, runtime. */
  machine: string;
  model: string;
  /** Setting, e.g. "p5_l64". */
  config: string;
  metric: string;
  /** Every pair in order. */
  pairs: { block: number; candidate: number; baseline: number }[];
}

/** How the file of the store is used. */
export interface StoreOptions {
  /** How long another program that writes is waited for. Default 5000. */
  waitMs?: number;
}
export const STORE_OPTIONS = object<StoreOptions>({ waitMs: optional(quantity({ min: 0, max: 1e9 })) });

/** The file of the store; opened for each call, so that no lock outlives it, and for items until they are closed. */
export class ResultStore {
  readonly #waitMs: number;

  /**
   * @param path Default: `results/archbench.sqlite` in the project, or below ARCHBENCH_RESULTS.
   */
  constructor(readonly path: string = resultsFile("archbench.sqlite"), options: StoreOptions = {}) {
    checkArgument("Cannot open the results", "path", path, word);
    checkOptions("Cannot open the results", options, STORE_OPTIONS);
    this.#waitMs = options.waitMs ?? 5000;
  }

  /**
   * Say now what would otherwise be lost after minutes of measuring.
   *
   * @throws {StoreError} If nothing can be written there; with the path and what to do.
   */
  checkWritable(): void {
    this.#use((db) => db.exec("BEGIN IMMEDIATE; ROLLBACK"));
  }

  /**
   * Keep the twins of a comparison; the same ones twice are kept once.
   *
   * @throws {StoreError} If nothing can be written.
   */
  saveTwins(runs: TwinRun[]): void {
    this.#use((db) => {
      const columns = CHECKED_COLUMNS.twins;
      const insert = db.prepare(
        `INSERT OR IGNORE INTO twins (${columns.join(", ")}, checksum) VALUES (${
          columns.map(() => "?").join(", ")
        }, ?)`,
      );
      for (const r of runs) {
        const values = [r.startedAt, r.machine, r.model, r.config, r.metric, JSON.stringify(r.pairs)];
        insert.run(...values, checksum(values));
      }
    });
  }

  /**
   * All twins that were kept on a machine, oldest first.
   *
   * @throws {StoreError} If the file cannot be read, or a row is not what was written.
   */
  twins(machine: string): TwinRun[] {
    return this.#use((db) =>
      db.prepare("SELECT * FROM twins WHERE machine = ? ORDER BY started_at, config, metric").all(machine).map((
        row,
      ) => {
        if (!isWhole("twins", row)) {
          throw new StoreError(this.path, "damaged", `the twins of ${row.started_at} are not what was written`);
        }
        return {
          startedAt: String(row.started_at),
          machine: String(row.machine),
          model: String(row.model),
          config: String(row.config),
          metric: String(row.metric),
          pairs: JSON.parse(String(row.pairs)),
        };
      })
    );
  }

  /**
   * The finished items of runs of this kind, to be read and added to.
   *
   * @param description All that an item's value depends on besides its key, as plain JSON.
   * @throws {StoreError} If the file cannot be opened.
   */
  items(description: unknown): SavedItems {
    const db = this.#open();
    try {
      return new SqliteItems(db, this.path, description);
    } catch (error) {
      db.close();
      throw storeError(this.path, error);
    }
  }

  /**
   * Remove the rows that are not what was written; they are measured anew when they are next needed.
   *
   * @returns How many were removed.
   * @throws {StoreError} If the file as a whole is damaged: only moving it away helps then.
   */
  repair(): number {
    return this.#use((db) => {
      let removed = 0;
      for (const table of Object.keys(CHECKED_COLUMNS) as ResultTable[]) {
        const key: readonly string[] = CHECKED_COLUMNS[table].slice(0, -1);
        const remove = db.prepare(`DELETE FROM ${table} WHERE ${key.map((name) => `${name} = ?`).join(" AND ")}`);
        for (const row of db.prepare(`SELECT * FROM ${table}`).all()) {
          if (!isWhole(table, row)) removed += Number(remove.run(...key.map((name) => row[name])).changes);
        }
      }
      return removed;
    });
  }

  #use<T>(work: (db: DatabaseSync) => T): T {
    const db = this.#open();
    try {
      return work(db);
    } catch (error) {
      throw storeError(this.path, error);
    } finally {
      db.close();
    }
  }

  #open(): DatabaseSync {
    let db: DatabaseSync | undefined;
    try {
      mkdirSync(dirname(this.path), { recursive: true });
      noteKept(this.path);
      db = new DatabaseSync(this.path);
      // NORMAL: a commit outlives the process at once; only a power cut may lose the last ones, and no file is spoilt
      db.exec(`PRAGMA busy_timeout = ${this.#waitMs}; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;`);
      prepareTables(db, this.path);
      return db;
    } catch (error) {
      db?.close();
      throw storeError(this.path, error);
    }
  }
}
