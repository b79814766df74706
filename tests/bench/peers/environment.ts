/**
 * The peers' own environment, `.cache/peers`: a Python venv and an npm folder with pinned versions, and the model in the
 * forms that they read, all made from the GGUF that `task setup` fetched. Each part is made once.
 */
import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openGguf } from "../../../lib/arch/gguf_file.ts";
import type { Precision } from "../../../lib/arch/spec.ts";
import { exportModel } from "../../../lib/model/export.ts";
import { tokenizerFromGguf } from "../../../lib/model/gguf_tokenizer.ts";
import { openTokenizer, type Tokenizer, type TokenizerFile } from "../../../lib/model/tokenizer.ts";
import { catalogModel } from "../../../lib/store/catalog.ts";
import { cacheDir } from "../../../lib/store/paths.ts";
import { findPython } from "../../../lib/store/python.ts";

/** The model that everything runs, and threads of everything. */
export const MODEL = "smollm2-135m";
export const THREADS = 2;

const folder = (...parts: string[]) => cacheDir("peers", ...parts);
export const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));
export const npmFolder = folder("npm");
export const hfFolder = folder("hf");
export const venvPython = folder(
  "venv",
  Deno.build.os === "windows" ? "Scripts/python.exe" : "bin/python",
);

/** Absolute path of the GGUF. */
export const ggufPath = () => catalogModel(MODEL).path;

async function readTokenizerFile(): Promise<TokenizerFile> {
  const path = ggufPath();
  return tokenizerFromGguf((await openGguf(path)).metadata, path);
}

/** The GGUF's own tokenizer, as the library rebuilds it. */
export async function readTokenizer(): Promise<Tokenizer> {
  const file = await readTokenizerFile();
  return openTokenizer(() => file);
}

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
 * A Hugging Face folder with the GGUF's numbers as float32. Its tokenizer is the library's (equal to llama.cpp's in the
 * golden texts): transformers' own reading of a GGUF leaves out that digits are split one by one.
 */
export async function makeHfFolder(): Promise<string> {
  await installPython();
  const maker = script("make_hf_folder.py");
  return once("hf", [maker, script("environment.ts")], async () => {
    await run("make the Hugging Face folder", [venvPython, maker, ggufPath(), hfFolder]);
    const { tokenizer } = await readTokenizerFile();
    await writeFile(join(hfFolder, "tokenizer.json"), JSON.stringify(tokenizer));
  });
}

/** The graph that onnxruntime-genai's own builder makes. */
export async function makeGenaiFolder(
  precision: "fp32" | "int4",
): Promise<string> {
  await makeHfFolder();
  const out = folder(`genai_${precision}`);
  const builder = [
    venvPython,
    "-m",
    "onnxruntime_genai.models.builder",
    "-i",
    hfFolder,
    "-o",
    out,
    "-p",
    precision,
  ];
  const more = [
    "-e",
    "cpu",
    "-c",
    folder("builder"),
    "--extra_options",
    "hf_token=false",
  ];
  return once(
    `genai_${precision}`,
    [],
    () => run(`build genai's ${precision} graph`, [...builder, ...more]),
  );
}

const exported = new Map<Precision, Promise<string>>();

/** Our own graph as onnxruntime-genai opens it, written once in each run of the bench: it changes with the library. */
export function makeExportedFolder(precision: "fp32" | "int4"): Promise<string> {
  const known = exported.get(precision);
  if (known) return known;
  const made = installPython()
    .then(() => exportModel({ ref: MODEL, precision }, folder(`exported_${precision}`)))
    .then((result) => result.folder);
  exported.set(precision, made);
  return made;
}

/** genai's fp32 graph as transformers.js opens it. */
export async function makeTransformersJsFolder(): Promise<string> {
  await installNpm();
  const genai = await makeGenaiFolder("fp32"),
    maker = script("make_transformers_js_folder.py");
  const command = [
    venvPython,
    maker,
    hfFolder,
    genai,
    folder("transformers_js"),
  ];
  return once(
    "transformers_js",
    [maker],
    () => run("make the folder of transformers.js", command),
  );
}

/**
 * Do work whose result is `.cache/peers/<name>` unless it was done from these very sources.
 *
 * @returns The folder.
 */
async function once(
  name: string,
  sources: string[],
  work: () => Promise<void>,
): Promise<string> {
  const hash = createHash("sha256");
  for (const source of sources) hash.update(await readFile(source));
  const stamp = folder(`${name}.done`), key = hash.digest("hex");
  if (await readFile(stamp, "utf8").catch(() => "") !== key) {
    await mkdir(folder(), { recursive: true });
    await rm(folder(name), { recursive: true, force: true });
    await work();
    await writeFile(stamp, key);
  }
  return folder(name);
}

/** Run a command to its end; its output goes to a log, whose last lines an error quotes. */
async function run(
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
