/** Where and with what an evaluation ran. */
import { cpus } from "node:os";
import type { ModelInfo } from "../model/protocol.ts";
import type { ScoreSettings } from "../model/score_options.ts";
import type { EvalEnvironment, EvalSplit } from "./types.ts";

export function evalEnvironment(
  model: ModelInfo,
  startedAt: Date,
  seconds: number,
  split: EvalSplit,
  scoring: ScoreSettings,
): EvalEnvironment {
  return {
    model,
    versions: { ...Deno.version },
    os: Deno.build.os,
    arch: Deno.build.arch,
    logicalCores: cpus().length,
    startedAt: startedAt.toISOString(),
    seconds,
    split,
    scoring,
  };
}
