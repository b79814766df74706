/**
 * Archbench: compare language-model architectures by speed, memory, cost and quality, with an interval on every
 * number. The public names, by topic; each is documented where it is defined.
 *
 * @module
 */

// Architectures and models
export type { ArchEdit, ArchSpec, LayerSpec, ModelOptions, ModelRef, Precision, Provider } from "./arch/spec.ts";
export { resolveSpec } from "./arch/resolve.ts";
export { validateSpec } from "./arch/validate.ts";
export { type LanguageModel, openModel, type OpenOptions } from "./model/language_model.ts";
export type { GenerateOptions, Generation } from "./model/generate.ts";
export type { Tokenizer } from "./model/tokenizer.ts";
export { HostError, startHost } from "./model/host.ts";
export type { ModelHost, ModelInfo, ProcessCounters, ScoreRequest, ScoreResult } from "./model/protocol.ts";

// Quality
export { type EvaluateOptions, QualityBenchmark } from "./eval/quality_benchmark.ts";
export { taskNames } from "./eval/registry.ts";
export type { EvalItem, EvalResult, FailedRow, MetricGroup, Row, RowSelection, TaskOptions } from "./eval/types.ts";
export { type DatasetOptions, loadDataset } from "./store/dataset.ts";
