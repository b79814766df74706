/** Rules of the results that views are made of: told by the fields that a view reads first. */
import { anObject, data } from "../check/data.ts";
import { checkArgument } from "../check/options.ts";
import { entries, list, type Rule, withFields } from "../check/rules.ts";
import type { LlamaBenchRow } from "../compare/llama_bench.ts";
import type { PositionCurve } from "../compare/position/curve.ts";
import type { QualityComparison } from "../compare/paired_quality.ts";
import type { Recommendations } from "../cost/recommend.ts";
import type { RooflineResidual } from "../cost/roofline.ts";
import type { WillItRun } from "../cost/will_it_run.ts";
import type { OrderedSpeedUp } from "../measure/chapter_benchmarks.ts";
import type { Environment } from "../measure/environment.ts";
import type { Peaks } from "../measure/peaks.ts";
import type { PlannedRounds } from "../measure/power.ts";
import type { Scaling, ScalingCrossover } from "../measure/scaling.ts";
import type { SimulationRow } from "../measure/simulation.ts";
import type { ComparisonData } from "./comparison_data.ts";

const COMPARISON = data<ComparisonData>("a Comparison, as compareArchitectures gives", {
  raw: data<ComparisonData["raw"]>("the raw data of a comparison, with models, settings, rounds and tasks", {
    models: anObject(),
    settings: entries(),
    rounds: entries(),
    tasks: anObject(),
  }),
});

/** Check the comparison that something is drawn or told of. */
export function checkComparison(cannot: string, comparison: unknown): void {
  checkArgument(cannot, "comparison", comparison, COMPARISON);
}

export const QUALITY_COMPARISON = data<QualityComparison>("a comparison of quality, as compareQuality gives", {
  findings: entries(),
});
export const SCALING = data<Scaling>("a scaling, as measureScaling or scalingOf gives", {
  models: anObject(),
  crossovers: entries(),
});
export const SCALING_CROSSOVER = data<ScalingCrossover>("one of a scaling's crossovers", { crossover: anObject() });
export const POSITION_CURVE = data<PositionCurve>("a position curve, as positionCurve gives", {
  raw: anObject(),
  curves: anObject(),
  differences: anObject(),
});
export const ENVIRONMENT = data<Environment>("an environment, as captureEnvironment gives", { loadAverage: entries() });
export const PEAKS = data<Peaks>("what measurePeaks gives", {
  flopsPerS: anObject(),
  machine: anObject(),
  samples: entries(),
});
export const RECOMMENDATIONS = data<Recommendations>("what recommend gives", {
  limits: anObject(),
  found: entries(),
  failed: entries(),
});

export const RESIDUALS: Rule<RooflineResidual[]> = list(
  withFields<RooflineResidual>("what rooflineResiduals gives", "phase", "roof"),
);
export const PLANS = list(
  data<{ config: string; plan: PlannedRounds[] }>("a plan { config, plan }, with what planRounds gives", {
    plan: entries(),
  }),
);
export const SPEED_UPS: Rule<OrderedSpeedUp[]> = list(
  withFields<OrderedSpeedUp>("what sequentialSpeedUp or twinSpeedUp gives", "order", "ratio"),
);
export const SIMULATION_ROWS: Rule<SimulationRow[]> = list(
  withFields<SimulationRow>("a row of simulationTable", "scheme", "effect"),
);
export const LLAMA_BENCH_ROWS: Rule<LlamaBenchRow[]> = list(
  withFields<LlamaBenchRow>("a row of readLlamaBench", "model", "test"),
);
export const ANSWERS: Rule<WillItRun[]> = list(withFields<WillItRun>("what willItRun gives", "machine", "memory"));
