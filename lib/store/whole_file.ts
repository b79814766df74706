/** Files that are there only when whole: neither another process nor one that is killed leaves half of one. */
import { dirname } from "node:path";
import { besidePath } from "./beside.ts";

/** Write beside the path, then rename; the folder is made where it is not there. */
export async function writeWhole(path: string, data: string | Uint8Array): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  const beside = await besidePath(path);
  try {
    if (typeof data === "string") await Deno.writeTextFile(beside, data);
    else await Deno.writeFile(beside, data);
    await Deno.rename(beside, path);
  } catch (error) {
    await Deno.remove(beside).catch(() => {}); // a full disk leaves a part of it
    throw error;
  }
}

/**
 * What a file holds as JSON, or what `make` gives, which is then kept there.
 *
 * @throws {SyntaxError} If the file is there but is no JSON.
 */
export async function remembered<T>(path: string, make: () => Promise<T>): Promise<T> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const value = await make();
  await writeWhole(path, JSON.stringify(value));
  return value;
}
