/**
 * Results that outlive a run, in SQLite (WAL): finished items of evaluations, and the A/A pairs of every comparison,
 * which show over the weeks how far apart this machine puts two processes of the same model.
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { noteKept } from "../progress.ts";
import { resultsFile } from "./paths.ts";
import { SAVED_ITEMS_SCHEMA, type SavedItems, SqliteItems } from "./saved_items.ts";

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

/** The file of the store; opened for each call, so that no lock outlives it, and for items until they are closed. */
export class ResultStore {
  /** @param path Default: `results/archbench.sqlite` in the project, or below ARCHBENCH_RESULTS. */
  constructor(readonly path: string = resultsFile("archbench.sqlite")) {}

  /**
   * Say now what would otherwise be lost after minutes of measuring.
   *
   * @throws {Error} If nothing can be written there; with the path and what to do.
   */
  checkWritable(): void {
    try {
      this.#use((db) => db.exec("BEGIN IMMEDIATE; ROLLBACK"));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(
        `Cannot keep results in ${this.path}: ${reason}; set ARCHBENCH_RESULTS to a folder that can be written, ` +
          `or pass store: null to keep none`,
        { cause: error },
      );
    }
  }

  /** Keep the twins of a comparison; the same ones twice are kept once. */
  saveTwins(runs: TwinRun[]): void {
    this.#use((db) => {
      const insert = db.prepare(
        "INSERT OR IGNORE INTO twins (started_at, machine, model, config, metric, pairs) VALUES (?, ?, ?, ?, ?, ?)",
      );
      for (const r of runs) insert.run(r.startedAt, r.machine, r.model, r.config, r.metric, JSON.stringify(r.pairs));
    });
  }

  /** All twins that were kept on a machine, oldest first. */
  twins(machine: string): TwinRun[] {
    return this.#use((db) =>
      db.prepare("SELECT * FROM twins WHERE machine = ? ORDER BY started_at, config, metric").all(machine).map((
        row,
      ) => ({
        startedAt: String(row.started_at),
        machine: String(row.machine),
        model: String(row.model),
        config: String(row.config),
        metric: String(row.metric),
        pairs: JSON.parse(String(row.pairs)),
      }))
    );
  }

  /**
   * The finished items of runs of this kind, to be read and added to.
   *
   * @param description All that an item's value depends on besides its key, as plain JSON.
   */
  items(description: unknown): SavedItems {
    return new SqliteItems(this.#open(), description);
  }

  #use<T>(work: (db: DatabaseSync) => T): T {
    const db = this.#open();
    try {
      return work(db);
    } finally {
      db.close();
    }
  }

  #open(): DatabaseSync {
    mkdirSync(dirname(this.path), { recursive: true });
    noteKept(this.path);
    const db = new DatabaseSync(this.path);
    try {
      // NORMAL: a commit outlives the process at once; only a power cut may lose the last ones, and no file is spoilt
      db.exec("PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
      db.exec(`CREATE TABLE IF NOT EXISTS twins (
        started_at TEXT NOT NULL, machine TEXT NOT NULL, model TEXT NOT NULL, config TEXT NOT NULL,
        metric TEXT NOT NULL, pairs TEXT NOT NULL, PRIMARY KEY (started_at, machine, model, config, metric))`);
      db.exec(SAVED_ITEMS_SCHEMA);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  }
}
