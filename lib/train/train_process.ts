/** Training in a process of its own, so that a notebook stays free and several runs share the cores. */
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import type { ArchSpec } from "../arch/spec.ts";
import { TextLineStream } from "../model/lines.ts";
import { APART } from "../progress.ts";
import { projectRoot } from "../store/paths.ts";
import { DivergedError, type TrainedModel, type TrainOptions, type TrainProgress } from "./train_model.ts";

/** What `train_main.ts` is told, as JSON. */
export interface TrainJob {
  spec: ArchSpec;
  options: Omit<TrainOptions, "onProgress">;
}

/** A line that it answers with. */
export type TrainReply =
  | { progress: TrainProgress }
  | { result: TrainedModel }
  | { error: { name: string; message: string } };

const ERROR_TYPES: Record<string, new (message: string) => Error> = {
  RangeError,
  TypeError,
  SyntaxError,
  DivergedError,
};
/** Bytes of the child's error output that a message quotes. */
const STDERR_TAIL = 2000;

/**
 * `trainModel` in a process of its own, which ends with this one.
 *
 * @param options.signal Ends the process; what it has kept on disk stays, and the same call goes on from there.
 * @throws As `trainModel`, and `Error` if the process dies; with its last words.
 */
export async function trainInProcess(
  spec: ArchSpec,
  { onProgress, signal, ...options }: TrainOptions & { signal?: AbortSignal },
): Promise<TrainedModel> {
  const job: TrainJob = { spec, options };
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--allow-all", "--no-prompt", "--quiet", "--config", join(projectRoot(), "deno.json")],
      fileURLToPath(new URL("./train_main.ts", import.meta.url)),
      String(Deno.pid),
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    signal,
    ...APART,
  }).spawn();
  const stdin = child.stdin.getWriter();
  await stdin.write(new TextEncoder().encode(JSON.stringify(job)));
  await stdin.close();
  const errors = tailOf(child.stderr);
  let last: TrainReply | null = null;
  for await (const line of child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())) {
    last = JSON.parse(line) as TrainReply;
    if ("progress" in last) onProgress?.(last.progress);
  }
  const [status, words] = await Promise.all([child.status, errors]);
  if (last && "result" in last) return last.result;
  signal?.throwIfAborted();
  if (last && "error" in last) throw new (ERROR_TYPES[last.error.name] ?? Error)(last.error.message);
  const how = status.signal ? `by ${status.signal}` : `with code ${status.code}`;
  throw new Error(`Training "${spec.name}" ended ${how}${words && `; its last words: ${words}`}`);
}

async function tailOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  let tail = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) tail = (tail + text).slice(-STDERR_TAIL);
  return tail.trim();
}
