import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { jupyterPython, setupJupyter } from "../../lib/report/jupyter.ts";

/** A project folder whose .venv is complete, as far as its stamp says. */
async function preparedFolder() {
  const path = await Deno.makeTempDir({ prefix: "archbench-jupyter-" });
  const lock = "plotly==7.1.0 --hash=sha256:00\n";
  await writeFile(join(path, "requirements.txt"), lock);
  await mkdir(dirname(jupyterPython(path)), { recursive: true });
  await writeFile(jupyterPython(path), "");
  await writeFile(
    join(path, ".venv", ".archbench-requirements"),
    createHash("sha256").update(lock).digest("hex"),
  );
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

Deno.test("setupJupyter() writes a kernelspec of this Deno, once", async () => {
  await using folder = await preparedFolder();
  await setupJupyter(folder.path);
  const file = join(folder.path, ".venv/share/jupyter/kernels/deno/kernel.json");
  const spec = JSON.parse(await readFile(file, "utf8"));
  assert.deepEqual(spec.argv, [Deno.execPath(), "jupyter", "--kernel", "--conn", "{connection_file}"]);
  assert.equal(spec.language, "typescript");
  assert.equal("interrupt_mode" in spec, false);
  const { mtime } = await Deno.stat(file);
  await setupJupyter(folder.path);
  assert.deepEqual((await Deno.stat(file)).mtime, mtime);
});

Deno.test("setupJupyter() mends a kernelspec whose Deno has gone", async () => {
  await using folder = await preparedFolder();
  await setupJupyter(folder.path);
  const file = join(folder.path, ".venv/share/jupyter/kernels/deno/kernel.json");
  const spec = await readFile(file, "utf8");
  await writeFile(file, spec.replace(Deno.execPath(), "/gone/deno"));
  await setupJupyter(folder.path);
  assert.equal(await readFile(file, "utf8"), spec);
});
