/**
 * Larger reference data lies in a folder beside the project where a machine has it. Suites that need it ask here, and
 * a plain clone says in one line that the folder is not there.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";

/** Absolute path in the folder beside the project, or null (said once in a line) where it does not exist. */
export function sharedFolder(name: string): string | null {
  const path = join(import.meta.dirname!, "..", "..", "shared", name);
  if (existsSync(path)) return path;
  console.log(`not run: the tests that need ../shared/${name}, which is not there`);
  return null;
}
