/**
 * A tokenizer that nobody vouches for, opened in a process of its own first: a parser in machine code cannot be
 * stopped, and where it fails it may end the process that it runs in. What passed once is remembered by its content.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheDir, projectRoot } from "../store/paths.ts";
import { remembered } from "../store/whole_file.ts";
import { LIBRARY } from "./native_tokenizer.ts";

/** Part of the key of what is remembered: raise it when the trial asks for more. */
const TRIAL_VERSION = 1;
/** Seconds of the processor, and how many times as long the whole may take beside other work. */
const SECONDS = 10, SECONDS_PER_MB = 1, PATIENCE = 4;
/** Writable memory: what Deno sets aside on a machine of many cores, and what a vocabulary becomes (30 bytes a byte). */
const OWN_MIB = 2048, MIB_PER_MB = 60;

/** What the process answers, in one line. */
export type TrialAnswer = { opened: true } | { error: string };

/** What may be told otherwise, for tests. */
export interface TrialOptions {
  /** The process instead of Deno with `tokenizer_trial_main.ts`. */
  command?: string[];
  /** Seconds of the processor. */
  seconds?: number;
}

/**
 * Try a tokenizer.json, unless one of the same content has passed on this machine.
 *
 * @param name As errors call it.
 * @throws {SyntaxError} If it cannot be opened, or its process dies or takes too long.
 */
export async function tryTokenizer(json: string, name: string): Promise<void> {
  const hash = createHash("sha256").update(json).digest("hex").slice(0, 32);
  const version = `${TRIAL_VERSION}_${LIBRARY.replace(" ", "_")}`;
  await remembered(cacheDir("tokenizers", `tried_${version}_${hash}.json`), () => runTrial(json, name));
}

/** The trial itself. */
export async function runTrial(json: string, name: string, options: TrialOptions = {}): Promise<TrialAnswer> {
  const megabytes = Math.ceil(json.length / 1e6), seconds = options.seconds ?? SECONDS + SECONDS_PER_MB * megabytes;
  const [command, ...args] = confined(options.command ?? [...TRIAL, name], seconds, OWN_MIB + MIB_PER_MB * megabytes);
  const env = { RAYON_NUM_THREADS: "1", NO_COLOR: "1" };
  const child = new Deno.Command(command, { args, env, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }, PATIENCE * seconds * 1000);
  const given = give(child.stdin, json); // not awaited: a process that reads nothing would be waited for
  const { code, signal, stdout, stderr } = await child.output().finally(() => clearTimeout(timer));
  await given;
  const answer = answerIn(stdout);
  if (answer && "opened" in answer) return answer;
  if (answer) throw new SyntaxError(answer.error);
  const tooLong = late || signal === "SIGXCPU" || signal === "SIGKILL"; // by its own limit, or the system's
  const words = new TextDecoder().decode(stderr).trim().slice(-300);
  throw new SyntaxError(
    `Cannot read the tokenizer ${name}: in a trial the process that opened it ` +
      (tooLong
        ? `took more than ${seconds} s, or more memory than there is`
        : `ended ${signal ? `by ${signal}` : `with code ${code}`}${words && `; its last words: ${words}`}`) +
      "; the file is damaged or not made for this library",
  );
}

const TRIAL = [
  Deno.execPath(),
  // The binding looks at the environment, and at what C library the system has.
  ...["run", "--quiet", "--no-prompt", "--allow-read", "--allow-env", "--allow-ffi"],
  ...[
    "--config",
    join(projectRoot(), "deno.json"),
    fileURLToPath(new URL("./tokenizer_trial_main.ts", import.meta.url)),
  ],
];

/** The command behind limits on its time and writable memory, where the system has a POSIX shell. */
function confined(command: string[], seconds: number, mib: number): string[] {
  if (Deno.build.os === "windows") return command;
  const script = 'ulimit -c 0; ulimit -t "$1"; ulimit -d "$2" 2>/dev/null; shift 2; exec "$@"';
  return ["/bin/sh", "-c", script, "sh", String(Math.ceil(seconds)), String(mib * 1024), ...command];
}

async function give(stdin: WritableStream<Uint8Array>, json: string): Promise<void> {
  try {
    await new Blob([json]).stream().pipeTo(stdin);
  } catch {
    // It ended before it had read all: its end tells more.
  }
}

function answerIn(stdout: Uint8Array): TrialAnswer | null {
  try {
    return JSON.parse(new TextDecoder().decode(stdout));
  } catch {
    return null;
  }
}
