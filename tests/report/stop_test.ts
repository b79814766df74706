/** A report that is stopped, or whose process is gone, leaves no kernel behind. */
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runNotebook } from "../../lib/report/run_notebook.ts";
import { makeNotebook, readCells, streamText, testFolder } from "./make_notebook.ts";

/** A notebook whose second cell writes the kernel's process id and then goes on for a minute. */
async function endless(folder: string): Promise<{ notebook: string; kernel: () => Promise<number> }> {
  const file = join(folder, "pid");
  const notebook = await makeNotebook(folder, "endless", [
    { code: "console.log('first')", tags: ["first"] },
    {
      code: `Deno.writeTextFileSync(${JSON.stringify(file)}, String(Deno.pid));
await new Promise((done) => setTimeout(done, 60_000));`,
      tags: ["endless"],
    },
  ]);
  return { notebook, kernel: () => until(async () => Number(await Deno.readTextFile(file).catch(() => ""))) };
}

async function until<T>(look: () => T | Promise<T>): Promise<T> {
  for (let i = 0; i < 600; i++) {
    const found = await look();
    if (found) return found;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error("waited for 30 s in vain");
}

const gone = (pid: number) =>
  until(() => {
    try {
      Deno.kill(pid, "SIGCONT"); // does nothing to one that runs
      return false;
    } catch {
      return true;
    }
  });

Deno.test("a notebook that is stopped ends its kernel at once, and what it had shown is written", async () => {
  const folder = await testFolder();
  try {
    const { notebook, kernel } = await endless(folder), out = join(folder, "out.ipynb"), stop = new AbortController();
    const run = runNotebook(notebook, out, { signal: stop.signal });
    const pid = await kernel();
    stop.abort();
    await assert.rejects(run, { name: "AbortError" });
    await gone(pid);
    const [first] = await readCells(out);
    assert.equal(streamText(first), "first\n");
  } finally {
    await rm(folder, { recursive: true });
  }
});

Deno.test("a kernel ends when the process that ran its notebook is killed", async () => {
  const folder = await testFolder();
  try {
    const { notebook, kernel } = await endless(folder);
    const parent = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--quiet", "--no-check"],
        fileURLToPath(new URL("./orphan_parent.ts", import.meta.url)),
        ...[notebook, join(folder, "out.ipynb")],
      ],
      stdin: "null",
    }).spawn();
    const pid = await kernel();
    parent.kill("SIGKILL");
    await parent.status;
    await gone(pid);
  } finally {
    await rm(folder, { recursive: true });
  }
});
