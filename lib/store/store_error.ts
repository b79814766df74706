/** What goes wrong with kept results, in words: where, why, and what to do. */

/** Why a store cannot be used. */
export type StoreFault = "locked" | "full" | "damaged" | "newer" | "unusable";

/** Results could not be kept or read. What was measured before stays with the error where there is some (`partialOf`). */
export class StoreError extends Error {
  override name = "StoreError";
  constructor(
    readonly path: string,
    readonly fault: StoreFault,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(
      `Cannot use the kept results in ${path}: ${reason}; ${FIXES[fault]}, or pass store: null to keep none`,
      options,
    );
  }
}

const FIXES: Record<StoreFault, string> = {
  locked: "end the other program that writes there, or set ARCHBENCH_RESULTS to another folder",
  full: "make room on that disk and run again, which goes on where it was, or set ARCHBENCH_RESULTS to another folder",
  damaged: "move the file away, or remove what is damaged with new ResultStore(path).repair()",
  newer: "use the newer version of this library, or set ARCHBENCH_RESULTS to another folder",
  unusable: "set ARCHBENCH_RESULTS to a folder that can be written",
};

/** node:sqlite of Deno 2.8.1 gives SQLite's message always, its number only from some calls: so the message decides. */
const FAULTS: [RegExp, StoreFault][] = [
  [/database (table )?is locked|database is busy/i, "locked"],
  [/disk is full/i, "full"],
  [/malformed|not a database|corrupt/i, "damaged"],
];

/** The same error in our words; one of ours stays as it is. */
export function storeError(path: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  const fault = FAULTS.find(([pattern]) => pattern.test(reason))?.[1] ?? "unusable";
  return new StoreError(path, fault, reason, { cause: error });
}
