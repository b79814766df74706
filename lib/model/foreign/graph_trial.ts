/**
 * A graph that nobody vouches for, run in a process of its own first: it reaches machine code, which may end the process
 * that it runs in. What passed once is remembered for as long as its files do not change. A host needs no trial: it is
 * such a process.
 */
import type { ResolvedGraph } from "../../arch/foreign/resolved_graph.ts";
import { cacheKey } from "../../arch/build.ts";
import { howEnded } from "../../store/limited_child.ts";
import { cacheDir } from "../../store/paths.ts";
import { remembered } from "../../store/whole_file.ts";
import { onnxruntimeVersion } from "../runtime_version.ts";
import { runTrialProcess, trialCommand } from "../trial.ts";

/** Part of the key of what is remembered: raise it when the trial asks for more. */
const TRIAL_VERSION = 2;
/** Seconds of the processor, and more for a file's bytes. */
const SECONDS = 30, SECONDS_PER_GB = 60;
/** Writable memory: what Deno sets aside on a machine of many cores, and what weights become when they are prepacked. */
const OWN_MIB = 4096, MIB_PER_MB = 4;

/** What the process answers, in one line. */
export type TrialAnswer = { ran: true } | { error: string };

/** What may be told otherwise, for tests. */
export interface TrialOptions {
  /** The process instead of Deno with `graph_trial_main.ts`. */
  command?: string[];
}

/**
 * Try a graph, unless these files have passed on this machine.
 *
 * @throws {TypeError} If it cannot be opened or run, with the runtime's words; or if its process dies.
 */
export async function tryGraph(graph: ResolvedGraph): Promise<void> {
  const key = cacheKey([
    TRIAL_VERSION,
    await onnxruntimeVersion(),
    graph.identity,
    graph.layout,
    graph.options.optimise ?? null,
    graph.first?.layout,
  ]);
  await remembered(cacheDir("graphs", `${key}.json`), () => runTrial(graph));
}

/** The trial itself. */
export async function runTrial(graph: ResolvedGraph, options: TrialOptions = {}): Promise<TrialAnswer> {
  const megabytes = graph.weights.bytes / 1e6;
  const limits = { seconds: SECONDS + SECONDS_PER_GB * megabytes / 1e3, memoryMib: OWN_MIB + MIB_PER_MB * megabytes };
  const ended = await runTrialProcess<TrialAnswer>(options.command ?? TRIAL, JSON.stringify(graph), limits);
  const { answer, late, status, words } = ended;
  if (answer && "ran" in answer) return answer;
  if (answer?.error.startsWith("Cannot open")) throw new TypeError(answer.error);
  throw new TypeError(
    `Cannot open ${graph.path}: ` +
      (answer
        ? answer.error
        : "in a trial the process that ran it " + (late
          ? `took more than ${Math.ceil(limits.seconds)} s`
          : `ended ${howEnded(status)}${words && `; its last words: ${words.slice(-300)}`}`)),
  );
}

// The binding looks at the environment, and at what system there is.
const PERMISSIONS = ["--allow-read", "--allow-env", "--allow-ffi", "--allow-sys"];
const TRIAL = trialCommand(new URL("./graph_trial_main.ts", import.meta.url), PERMISSIONS);
