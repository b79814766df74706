/** The process that `trainInProcess` starts: a job comes in as JSON, answers go out as JSON, one a line. */
import { dieWithParent } from "../model/die_with_parent.ts";
import { trainModel } from "./train_model.ts";
import type { TrainJob, TrainReply } from "./train_process.ts";

/** Fails, and so ends the process, once nobody reads any more. */
function reply(message: TrainReply): void {
  const bytes = new TextEncoder().encode(JSON.stringify(message) + "\n");
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

dieWithParent(Number(Deno.args[0]));
const { spec, options } = await new Response(Deno.stdin.readable).json() as TrainJob;
try {
  reply({ result: await trainModel(spec, { ...options, onProgress: (progress) => reply({ progress }) }) });
} catch (error) {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  reply({ error: { name, message } });
}
