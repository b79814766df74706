/** Where and with what an evaluation ran. */
import { cpus } from "node:os";
import type { ModelInfo } from "../model/info.ts";
import { onnxruntimeVersion } from "../model/runtime_version.ts";
import type { EvalEnvironment } from "./types.ts";

/** This machine and its programs, beside what the caller knows of the run. */
export async function evalEnvironment(
  model: ModelInfo,
  run: Pick<EvalEnvironment, "startedAt" | "seconds" | "split" | "scoring" | "reused">,
): Promise<EvalEnvironment> {
  return {
    model,
    versions: { ...Deno.version, onnxruntime: await onnxruntimeVersion() },
    os: Deno.build.os,
    arch: Deno.build.arch,
    logicalCores: cpus().length,
    ...run,
  };
}
