/** Starting a process that can do next to nothing, and that ends when this one does. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { APART } from "../../progress.ts";

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

/** Of a larger stack: what V8 leaves to code that does not look how much is left. */
const STACK_RESERVE_KIB = 2048;

/**
 * POSIX shell: no core file, a limit on writable memory (RLIMIT_DATA: V8's address reservations do not count), a larger
 * stack if one is asked for, and, where util-linux has it, SIGKILL when the parent dies. A child that waits sees its
 * input end; one that is busy sees nothing, and has no permission to ask the kernel itself.
 */
const CONFINE = `ulimit -c 0; ulimit -d "$1" 2>/dev/null
[ "$2" -gt 0 ] && ulimit -s "$2" 2>/dev/null && export DENO_V8_FLAGS="--stack-size=$(($2 - ${STACK_RESERVE_KIB}))"
shift 2
setpriv --pdeathsig KILL -- true 2>/dev/null && exec setpriv --pdeathsig KILL -- "$@"
exec "$@"`;

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
  const kib = [options.memoryMib + OWN_MIB, options.stackMib ?? 0].map((mib) => String(mib * 1024));
  const [command, ...args] = Deno.build.os === "windows" ? deno : ["/bin/sh", "-c", CONFINE, "sh", ...kib, ...deno];
  return new Deno.Command(command, {
    args,
    clearEnv: true,
    env: { PATH: "/usr/bin:/bin", NO_COLOR: "1", DENO_DIR: "/dev/null/none", DENO_NO_UPDATE_CHECK: "1" },
    cwd: "/",
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    ...APART,
  }).spawn();
}

/** Kill a child that may be gone already. */
export function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/** How many times its seconds a process may take while others keep the processor from it. */
const PATIENCE = 4;

/**
 * Calls `late` when a process has had its seconds. On Linux these are seconds of the processor where it has too few,
 * so that a busy machine fails no program that another one passes; a process that waits has `PATIENCE` times as long.
 *
 * @returns Calls it off.
 */
export function deadline(pid: number, seconds: number, late: () => void): () => void {
  const start = performance.now(), before = processorSeconds(pid);
  let timer = setTimeout(look, seconds * 1000);
  function look() {
    const left = seconds - (processorSeconds(pid) - before);
    const leftInAll = PATIENCE * seconds - (performance.now() - start) / 1000;
    if (left > 0 && leftInAll > 0) timer = setTimeout(look, Math.max(10, Math.min(left, leftInAll) * 1000));
    else late();
  }
  return () => clearTimeout(timer);
}

/** Processor time of a process and its threads so far; NaN where the system does not tell. */
function processorSeconds(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /s, "").split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100; // utime and stime, in ticks of 1/100 s
  } catch {
    return NaN;
  }
}

/** How a process ended, in words. */
export function howEnded({ signal, code }: Deno.CommandStatus): string {
  return signal ? `by ${signal}` : `with code ${code}`;
}

/** One line of at most 300 characters, as a `ProgramResult` has it. */
export function oneLine(text: string): string {
  // deno-lint-ignore no-control-regex -- programs print what they like, and a reason is shown in terminals
  return text.replaceAll(/[\s\x00-\x1f\x7f]+/g, " ").trim().slice(0, 300);
}
