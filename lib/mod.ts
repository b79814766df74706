/**
 * Archbench: compare language-model architectures by speed, memory, cost and quality, with an interval on every
 * number. The public names, by topic; each is documented where it is defined.
 *
 * @module
 */

// Architectures and models
export type { ModelOptions, ModelRef, Precision, Provider } from "./arch/model_ref.ts";
export type {
  ArchEdit,
  ArchSpec,
  AttentionSpec,
  ChannelSpec,
  ConvolutionSpec,
  GatedMlpSpec,
  LayerSpec,
  LinearAttentionSpec,
  Mamba2Spec,
  MixerSpec,
  MlaSpec,
  MlpSpec,
  MoeSpec,
  NormSpec,
  Placement,
  PositionSpec,
  RopeScaling,
  Rwkv6Spec,
  RwkvChannelSpec,
} from "./arch/spec.ts";
export { resolveSpec } from "./arch/resolve.ts";
export type { ModelSource, ResolvedModel } from "./arch/resolved.ts";
export type { AnySource, ResolvedGraph } from "./arch/foreign/resolved_graph.ts";
export type { HubSource } from "./arch/origin.ts";
export { validateSpec } from "./arch/validate.ts";
export { zoo, zooNames } from "./arch/zoo/zoo.ts";
export { scale, type ScaleOptions } from "./arch/scale.ts";
export type { LanguageModel } from "./model/language_model.ts";
export type { OpenOptions } from "./model/open_options.ts";
export { openModel } from "./model/open_model.ts";
export type {
  GenerateBatchOptions,
  GenerateOptions,
  GenerateRequest,
  GenerateResult,
  Generation,
  StreamOptions,
} from "./model/generate.ts";
export type { DecodeOptions, Tokenizer } from "./model/tokenizer.ts";
export { vocabularyOfTexts } from "./model/vocabulary_of_texts.ts";
export { type ExportedModel, exportModel } from "./model/export.ts";
export { HostError, startHost } from "./model/host.ts";
export type { ModelHost, ProcessCounters } from "./model/protocol.ts";
export type { ScoreRequest, ScoreResult } from "./model/log_likelihood.ts";
export type { ModelInfo } from "./model/info.ts";
export type { ScoreMode, ScoreOptions } from "./model/score_options.ts";

// Quality
export { type EvaluateOptions, QualityBenchmark } from "./eval/quality_benchmark.ts";
export { taskNames } from "./eval/registry.ts";
export { openSandbox } from "./eval/sandbox/sandbox.ts";
export type { Program, ProgramResult, Sandbox, SandboxOptions, Verdict } from "./eval/sandbox/program.ts";
export { type TaskRow, taskTable } from "./eval/task_table.ts";
export { defineTask, type TaskDefinition } from "./eval/define_task.ts";
export type { EvalItem, EvalResult, FailedRow, MetricGroup, NearFlips, Row } from "./eval/types.ts";
export { itemsNearFlip, largestChange } from "./eval/margins.ts";
export { readLmEvalSamples, type ReadOptions, type ReadResult } from "./eval/lm_eval/read.ts";
export { writeLmEvalFiles, type WriteOptions } from "./eval/lm_eval/write.ts";
export type { RowSelection, TaskOptions } from "./eval/task_options.ts";
export { type DatasetOptions, loadDataset } from "./store/dataset.ts";
export { ResultStore, type TwinRun } from "./store/results.ts";
export type { SavedItems } from "./store/saved_items.ts";
export { StoreError, type StoreFault } from "./store/store_error.ts";
export { HubError, type HubFault } from "./store/hub/fault.ts";

// Speed, memory and cost of one model
export { ArchitectureBenchmark, type BenchmarkOptions } from "./measure/architecture_benchmark.ts";
export type { BenchmarkResult, BenchmarkSample } from "./measure/benchmark_result.ts";
export type { MemoryResult } from "./measure/memory.ts";
export type { BatchSetting, GenerationSetting, ThroughputSetting } from "./measure/setting.ts";
export type { TextSetting } from "./measure/text_setting.ts";
export type { SettingTokens } from "./measure/text_plan.ts";
export type { SourceText } from "./measure/text_sample.ts";
export type { ModelTokens, TextTokens } from "./measure/text_tokens.ts";
export {
  brokenBenchmark,
  type BrokenBenchmarkResult,
  type ChapterOptions,
  correctBenchmark,
  type CorrectBenchmarkResult,
  type OrderedSpeedUp,
  sequentialSpeedUp,
  twinSpeedUp,
  withDrift,
} from "./measure/chapter_benchmarks.ts";
export { measureRounds, type RoundsOptions } from "./measure/rounds.ts";
export type { Round, RoundSample, RoundsResult } from "./measure/rounds_result.ts";
export { pilotOf, type PlannedRounds, planRounds } from "./measure/power.ts";
export { type SimulationOptions, type SimulationRow, simulationTable } from "./measure/simulation.ts";
export { estimateFlops, estimateLayerFlops, type FlopsOptions } from "./cost/flops.ts";
export type { Flops, FlopsConvention } from "./cost/flops_convention.ts";
export {
  activeParameterCount,
  kvBytesPerToken,
  kvCacheBytes,
  memoryPlan,
  parameterCount,
  peakActivationBytes,
  recurrentStateBytes,
  weightBytes,
} from "./cost/spec_costs.ts";
export type { ActivationOptions } from "./cost/activations.ts";
export { type CostedGraph, costedGraph } from "./cost/costed_graph.ts";
export { type Cost, type GraphCost, graphCost, type NodeCost, requireComplete } from "./cost/graph_cost.ts";
export { graphFlops, type GraphFlopsOptions, graphPassCost, type PassOptions } from "./cost/graph_generation.ts";
export { mbu, mfu, rooflineMs } from "./cost/utilisation.ts";
export { hardware, hardwareNames, type Machine } from "./cost/hardware.ts";
export {
  type MeasuredTimes,
  type Roofline,
  roofline,
  type RooflineOptions,
  type RooflineResidual,
  rooflineResiduals,
} from "./cost/roofline.ts";
export type { MemoryPlan, MemoryPlanOptions, RuntimeMemory } from "./cost/memory_plan.ts";
export type { Efficiency } from "./cost/efficiency.ts";
export type { Price, PriceComparison } from "./cost/price.ts";
export { type WillItRun, willItRun, type WillItRunOptions } from "./cost/will_it_run.ts";
export { recommend, type Recommendation, type Recommendations, type RecommendOptions } from "./cost/recommend.ts";
export { measurePeaks, type Peaks, type PeaksOptions } from "./measure/peaks.ts";
export { measuredTimes } from "./measure/measured_times.ts";
export {
  measureScaling,
  type Scaling,
  type ScalingCrossover,
  scalingOf,
  type ScalingOptions,
} from "./measure/scaling.ts";
export type { LengthUnit } from "./measure/scaling_unit.ts";

// Comparison
export { compareArchitectures, type CompareOptions } from "./compare/compare_architectures.ts";
export { Comparison, type TwinFinding } from "./compare/comparison.ts";
export type { Finding } from "./compare/finding.ts";
export type { ComparisonRaw, Trust } from "./compare/raw.ts";
export {
  comparePaired,
  compareQuality,
  type QualityComparison,
  type QualityFinding,
  type QualityOptions,
  type QualityResult,
  type QualityResults,
} from "./compare/paired_quality.ts";
export { type Flip, type FlipOptions, flips } from "./compare/flips.ts";
export {
  type Divergence,
  type DivergenceOptions,
  type DivergenceText,
  measureDivergence,
} from "./compare/divergence.ts";
export { positionCurve, type PositionOptions } from "./compare/position/position_curve.ts";
export {
  type PlaceDifference,
  type PlaceEstimate,
  PositionCurve,
  type PositionModel,
  type PositionRaw,
  type PositionText,
} from "./compare/position/curve.ts";
export type { PlaceUnit } from "./compare/position/places.ts";
export type { LongText, SkippedText } from "./compare/position/texts.ts";
export { type LlamaBenchRow, readLlamaBench } from "./compare/llama_bench.ts";
export { reanalyse } from "./compare/reanalyse.ts";
export type { SummaryRow, TableRow } from "./compare/rows.ts";
export { captureEnvironment, type Environment } from "./measure/environment.ts";

// Statistics
export type { Estimate } from "./stats/estimate.ts";
export { type QualityVerdict, qualityVerdict, type SpeedVerdict, speedVerdict } from "./stats/verdict.ts";
export { mean, median, quantile, sampleStd } from "./stats/summary.ts";
export { geometricMean } from "./stats/geometric_mean.ts";
export { meanInterval } from "./stats/mean_interval.ts";
export { passAtK, passAtKEstimate, type ProblemSamples, wantsMoreSamples } from "./stats/pass_at_k.ts";
export { percentileInterval } from "./stats/percentile.ts";
export { ratioOverBlocks } from "./stats/ratio.ts";
export { type Crossover, crossover } from "./stats/crossover.ts";
export { atLeastZero, fitScaling, fittedAt, type ScalingFit, type ScalingSample } from "./stats/scaling_fit.ts";

// Training of small siblings
export { type TrainedModel, trainModel, type TrainOptions, type TrainProgress } from "./train/train_model.ts";
export {
  type LossCurve,
  type Sibling,
  type SiblingsOptions,
  type SiblingsProgress,
  type SiblingsResult,
  trainSiblings,
} from "./train/train_siblings.ts";
export { type TrainingCost, trainingCost } from "./train/training_cost.ts";
export { pythonTexts } from "./train/tasks/text.ts";
export { compareSiblings } from "./compare/compare_siblings.ts";
export type { MqarTask, SelectiveCopyTask, TaskSpec, TextTask } from "./train/tasks/task.ts";

// Views: tables and figures that show themselves in a notebook and print themselves in a terminal
import "./view/register.ts"; // a Comparison shows itself
export { showComparison, summaryTable } from "./view/comparison_view.ts";
export { archDiagram } from "./view/arch_diagram.ts";
export { costTable, type CostTableOptions } from "./view/cost_table.ts";
export { crossoverSentence } from "./view/crossover_sentence.ts";
export { decide, type Decision, type Limits } from "./view/decision.ts";
export { decisionPlot, decisionSentence } from "./view/decision_plot.ts";
export { divergenceTable } from "./view/divergence_table.ts";
export { flipsTable, type FlipsTableOptions } from "./view/flips_table.ts";
export { llamaBenchTable } from "./view/llama_bench_table.ts";
export { qualitySentences, qualityTable } from "./view/quality_table.ts";
export { show, View } from "./view/display.ts";
export { evalPlot } from "./view/eval_plot.ts";
export { evalTable, type NamedResults } from "./view/eval_table.ts";
export { formatEstimate } from "./view/format.ts";
export { groupsTable, type GroupsTableOptions } from "./view/groups_table.ts";
export { liveLossPlot, lossPlot } from "./view/loss_plot.ts";
export { autocorrelationPlot } from "./view/noise_autocorrelation.ts";
export { chapterTable, requestPlot } from "./view/noise_chapter.ts";
export { orderTable } from "./view/noise_order.ts";
export { planTable } from "./view/noise_plan.ts";
export { simulationView } from "./view/noise_simulation.ts";
export { noiseTable, spreadPlot } from "./view/noise_spread.ts";
export { roundsTable } from "./view/noise_verdicts.ts";
export { warmUpPlot } from "./view/noise_warm_up.ts";
export { peaksTable } from "./view/peaks_table.ts";
export { positionPlot } from "./view/position_plot.ts";
export { positionSentence } from "./view/position_sentence.ts";
export { positionTable } from "./view/position_table.ts";
export { programsTable } from "./view/programs_table.ts";
export { type CardOptions, modelCard } from "./view/model_card.ts";
export { qualityPlot } from "./view/quality_plot.ts";
export { memoryTable } from "./view/memory_table.ts";
export { recommendTable } from "./view/recommend_table.ts";
export { rooflinePlot } from "./view/roofline_plot.ts";
export { rooflineTable } from "./view/roofline_table.ts";
export { machineTable, modelTable, trustTable } from "./view/run_facts.ts";
export { scalingPlot } from "./view/scaling_plot.ts";
export { scalingTable } from "./view/scaling_table.ts";
export { siblingsTable } from "./view/siblings_table.ts";
export { speedPlot } from "./view/speed_plot.ts";
export { trainingCostTable } from "./view/training_cost_table.ts";
export { verdictSentences } from "./view/verdict_sentences.ts";
export { type Column, tableView } from "./view/table.ts";
export { willItRunTable } from "./view/will_it_run_table.ts";
export { checkStop, partialOf, type Progress, progress, StopError } from "./progress.ts";
