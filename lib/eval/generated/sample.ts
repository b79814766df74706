/** Let model hosts write programs: every prompt within the context, the work shared between the hosts. */
import type { GenerateRequest, GenerateResult } from "../../model/generate.ts";
import type { ModelHost } from "../../model/protocol.ts";
import type { CheckedGenerate } from "./facts.ts";
import type { Run } from "./plan.ts";

/**
 * The runs' prompts as a host gets them. lm-eval's rule: `maxNewTokens` always fit, and a longer prompt keeps its last
 * tokens.
 *
 * @returns One request a run, and the runs whose prompts were cut.
 * @throws {RangeError} If `maxNewTokens` fill the whole context.
 */
export async function requestsOf(
  host: ModelHost,
  runs: Run[],
  { maxNewTokens }: CheckedGenerate,
): Promise<{ requests: Map<Run, GenerateRequest>; cut: Run[] }> {
  const { name, contextLength } = host.open.info;
  const room = contextLength - maxNewTokens;
  if (room < 1) {
    throw new RangeError(
      `Cannot generate with ${name}: maxNewTokens ${maxNewTokens} leave nothing of its context of ${contextLength} for ` +
        `the prompt; pass fewer, e.g. maxNewTokens: ${Math.max(1, contextLength >> 1)}`,
    );
  }
  const prompts = [...new Set(runs.map((run) => run.problem.prompt))];
  const encoded = prompts.length ? await host.encode(prompts) : [];
  const ids = new Map(prompts.map((prompt, i) => [prompt, encoded[i]]));
  const requests = new Map(runs.map((run) => {
    const { prompt } = run.problem, own = ids.get(prompt)!;
    // at exactly `room` tokens a BOS in front would be one too many
    return [run, { prompt: own.length >= room ? own.slice(-room) : prompt, seed: run.drawSeed }];
  }));
  return { requests, cut: runs.filter((run) => ids.get(run.problem.prompt)!.length > room) };
}

/**
 * Write all batches, each by the next free host; `onRun` gets each run as it is finished.
 *
 * @throws What the first host that fails throws; the others are left at work.
 */
export async function sampleBatches(
  hosts: ModelHost[],
  batches: Run[][],
  requests: Map<Run, GenerateRequest>,
  { samples, temperature, topP, maxNewTokens, stop }: CheckedGenerate,
  onRun: (run: Run, result: GenerateResult) => void,
): Promise<void> {
  const queue = [...batches];
  await Promise.all(hosts.map(async (host) => {
    for (let batch = queue.shift(); batch; batch = queue.shift()) {
      const runs = batch;
      await host.generateBatch(runs.map((run) => requests.get(run)!), {
        ...{ samples, temperature, topP, maxNewTokens, stop },
        onResult: (index, result) => onRun(runs[index], result),
      });
    }
  }));
}
