/** The memory of an interpreter that has started and imported `PRELOADED`, kept on disk: a process that starts from it is ready sooner. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { cacheDir } from "../../store/paths.ts";
import { howEnded } from "../../store/limited_child.ts";
import { spawnConfined } from "./confined.ts";
import { PRELOADED } from "./interpreter.ts";

/**
 * Absolute path of the snapshot of the pyodide package in `folder` (31 MB); made the first time, in about 3 s.
 *
 * @throws {Error} If the interpreter does not start.
 */
export async function interpreterSnapshot(folder: string): Promise<string> {
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const contents = createHash("sha256").update(PRELOADED.join()).digest("hex").slice(0, 8);
  const path = cacheDir("sandbox", `pyodide-${version}-${contents}.snapshot`);
  if (existsSync(path)) return path;
  const child = spawnConfined({ script: "snapshot_child.ts", args: [folder], read: [folder], memoryMib: 512 });
  await child.stdin.close();
  const { stdout, stderr, ...status } = await child.output();
  if (!status.success) {
    const words = new TextDecoder().decode(stderr).trim().slice(-2000);
    throw new Error(`Cannot start the Python sandbox: its process ended ${howEnded(status)}; its last words: ${words}`);
  }
  mkdirSync(dirname(path), { recursive: true });
  const part = `${path}.${Deno.pid}.part`;
  writeFileSync(part, stdout);
  renameSync(part, path); // whole or not at all, also with several processes at it
  return path;
}
