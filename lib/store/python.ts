/**
 * The user's Python, needed where Jupyter is and for downloading packages: found, never installed.
 */
import { join } from "node:path";
import { cacheDir } from "./paths.ts";
import { withParent } from "./with_parent.ts";

const NEEDED = [3, 10];

/** Run a command to its end; `ok` is false also where the program does not exist. */
export async function run(
  command: string[],
  options: Deno.CommandOptions = {},
): Promise<{ ok: boolean; text: string }> {
  try {
    const [program, ...args] = withParent(command); // a download that nobody waits for would go on
    const child = new Deno.Command(program, { args, stdin: "null", ...options });
    const { success, stdout, stderr } = await child.output();
    const decoder = new TextDecoder();
    return { ok: success, text: (decoder.decode(stdout) + decoder.decode(stderr)).trim() };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { ok: false, text: `${command[0]}: not found` };
    throw error;
  }
}

/**
 * Command of a Python of at least 3.10: the one of the environment variable PYTHON, else python3, else python.
 *
 * @throws {Error} If there is none; the message says which were found.
 */
export async function findPython(commands: string[] = pythonCommands()): Promise<string> {
  const found: string[] = [];
  for (const python of commands) {
    const { ok, text } = await run([python, "-c", "import sys; print(*sys.version_info[:2])"]);
    if (!ok) continue;
    const [major, minor] = text.split(" ").map(Number);
    if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) return python;
    found.push(`${python} is ${major}.${minor}`);
  }
  throw new Error(
    `Archbench needs Python ${NEEDED.join(".")} or newer for Jupyter; ${found.join(", ") || "no python3 was found"}. ` +
      `Install one, or name it: PYTHON=/path/to/python3`,
  );
}

function pythonCommands(): string[] {
  const asked = Deno.env.get("PYTHON");
  return asked ? [asked] : ["python3", "python"];
}

/** Command of a pip: Python's own, else (some systems leave it out) one in a small environment in the cache. */
export async function pipCommand(): Promise<string[]> {
  const python = await findPython();
  const pipOf = (python: string) => [python, "-m", "pip"];
  if ((await run([...pipOf(python), "--version"])).ok) return pipOf(python);
  const folder = cacheDir("pip");
  const own = join(folder, Deno.build.os === "windows" ? "Scripts/python.exe" : "bin/python");
  if ((await run([...pipOf(own), "--version"])).ok) return pipOf(own);
  const made = await run([python, "-m", "venv", "--clear", folder]);
  if (made.ok) return pipOf(own);
  throw new Error(`${python} has neither pip nor a working venv; install them (Debian: python3-venv). ${made.text}`);
}
