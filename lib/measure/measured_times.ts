/** What a roofline is compared with: the times of a generation benchmark. */
import { checkArgument, noOptions } from "../check/options.ts";
import type { MeasuredTimes } from "../cost/roofline.ts";
import { BENCHMARK_RESULT, type BenchmarkResult } from "./benchmark_result.ts";
import { isGeneration } from "./setting.ts";

/**
 * TTFT and TPOT of a benchmark, for `rooflineResiduals`.
 *
 * @param name Default: the model's name and precision.
 * @throws {RangeError} For the benchmark of a batch, which has neither.
 */
export function measuredTimes(result: BenchmarkResult, name?: string): MeasuredTimes {
  noOptions("measuredTimes", arguments, 2);
  checkArgument("Cannot compare with a roofline", "result", result, BENCHMARK_RESULT);
  const { setting, ttftMs, tpotMs, model, spec } = result;
  if (!isGeneration(setting) || !ttftMs || !tpotMs) {
    throw new RangeError(`Cannot compare ${result.name} with a roofline: a batch has no TTFT; use benchmarkGeneration`);
  }
  if (!spec) {
    throw new TypeError(
      `Cannot compare ${model.name} with a roofline: its graph was made elsewhere, and what it does is counted from its ` +
        "file; pass costedGraph(ref) to roofline beside its times",
    );
  }
  return {
    name: name ?? `${model.name} ${model.precisionLabel}`,
    spec,
    precision: model.precision as MeasuredTimes["precision"],
    weightBytes: model.weightBytes,
    promptTokens: setting.promptTokens,
    newTokens: setting.newTokens,
    ttftMs: ttftMs.point,
    tpotMs: tpotMs.point,
  };
}
