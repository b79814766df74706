/** Where and with what an evaluation ran. */
import { cpus } from "node:os";
import type { ModelInfo } from "../model/protocol.ts";
import type { EvalEnvironment } from "./types.ts";

export function evalEnvironment(model: ModelInfo, startedAt: Date, seconds: number): EvalEnvironment {
  return {
    model,
    versions: { ...Deno.version },
    os: Deno.build.os,
    arch: Deno.build.arch,
    logicalCores: cpus().length,
    startedAt: startedAt.toISOString(),
    seconds,
  };
}
