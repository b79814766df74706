/**
 * First half of `task setup`: refuses a wrong Deno, then brings npm packages, model and data onto this machine.
 * The second half is lib/report/jupyter.ts. Everything done is skipped next time, with no network.
 */
import { existsSync, readdirSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { endOnInterrupt, type Progress, progress, stoppedWords } from "../progress.ts";
import { catalogPackages, termsOf } from "./catalog.ts";
import type { FetchProgress } from "./fetch.ts";
import { cacheDir, projectRoot } from "./paths.ts";
import { withParent } from "./with_parent.ts";

const DENO = "2.8.1";

/**
 * Only the pinned Deno will do.
 *
 * @throws {Error} If `version` is another one.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { requireDeno } from "./setup.ts";
 *
 * assert.throws(() => requireDeno("2.9.6"), /got 2\.9\.6/);
 * ```
 */
export function requireDeno(version: string = Deno.version.deno): void {
  if (version === DENO) return;
  throw new Error(
    `Archbench needs Deno ${DENO}, got ${version}: from 2.8.2 on Deno's Jupyter kernel loses cell output, and older ` +
      `ones were not tried. Use: npx deno@${DENO} task ...`,
  );
}

/** Install the npm packages of deno.lock into node_modules, unless this very lock is installed. */
export async function installNpm(root: string = projectRoot()): Promise<void> {
  const lock = await readFile(join(root, "deno.lock"));
  const hash = createHash("sha256").update(lock).digest("hex");
  const stamp = join(root, "node_modules", ".archbench-lock");
  if (await readFile(stamp, "utf8").catch(() => "") === hash) return;
  const [command, ...args] = withParent([Deno.execPath(), "install", "--frozen", "--quiet"]);
  const child = new Deno.Command(command, {
    args,
    cwd: root,
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  });
  if (!(await child.output()).success) {
    throw new Error("Cannot install the npm packages of deno.lock; is there a network? The lines above tell more");
  }
  await writeFile(stamp, hash);
}

/** Do a part of the setup while no other process does: a second one waits, then finds everything done. */
export async function withSetupLock<T>(work: () => Promise<T>): Promise<T> {
  await mkdir(cacheDir(), { recursive: true });
  using lock = await Deno.open(cacheDir("setup.lock"), { create: true, write: true });
  await lock.lock(true);
  return await work();
}

/** Fetch every package of the catalog that is not complete; says once whose terms are to be read. */
export async function fetchPackages(): Promise<void> {
  const { fetchPackage } = await import("./fetch.ts"); // uses npm packages, so only after installNpm
  const { isDiskFull, requireSpace } = await import("./disk_space.ts");
  const root = cacheDir(), packages = catalogPackages();
  await requireSpace(packages, root);
  try {
    for (const pkg of packages) {
      const isNew = await withBars((onProgress) => fetchPackage(pkg, { root, onProgress }));
      if (isNew) termsOf(pkg).forEach((line) => console.error(line));
    }
  } catch (error) {
    if (isDiskFull(error)) await requireSpace(packages, root); // another program has filled it: says what is missing now
    throw error;
  }
}

/** Work whose steps show a bar each. */
async function withBars<T>(work: (onProgress: FetchProgress) => Promise<T>): Promise<T> {
  let title = "", bar: Progress | undefined;
  try {
    return await work((step, name, bytes, total) => {
      if (`${step} ${name}` !== title) {
        bar?.finish();
        title = `${step} ${name}`;
        bar = progress(title, total, { unit: "bytes" });
      }
      bar?.update(bytes);
    });
  } finally {
    bar?.finish();
  }
}

/** Where packages lie that were fetched whole, for the line after Ctrl-C. */
export function fetchedFolders(): string[] {
  return [cacheDir("packages")].filter((folder) =>
    existsSync(folder) && readdirSync(folder).some((name) => !/\.(partial|joining)$/.test(name))
  );
}

if (import.meta.main) {
  try {
    requireDeno();
    endOnInterrupt(() => stoppedWords(fetchedFolders()));
    await withSetupLock(async () => {
      await installNpm();
      await fetchPackages();
    });
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    Deno.exit(1);
  }
}
