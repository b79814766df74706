/** A store of results for one test. */
import { join } from "node:path";
import { ResultStore } from "../../lib/store/results.ts";

/** Run with a store in a folder of its own, which is removed afterwards. */
export async function withStore(use: (store: ResultStore) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(new ResultStore(join(folder, "results.sqlite")));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
