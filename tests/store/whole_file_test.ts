import assert from "node:assert/strict";
import { join } from "node:path";
import { remembered, writeWhole } from "../../lib/store/whole_file.ts";

Deno.test("a file is written whole into a folder that it makes, and nothing stays beside it", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "deep", "file.bin");
    await writeWhole(path, new Uint8Array([1, 2]));
    await writeWhole(path, "text");
    assert.equal(await Deno.readTextFile(path), "text");
    assert.deepEqual((await Array.fromAsync(Deno.readDir(join(folder, "deep")))).map((e) => e.name), ["file.bin"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("remembered() makes a value once, keeps none that failed, and names a file that is no JSON", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "value.json");
    await assert.rejects(() => remembered(path, () => Promise.reject(new Error("no value"))), /no value/);
    let made = 0;
    const make = () => Promise.resolve({ made: ++made });
    assert.deepEqual(await remembered(path, make), { made: 1 });
    assert.deepEqual(await remembered(path, make), { made: 1 });
    await Deno.writeTextFile(path, "{");
    await assert.rejects(() => remembered(path, make), SyntaxError);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
