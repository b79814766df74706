import assert from "node:assert/strict";
import { mkdir, readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { besidePath, clearAbandoned } from "../../lib/store/beside.ts";

Deno.test("what a process that is gone was writing is cleared, what others write is not", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const gone = await new Deno.Command("true").spawn();
    await gone.status;
    const id = "01234567-89ab-cdef-0123-456789abcdef", ours = await besidePath(join(folder, "ours"));
    const dead = join(folder, `model.${gone.pid}.${id}.tmp`);
    await mkdir(dead);
    await writeFile(join(dead, "weights.bin"), "half");
    const old = join(folder, `old.${id}.tmp`), recent = join(folder, `recent.${id}.tmp`);
    for (const path of [ours, old, recent, join(folder, "a.tmp")]) await writeFile(path, "");
    await utimes(old, 0, 0);
    assert.deepEqual((await clearAbandoned(folder)).sort(), [`model.${gone.pid}.${id}.tmp`, `old.${id}.tmp`]);
    assert.equal((await readdir(folder)).length, 3);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
