/** Files and folders that are written beside their place and then renamed, and what a killed process left of them. */
import { readdir, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isAlive } from "./alive.ts";

/** Left by a version whose names do not say whose they are: nothing takes a day to write. */
const NOBODYS_AFTER_MS = 24 * 3600 * 1000;
const NAME = /\.(?:(\d+)\.)?[0-9a-f]{8}-[0-9a-f-]{27}\.tmp$/;
const cleared = new Set<string>();

/**
 * A name beside a path, for what shall be there when it is whole. Clears what killed processes left in that folder, once
 * a folder.
 */
export async function besidePath(path: string): Promise<string> {
  const folder = dirname(path);
  if (!cleared.has(folder)) {
    cleared.add(folder);
    await clearAbandoned(folder);
  }
  return join(folder, `${basename(path)}.${Deno.pid}.${crypto.randomUUID()}.tmp`);
}

/** Remove what processes that are gone were writing there. Returns the names. */
export async function clearAbandoned(folder: string): Promise<string[]> {
  const removed: string[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    const match = NAME.exec(name), path = join(folder, name);
    if (!match || !await isAbandoned(path, match[1])) continue;
    await rm(path, { recursive: true, force: true }); // another process may be clearing too
    removed.push(name);
  }
  return removed;
}

async function isAbandoned(path: string, pid: string | undefined): Promise<boolean> {
  if (pid !== undefined) return !isAlive({ pid: Number(pid), began: null });
  const written = await stat(path).then(({ mtimeMs }) => mtimeMs, () => Infinity);
  return Date.now() - written > NOBODYS_AFTER_MS;
}
