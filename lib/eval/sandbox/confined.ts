/** Starting a process that can do next to nothing, and that ends when this one does. */
import { fileURLToPath } from "node:url";
import { spawnLimited } from "../../store/limited_child.ts";

export interface ConfinedOptions {
  /** File beside this one. */
  script: string;
  args?: string[];
  /** Folders and files that the process may read; none when left out. */
  read?: string[];
  v8Flags?: string[];
  /** Data that the process may hold beside what Deno itself takes, MiB. */
  memoryMib: number;
  /** Stack of the main thread, where the system can give that much; else V8's own. */
  stackMib?: number;
}

/** Writable memory that V8, its threads and Deno set aside before a program asks for any (562 MiB on 2 cores), MiB. */
const OWN_MIB = 768;

/**
 * Start a Deno process that has no permission but reading `read`, no environment, no cache and no network, and
 * asks nobody for more. Its standard streams are pipes.
 */
export function spawnConfined(options: ConfinedOptions): Deno.ChildProcess {
  const deno = [
    Deno.execPath(),
    ...["run", "--quiet", "--no-prompt", "--no-config", "--no-lock", "--no-npm", "--no-remote"],
    ...(options.read ? [`--allow-read=${options.read.join(",")}`] : []),
    ...(options.v8Flags?.length ? [`--v8-flags=${options.v8Flags.join(",")}`] : []),
    fileURLToPath(new URL(options.script, import.meta.url)),
    ...(options.args ?? []),
  ];
  return spawnLimited(deno, { memoryMib: options.memoryMib + OWN_MIB, stackMib: options.stackMib }, {
    clearEnv: true,
    env: { PATH: "/usr/bin:/bin", NO_COLOR: "1", DENO_DIR: "/dev/null/none", DENO_NO_UPDATE_CHECK: "1" },
    cwd: "/",
  });
}

/** One line of at most 300 characters, as a `ProgramResult` has it. */
export function oneLine(text: string): string {
  // deno-lint-ignore no-control-regex -- programs print what they like, and a reason is shown in terminals
  return text.replaceAll(/[\s\x00-\x1f\x7f]+/g, " ").trim().slice(0, 300);
}
