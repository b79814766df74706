/** Measuring and comparing. */
import * as archbench from "../../../lib/mod.ts";
import { MODEL_OPTIONS, MODEL_REF, MODELS, SOURCES } from "../../../lib/arch/ref_fields.ts";
import { COMPARE_OPTIONS } from "../../../lib/compare/compare_architectures.ts";
import { DIVERGENCE_OPTIONS } from "../../../lib/compare/divergence.ts";
import { POSITION_OPTIONS } from "../../../lib/compare/position/position_curve.ts";
import { FLIP_OPTIONS } from "../../../lib/compare/flips.ts";
import { LLAMA_BENCH_OPTIONS } from "../../../lib/compare/llama_bench.ts";
import { PAIR, PAIRED_OPTIONS, QUALITY_OPTIONS } from "../../../lib/compare/paired_quality.ts";
import { BROKEN_OPTIONS, CORRECT_OPTIONS } from "../../../lib/measure/chapter_benchmarks.ts";
import { PEAKS_OPTIONS } from "../../../lib/measure/peaks.ts";
import { PILOT, POWER_OPTIONS } from "../../../lib/measure/power.ts";
import { ROUNDS_OPTIONS, SETTINGS } from "../../../lib/measure/rounds.ts";
import { SCALING_OPTIONS } from "../../../lib/measure/scaling.ts";
import { SIMULATION_OPTIONS } from "../../../lib/measure/simulation.ts";
import { comparison, models, pilot, result, settings, tiny } from "./fixtures.ts";
import { type Parameter, parameter } from "./parameter.ts";

type Api = typeof archbench;

export const MEASURES = {
  ArchitectureBenchmark: [
    parameter<Api["ArchitectureBenchmark"], 0>("ref", MODEL_REF, (ref) => new archbench.ArchitectureBenchmark(ref)),
    parameter<Api["ArchitectureBenchmark"], 1>(
      "options",
      MODEL_OPTIONS,
      (options) => new archbench.ArchitectureBenchmark(tiny, options),
    ),
  ],
  brokenBenchmark: [
    parameter<Api["brokenBenchmark"], 0>("ref", MODEL_REF, (ref) => archbench.brokenBenchmark(ref)),
    parameter<Api["brokenBenchmark"], 1>("options", BROKEN_OPTIONS, (o) => archbench.brokenBenchmark(tiny, o)),
  ],
  correctBenchmark: [
    parameter<Api["correctBenchmark"], 0>("ref", MODEL_REF, (ref) => archbench.correctBenchmark(ref)),
    parameter<Api["correctBenchmark"], 1>("options", CORRECT_OPTIONS, (o) => archbench.correctBenchmark(tiny, o)),
  ],
  measureRounds: [
    parameter<Api["measureRounds"], 0>("models", SOURCES, (m) => archbench.measureRounds(m, settings)),
    parameter<Api["measureRounds"], 1>("settings", SETTINGS, (s) => archbench.measureRounds(models, s)),
    parameter<Api["measureRounds"], 2>("options", ROUNDS_OPTIONS, (o) => archbench.measureRounds(models, settings, o)),
  ],
  planRounds: [
    parameter<Api["planRounds"], 0>("pilot", PILOT, (p) => archbench.planRounds(p)),
    parameter<Api["planRounds"], 1>("options", POWER_OPTIONS, (options) => archbench.planRounds(pilot, options)),
  ],
  simulationTable: [
    parameter<Api["simulationTable"], 0>("options", SIMULATION_OPTIONS, (o) => archbench.simulationTable(o)),
  ],
  measurePeaks: [parameter<Api["measurePeaks"], 0>("options", PEAKS_OPTIONS, (o) => archbench.measurePeaks(o))],
  measureScaling: [
    parameter<Api["measureScaling"], 0>("models", MODELS, (m) => archbench.measureScaling(m, { lengths: [4, 8, 16] })),
    parameter<Api["measureScaling"], 1>("options", SCALING_OPTIONS, (o) => archbench.measureScaling(models, o)),
  ],
  compareArchitectures: [
    parameter<Api["compareArchitectures"], 0>("models", MODELS, (m) => {
      return archbench.compareArchitectures(m, { throughput: settings, store: null });
    }),
    parameter<Api["compareArchitectures"], 1>(
      "options",
      COMPARE_OPTIONS,
      (options) => archbench.compareArchitectures(models, options),
    ),
  ],
  compareSiblings: [
    parameter<Api["compareSiblings"], 1>("options", COMPARE_OPTIONS, (options) => {
      return archbench.compareSiblings({ siblings: {} } as archbench.SiblingsResult, options);
    }),
  ],
  comparePaired: [
    parameter<Api["comparePaired"], 0>("results", PAIR, (results) => archbench.comparePaired(results)),
    parameter<Api["comparePaired"], 1>("options", PAIRED_OPTIONS, (options) => {
      return archbench.comparePaired({ ours: result, theirs: result }, options);
    }),
  ],
  compareQuality: [
    parameter<Api["compareQuality"], 1>("options", QUALITY_OPTIONS, (options) => {
      return archbench.compareQuality(comparison.raw.tasks, options);
    }),
  ],
  flips: [parameter<Api["flips"], 2>("options", FLIP_OPTIONS, (options) => archbench.flips(result, result, options))],
  measureDivergence: [
    parameter<Api["measureDivergence"], 0>("candidate", MODEL_REF, (ref) => archbench.measureDivergence(ref, tiny)),
    parameter<Api["measureDivergence"], 1>("baseline", MODEL_REF, (ref) => archbench.measureDivergence(tiny, ref)),
    parameter<Api["measureDivergence"], 2>(
      "options",
      DIVERGENCE_OPTIONS,
      (options) => archbench.measureDivergence(tiny, tiny, options),
    ),
  ],
  positionCurve: [
    parameter<Api["positionCurve"], 0>("models", MODELS, (named) => archbench.positionCurve(named)),
    parameter<Api["positionCurve"], 1>("options", POSITION_OPTIONS, (o) => archbench.positionCurve(models, o)),
  ],
  readLlamaBench: [
    parameter<Api["readLlamaBench"], 1>("options", LLAMA_BENCH_OPTIONS, (o) => archbench.readLlamaBench("/nowhere", o)),
  ],
} satisfies Record<string, Parameter[]>;
