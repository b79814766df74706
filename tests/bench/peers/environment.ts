/** The peers' own environment, `.cache/peers`: a Python venv and an npm folder with pinned versions, each made once. */
import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheDir } from "../../../lib/store/paths.ts";
import { findPython } from "../../../lib/store/python.ts";

/** Threads of everything. */
export const THREADS = 2;

export const folder = (...parts: string[]) => cacheDir("peers", ...parts);
export const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));
export const npmFolder = folder("npm");
export const venvPython = folder(
  "venv",
  Deno.build.os === "windows" ? "Scripts/python.exe" : "bin/python",
);

/** Install the Python peers. */
export function installPython(): Promise<string> {
  return once("venv", [script("requirements.txt")], async () => {
    await run("make a venv for the peers", [
      await findPython(),
      "-m",
      "venv",
      "--clear",
      folder("venv"),
    ]);
    const pip = [
      venvPython,
      "-m",
      "pip",
      "install",
      "--disable-pip-version-check",
      "-r",
      script("requirements.txt"),
    ];
    await run("install the Python peers", pip);
  });
}

/**
 * Install npm packages, without their install scripts: their binaries come inside packages.
 *
 * @param name Of a list beside this file; as package.json Deno would format this folder by other rules.
 */
export function installNpm(name: "npm" | "npm_tokenizers" = "npm"): Promise<string> {
  const list = script(`${name}.json`), into = folder(name);
  return once(name, [list], async () => {
    await mkdir(into, { recursive: true });
    await copyFile(list, join(into, "package.json"));
    const install = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"];
    await run(`install the packages of ${name}.json`, install, into);
  });
}

/**
 * Do work whose result is `.cache/peers/<name>` unless it was done from these very sources.
 *
 * @returns The folder.
 */
export async function once(
  name: string,
  sources: string[],
  work: () => Promise<void>,
): Promise<string> {
  const hash = createHash("sha256");
  for (const source of sources) hash.update(await readFile(source));
  const stamp = folder(`${name}.done`), key = hash.digest("hex");
  if (await readFile(stamp, "utf8").catch(() => "") !== key) {
    await mkdir(dirname(stamp), { recursive: true });
    await rm(folder(name), { recursive: true, force: true });
    await work();
    await writeFile(stamp, key);
  }
  return folder(name);
}

/** Run a command to its end; its output goes to a log, whose last lines an error quotes. */
export async function run(
  what: string,
  command: string[],
  cwd?: string,
): Promise<void> {
  console.error(`peers: ${what} ...`);
  const [program, ...args] = command;
  let output: Deno.CommandOutput;
  try {
    output = await new Deno.Command(program, {
      args,
      cwd,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).output();
  } catch (error) {
    throw new Error(
      `Cannot ${what}: ${error instanceof Error ? error.message : error}`,
    );
  }
  const decoder = new TextDecoder(),
    log = decoder.decode(output.stdout) + decoder.decode(output.stderr);
  await writeFile(folder("log.txt"), log);
  if (output.success) return;
  const tail = log.trim().split("\n").slice(-3).join(" ").slice(-400);
  throw new Error(`Cannot ${what}: ${tail} (all of it: ${folder("log.txt")})`);
}
