/**
 * The samples of a work as they come, a line a block: a bench that was stopped goes on behind its last whole block. Once
 * the whole bench is done, the file gets the date of its start in its name and stays.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { BlockOutcome } from "./rounds.ts";

interface Head {
  startedAt: string;
  /** What must be the same for its blocks to count. */
  key: unknown;
}

export class Journal {
  private constructor(readonly path: string, readonly startedAt: Date, readonly done: BlockOutcome[]) {}

  /**
   * Open the journal of this path, or begin a new one.
   *
   * @param key Work, settings and version, as JSON: blocks of other ones are put aside.
   */
  static open(path: string, key: unknown): Journal {
    if (existsSync(path)) {
      // A line that was cut off by the end of the process is not there yet.
      const [first = "", ...lines] = readFileSync(path, "utf8").split("\n").slice(0, -1);
      const head = (first === "" ? { startedAt: "broken", key: null } : JSON.parse(first)) as Head;
      const before = new Journal(path, new Date(head.startedAt), lines.map((line) => JSON.parse(line)));
      if (JSON.stringify(head.key) === JSON.stringify(key)) {
        writeFileSync(path, [first, ...lines, ""].join("\n"));
        return before;
      }
      before.close();
    }
    const startedAt = new Date();
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, JSON.stringify({ startedAt: startedAt.toISOString(), key } satisfies Head) + "\n");
    return new Journal(path, startedAt, []);
  }

  add(block: BlockOutcome): void {
    appendFileSync(this.path, JSON.stringify(block) + "\n");
  }

  /** Put it aside: the next bench begins anew. */
  close(): void {
    const date = isNaN(this.startedAt.getTime()) ? "broken" : this.startedAt.toISOString().replaceAll(":", "-");
    renameSync(this.path, join(dirname(this.path), `${date}-${basename(this.path)}`));
  }
}
