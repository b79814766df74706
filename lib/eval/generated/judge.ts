/** Run the programs of one run, and say what became of each. */
import type { Generation } from "../../model/generate.ts";
import type { ProgramResult, Sandbox } from "../sandbox/program.ts";
import type { ProgramSample } from "../types.ts";
import type { Run } from "./plan.ts";

/** @returns A verdict for each generation, in order. Equal programs of a run are run once. */
export async function judge(sandbox: Sandbox, run: Run, generations: Generation[]): Promise<ProgramSample[]> {
  const results = new Map<string, Promise<ProgramResult>>();
  for (const { text } of generations) {
    if (!results.has(text)) results.set(text, sandbox.run(run.problem.program(text)));
  }
  const settled = await Promise.all(results.values());
  const verdicts = new Map([...results.keys()].map((text, i) => [text, settled[i]]));
  return generations.map(({ text, ids, finishReason }, sample) => {
    const { verdict, reason } = verdicts.get(text)!;
    return {
      seed: run.seed,
      sample,
      completion: text,
      tokens: ids.length,
      finishReason,
      verdict,
      ...(reason ? { reason } : {}),
    };
  });
}
