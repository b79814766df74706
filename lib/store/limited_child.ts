/** Processes for files and programs that nobody vouches for: with limits of their own, and no longer there than this one. */
import { readFileSync } from "node:fs";
import { APART } from "../progress.ts";
import { withParent } from "./with_parent.ts";

export interface Limits {
  /** Writable memory (RLIMIT_DATA: what V8 only reserves does not count), with what Deno itself takes, MiB. */
  memoryMib: number;
  /** Seconds of the processor. */
  seconds?: number;
  /** Stack of the main thread, where the system can give that much; else V8's own. */
  stackMib?: number;
}

/** Of a larger stack: what V8 leaves to code that does not look how much is left. */
const STACK_RESERVE_KIB = 2048;

/** POSIX shell: no core file, then limits on writable memory, on the processor's time and on the stack, if asked for. */
const LIMIT = `ulimit -c 0; ulimit -d "$1" 2>/dev/null
[ "$2" -gt 0 ] && ulimit -t "$2"
[ "$3" -gt 0 ] && ulimit -s "$3" 2>/dev/null && export DENO_V8_FLAGS="--stack-size=$(($3 - ${STACK_RESERVE_KIB}))"
shift 3; exec "$@"`;

/** Start a command behind its limits, where the system has a POSIX shell. Its standard streams are pipes. */
export function spawnLimited(command: string[], limits: Limits, options: Deno.CommandOptions = {}): Deno.ChildProcess {
  const { memoryMib, seconds = 0, stackMib = 0 } = limits;
  const numbers = [Math.ceil(memoryMib) * 1024, Math.ceil(seconds), stackMib * 1024].map(String);
  const behind = ["/bin/sh", "-c", LIMIT, "sh", ...numbers, ...withParent(command)];
  const [program, ...args] = Deno.build.os === "windows" ? command : behind;
  return new Deno.Command(program, { ...options, args, stdin: "piped", stdout: "piped", stderr: "piped", ...APART })
    .spawn();
}

/** What a command wrote, and how it ended. */
export interface Ended {
  /** It had its seconds, or the kernel ended it for them. */
  late: boolean;
  status: Deno.CommandStatus;
  stdout: Uint8Array;
  /** The end of what it wrote to its error stream. */
  words: string;
}

/** Characters of a child's last words: V8's stand before the stack of its machine code. */
const WORDS = 5000;

export interface RunLimits extends Limits {
  seconds: number;
  /** Seconds in which it may start, for a command that writes something once it is there: the others count from then. */
  startSeconds?: number;
}

/** Give a command its whole input, and wait for its end. */
export async function runLimited(
  command: string[],
  input: Uint8Array,
  { startSeconds = 0, ...limits }: RunLimits,
  options: Deno.CommandOptions = {},
): Promise<Ended> {
  const { seconds } = limits, child = spawnLimited(command, { ...limits, seconds: seconds + startSeconds }, options);
  let late = false;
  const giveUp = () => {
    late = true;
    kill(child);
  };
  let callOff = deadline(child.pid, seconds + startSeconds, giveUp);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const read = async () => {
    for await (const chunk of child.stdout) {
      if (chunks.push(chunk) > 1 || !startSeconds) continue;
      callOff();
      callOff = deadline(child.pid, seconds, giveUp);
    }
  };
  const [status, errors] = await Promise.all([
    child.status,
    new Response(child.stderr).text(),
    read(),
    feed(child.stdin, input),
  ]).finally(() => callOff());
  const stdout = new Uint8Array(await new Blob(chunks).arrayBuffer());
  return { late: late || status.signal === "SIGXCPU", status, stdout, words: errors.trim().slice(-WORDS) };
}

/** A child that ended before it had read all is told by its status. */
async function feed(stdin: WritableStream<Uint8Array>, input: Uint8Array): Promise<void> {
  const writer = stdin.getWriter();
  await writer.write(input).then(() => writer.close()).catch(() => {});
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
 * so that a busy machine fails nothing that another one passes; a process that waits has `PATIENCE` times as long.
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
