/**
 * A tokenizer that nobody vouches for, opened in a process of its own first: a parser in machine code cannot be
 * stopped, and where it fails it may end the process that it runs in. What passed once is remembered by its content.
 */
import { createHash } from "node:crypto";
import { howEnded } from "../store/limited_child.ts";
import { cacheDir } from "../store/paths.ts";
import { remembered } from "../store/whole_file.ts";
import { LIBRARY } from "./native_tokenizer.ts";
import { runTrialProcess, trialCommand } from "./trial.ts";

/** Part of the key of what is remembered: raise it when the trial asks for more. */
const TRIAL_VERSION = 1;
/** Seconds of the processor. */
const SECONDS = 10, SECONDS_PER_MB = 1;
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
  const limits = { seconds, memoryMib: OWN_MIB + MIB_PER_MB * megabytes };
  const command = options.command ?? [...TRIAL, name], env = { RAYON_NUM_THREADS: "1" };
  const { answer, late, status, words } = await runTrialProcess<TrialAnswer>(command, json, limits, env);
  if (answer && "opened" in answer) return answer;
  if (answer) throw new SyntaxError(answer.error);
  throw new SyntaxError(
    `Cannot read the tokenizer ${name}: in a trial the process that opened it ` +
      (late || status.signal === "SIGKILL" // by the system's own hand
        ? `took more than ${seconds} s, or more memory than there is`
        : `ended ${howEnded(status)}${words && `; its last words: ${words.slice(-300)}`}`) +
      "; the file is damaged or not made for this library",
  );
}

// The binding looks at the environment, and at what C library the system has.
const PERMISSIONS = ["--allow-read", "--allow-env", "--allow-ffi"];
const TRIAL = trialCommand(new URL("./tokenizer_trial_main.ts", import.meta.url), PERMISSIONS);
