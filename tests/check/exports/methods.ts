/** Methods of what functions give. */
import * as archbench from "../../../lib/mod.ts";
import { EVALUATE_OPTIONS } from "../../../lib/eval/quality_benchmark.ts";
import { BATCH_OPTIONS, GENERATION_OPTIONS, MEMORY_OPTIONS } from "../../../lib/measure/architecture_benchmark.ts";
import { SETTING } from "../../../lib/measure/setting.ts";
import {
  GENERATE_BATCH_OPTIONS,
  GENERATE_OPTIONS,
  GENERATE_REQUESTS,
  STREAM_OPTIONS,
} from "../../../lib/model/generate.ts";
import { BASELINE, checkedCalls, FORWARD_RUNS, GENERATE_RUNS } from "../../../lib/model/host_requests.ts";
import type { ModelHost } from "../../../lib/model/protocol.ts";
import { DECODE_OPTIONS } from "../../../lib/model/tokenizer.ts";
import { SCORE_OPTIONS, SCORE_REQUESTS } from "../../../lib/model/score_options.ts";
import { settings, tiny } from "./fixtures.ts";
import { type Parameter, parameter } from "./parameter.ts";

export function methods(model: archbench.LanguageModel): Record<string, Parameter[]> {
  type Model = archbench.LanguageModel;
  type Quality = archbench.QualityBenchmark;
  type Bench = archbench.ArchitectureBenchmark;
  const requests = [{ context: "a", continuation: "b" }];
  const bench = new archbench.ArchitectureBenchmark(tiny), quality = new archbench.QualityBenchmark(tiny);
  return {
    "LanguageModel.generate": [
      parameter<Model["generate"], 1>("options", GENERATE_OPTIONS, (options) => model.generate("a", options)),
    ],
    "LanguageModel.generateBatch": [
      parameter<Model["generateBatch"], 0>("requests", GENERATE_REQUESTS, (all) => model.generateBatch(all)),
      parameter<Model["generateBatch"], 1>(
        "options",
        GENERATE_BATCH_OPTIONS,
        (options) => model.generateBatch([{ prompt: "a" }], options),
      ),
    ],
    "LanguageModel.stream": [
      parameter<Model["stream"], 1>("options", STREAM_OPTIONS, (options) => model.stream("a", options)),
    ],
    "LanguageModel.score": [
      parameter<Model["score"], 0>("requests", SCORE_REQUESTS, (all) => model.score(all)),
      parameter<Model["score"], 1>("options", SCORE_OPTIONS, (options) => model.score(requests, options)),
    ],
    "Tokenizer.decode": [
      parameter<archbench.Tokenizer["decode"], 1>("options", DECODE_OPTIONS, (o) => model.tokenizer.decode([65], o)),
    ],
    "QualityBenchmark.evaluateTask": [
      parameter<Quality["evaluateTask"], 2>(
        "options",
        EVALUATE_OPTIONS,
        (options) => quality.evaluateTask("mmlu", undefined, options),
      ),
    ],
    "ArchitectureBenchmark.benchmarkGeneration": [
      parameter<Bench["benchmarkGeneration"], 2>(
        "options",
        GENERATION_OPTIONS,
        (options) => bench.benchmarkGeneration(4, 4, options),
      ),
    ],
    "ArchitectureBenchmark.benchmarkBatchThroughput": [
      parameter<Bench["benchmarkBatchThroughput"], 2>(
        "options",
        BATCH_OPTIONS,
        (options) => bench.benchmarkBatchThroughput(1, 4, options),
      ),
    ],
    "ArchitectureBenchmark.measureMemory": [
      parameter<Bench["measureMemory"], 0>("setting", SETTING, (setting) => bench.measureMemory(setting)),
      parameter<Bench["measureMemory"], 1>("options", MEMORY_OPTIONS, (o) => bench.measureMemory(settings[0], o)),
    ],
    ...hostMethods(),
  };
}

/** Of a host whose process would notice if it were asked. */
function hostMethods(): Record<string, Parameter[]> {
  type Host = ModelHost;
  const asked = () => Promise.reject(new Error("the host was asked"));
  const host = checkedCalls({
    generateRuns: asked,
    forwardRuns: asked,
    score: asked,
    generate: asked,
    generateBatch: asked,
    encode: asked,
    divergence: asked,
  });
  return {
    "ModelHost.generateRuns": [
      parameter<Host["generateRuns"], 0>("request", GENERATE_RUNS, (request) => host.generateRuns(request)),
    ],
    "ModelHost.forwardRuns": [
      parameter<Host["forwardRuns"], 0>("request", FORWARD_RUNS, (request) => host.forwardRuns(request)),
    ],
    "ModelHost.score": [
      parameter<Host["score"], 0>("requests", SCORE_REQUESTS, (requests) => host.score(requests)),
      parameter<Host["score"], 1>("options", SCORE_OPTIONS, (options) => host.score([], options)),
    ],
    "ModelHost.generate": [
      parameter<Host["generate"], 1>("options", GENERATE_OPTIONS, (options) => host.generate("a", options)),
    ],
    "ModelHost.generateBatch": [
      parameter<Host["generateBatch"], 0>("requests", GENERATE_REQUESTS, (all) => host.generateBatch(all)),
      parameter<Host["generateBatch"], 1>("options", GENERATE_BATCH_OPTIONS, (o) => host.generateBatch([], o)),
    ],
    "ModelHost.divergence": [
      parameter<Host["divergence"], 0>("baseline", BASELINE, (baseline) => host.divergence(baseline, [])),
    ],
  };
}
