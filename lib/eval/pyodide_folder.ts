/** Where the pyodide package lies: the Python of the sandbox, and the sources of its library. */
import { realpathSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

export function pyodideFolder(): string {
  return dirname(realpathSync(fileURLToPath(import.meta.resolve("pyodide"))));
}
