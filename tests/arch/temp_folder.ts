import { join } from "node:path";

/** Run with a cache of its own, so that nothing of the test stays. */
export async function inTempFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir(), before = Deno.env.get("ARCHBENCH_CACHE");
  Deno.env.set("ARCHBENCH_CACHE", join(folder, "cache"));
  try {
    await use(folder);
  } finally {
    if (before === undefined) Deno.env.delete("ARCHBENCH_CACHE");
    else Deno.env.set("ARCHBENCH_CACHE", before);
    await Deno.remove(folder, { recursive: true });
  }
}
