/**
 * Second half of `task setup`: the project's own Jupyter in `.venv`, from hashed packages, with a Deno kernel whose
 * kernelspec lies in `.venv` too. Nothing outside the project is written.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { endOnInterrupt, progress, stoppedWords } from "../progress.ts";
import { projectRoot } from "../store/paths.ts";
import { findPython, run } from "../store/python.ts";
import { withParent } from "../store/with_parent.ts";
import { fetchedFolders, requireDeno, withSetupLock } from "../store/setup.ts";

/** Path of the Python of the project's `.venv`, which runs everything of Jupyter. */
export function jupyterPython(root: string = projectRoot()): string {
  return join(root, ".venv", Deno.build.os === "windows" ? "Scripts/python.exe" : "bin/python");
}

/**
 * Make sure that `.venv` holds exactly requirements.txt, and that the kernelspec names this Deno.
 *
 * @throws {Error} If there is no Python of at least 3.10, or a package cannot be installed.
 */
export async function setupJupyter(root: string = projectRoot()): Promise<void> {
  const hash = createHash("sha256").update(await readFile(join(root, "requirements.txt"))).digest("hex");
  const stamp = join(root, ".venv", ".archbench-requirements");
  const done = await readFile(stamp, "utf8").catch(() => "") === hash &&
    await stat(jupyterPython(root)).then(() => true, () => false); // false where its Python was removed
  if (!done) {
    await makeVenv(root);
    await writeFile(stamp, hash);
  }
  await writeKernelspec(root);
}

/** Made anew each time: pip and uv keep what they downloaded, so that an interruption costs little. */
async function makeVenv(root: string): Promise<void> {
  const python = await findPython();
  const folder = join(root, ".venv");
  const lock = join(root, "requirements.txt");
  if ((await run(["uv", "--version"])).ok) {
    const bar = progress("install Jupyter with uv", 0);
    try {
      await rm(folder, { recursive: true, force: true });
      const made = await run(["uv", "venv", "--quiet", "--no-project", "--python", python, folder]);
      const sync = ["uv", "pip", "sync", "--require-hashes", "--only-binary", ":all:", "--python", jupyterPython(root)];
      const result = made.ok ? await run([...sync, lock]) : made;
      if (result.ok) return;
      console.error(`uv could not install Jupyter, pip will try: ${lastLines(result.text)}`);
    } finally {
      bar.finish();
    }
  }
  await rm(folder, { recursive: true, force: true });
  const made = await run([python, "-m", "venv", folder]);
  if (!made.ok) {
    throw new Error(
      `${python} cannot make a virtual environment (Debian: install python3-venv). ${lastLines(made.text)}`,
    );
  }
  await pipInstall(jupyterPython(root), lock);
}

/** Install the lock, with a bar that counts packages. */
async function pipInstall(python: string, lock: string): Promise<void> {
  const pins = (await readFile(lock, "utf8")).match(/^\S+==/gm)?.length ?? 0;
  const args = ["--require-hashes", "--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--no-input"];
  const [command, ...rest] = withParent([python, "-m", "pip", "install", ...args, "--progress-bar", "off", "-r", lock]);
  const child = new Deno.Command(command, {
    args: rest,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const bar = progress("install Jupyter with pip", pins);
  try {
    const errors = new Response(child.stderr).text();
    let said = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      said += text; // "Ignoring": a package of another system or Python
      const handled = said.match(/^(Collecting|Processing|Ignoring) /gm)?.length ?? 0;
      bar.update(handled, said.includes("\nInstalling collected") ? "unpacking" : undefined);
    }
    if (!(await child.status).success) {
      throw new Error(
        `Cannot install the Python packages of requirements.txt; is there a network? pip said: ${
          lastLines(await errors)
        }`,
      );
    }
    bar.update(pins);
    await errors;
  } finally {
    bar.finish();
  }
}

/**
 * The kernelspec of this very Deno. Its path is one of this machine (under npx: a folder of npm's cache, which may
 * vanish), so it is compared and written on every setup.
 */
async function writeKernelspec(root: string): Promise<void> {
  const folder = join(root, ".venv", "share", "jupyter", "kernels", "deno");
  const file = join(folder, "kernel.json");
  const spec = JSON.stringify(
    {
      argv: [Deno.execPath(), "jupyter", "--kernel", "--conn", "{connection_file}"],
      display_name: "Deno",
      language: "typescript",
    },
    null,
    2,
  );
  if (await readFile(file, "utf8").catch(() => "") === spec) return;
  await mkdir(folder, { recursive: true });
  await writeFile(file, spec);
}

function lastLines(text: string): string {
  return text.trim().split("\n").slice(-4).join(" / ");
}

if (import.meta.main) {
  try {
    requireDeno();
    endOnInterrupt(() => stoppedWords(fetchedFolders(), "the installation of Jupyter"));
    await withSetupLock(() => setupJupyter());
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    Deno.exit(1);
  }
}
