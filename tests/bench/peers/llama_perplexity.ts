/**
 * llama.cpp's perplexity tool, which scores HellaSwag with shared prefixes. No package has it as a program, so it is
 * built once, for this machine's own processor, from the sources that llama-cpp-python's source package carries.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cacheDir } from "../../../lib/store/paths.ts";
import { pipCommand, run } from "../../../lib/store/python.ts";

/** Of llama-cpp-python, whose source package this is the hash of. */
export const SOURCES_VERSION = "0.3.36";
const SOURCES_SHA256 = "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e";

const TARGET = "llama-perplexity";
const CONFIGURATION = [
  "-DCMAKE_BUILD_TYPE=Release",
  "-DGGML_NATIVE=ON",
  "-DGGML_CCACHE=OFF",
  "-DBUILD_SHARED_LIBS=OFF", // one file, which can be moved
  "-DLLAMA_OPENSSL=OFF",
  ...["TESTS", "EXAMPLES", "SERVER", "APP"].map((part) => `-DLLAMA_BUILD_${part}=OFF`),
];

/**
 * Build the tool, unless this version with this configuration is there.
 *
 * @returns Path of the program.
 * @throws {Error} Where it cannot be built: no cmake, no compiler, no network.
 */
export async function buildLlamaPerplexity(): Promise<string> {
  const key = createHash("sha256").update(JSON.stringify([SOURCES_SHA256, CONFIGURATION])).digest("hex").slice(0, 12);
  const folder = cacheDir("peers", `llama_cpp-${key}`), program = join(folder, TARGET);
  if (existsSync(program)) return program;
  await requireCompiler();
  const work = `${folder}.partial`;
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  const build = join(work, "build"), jobs = String(navigator.hardwareConcurrency);
  const sources = await fetchSources(work);
  await step("configure llama.cpp", ["cmake", "-S", sources, "-B", build, ...CONFIGURATION]);
  await step("build llama.cpp's perplexity tool (minutes)", [
    ...["cmake", "--build", build, "--config", "Release"],
    ...["--target", TARGET, "--parallel", jobs],
  ]);
  await mkdir(folder, { recursive: true });
  await rename(join(build, "bin", TARGET), program);
  await rm(work, { recursive: true });
  return program;
}

/** cmake's own error says it in many lines, of which the last do not name what is missing. */
async function requireCompiler(): Promise<void> {
  const compilers = Deno.env.get("CXX")?.split(" ").slice(0, 1) ?? ["c++", "g++", "clang++"];
  for (const anyOf of [["cmake"], compilers]) {
    const found = await Promise.all(anyOf.map((program) => run([program, "--version"])));
    if (found.some(({ ok }) => ok)) continue;
    throw new Error(`it is built from sources, and this machine has no ${anyOf.join(", ")}; install one of them`);
  }
}

/** pip refuses a file with another hash before it looks into it. */
async function fetchSources(work: string): Promise<string> {
  const wanted = join(work, "requirements.txt");
  await writeFile(wanted, `llama-cpp-python==${SOURCES_VERSION} --hash=sha256:${SOURCES_SHA256}\n`);
  await step("download llama.cpp's sources (77 MB)", [
    ...[...await pipCommand(), "download", "--disable-pip-version-check", "--no-input", "--no-deps"],
    ...["--no-binary", "llama-cpp-python", "--require-hashes", "--requirement", wanted, "--dest", work],
  ]);
  const name = `llama_cpp_python-${SOURCES_VERSION}`, member = `${name}/vendor/llama.cpp`;
  await step("unpack llama.cpp's sources", ["tar", "-xzf", join(work, `${name}.tar.gz`), "-C", work, member]);
  return join(work, member);
}

async function step(what: string, command: string[]): Promise<void> {
  console.error(`peers: ${what} ...`);
  const { ok, text } = await run(command);
  if (ok) return;
  const log = cacheDir("peers", "llama_cpp.log");
  await writeFile(log, text);
  throw new Error(`Cannot ${what}: ${text.split("\n").slice(-3).join(" ").slice(-400)} (all of it: ${log})`);
}
