/**
 * Where the project and its cache lie on this machine. Everything that is fetched or built goes below `cacheDir()`,
 * which git ignores and which can be deleted at any time: `task setup` fills it again.
 */
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Absolute path of the project's root, the folder of deno.json. */
export function projectRoot(): string {
  return fileURLToPath(new URL("../../", import.meta.url)).replace(/[/\\]$/, "");
}

/**
 * Absolute path inside the cache: the folder of the environment variable ARCHBENCH_CACHE, else `.cache` in the
 * project's root. Creates nothing.
 *
 * @example Where unpacked packages lie
 * ```ts
 * import assert from "node:assert/strict";
 * import { dirname } from "node:path";
 * import { cacheDir } from "./paths.ts";
 *
 * assert.equal(dirname(cacheDir("packages")), cacheDir());
 * ```
 */
export function cacheDir(...parts: string[]): string {
  return join(resolve(Deno.env.get("ARCHBENCH_CACHE") || join(projectRoot(), ".cache")), ...parts);
}

/** Absolute path of a file of results, which are kept: below ARCHBENCH_RESULTS, else `results` in the project's root. */
export function resultsFile(name: string): string {
  return join(resolve(Deno.env.get("ARCHBENCH_RESULTS") || join(projectRoot(), "results")), name);
}

/** The command that fills the cache, as error messages name it. */
export const SETUP_COMMAND = "npx deno@2.8.1 task setup";
