/** What bounds a model on a machine, arithmetic or memory, and the time that follows from it. */
import type { Precision } from "../arch/model_ref.ts";
import type { ArchSpec } from "../arch/spec.ts";
import { validateSpec } from "../arch/validate.ts";
import { list, withFields } from "../check/rules.ts";
import { kvCacheBytes } from "./bytes.ts";
import { PRECISION } from "../arch/ref_fields.ts";
import { BATCH, ELEMENT_BYTES, TOKENS } from "../check/common.ts";
import { object, optional } from "../check/objects.ts";
import { checkArgument, checkOptions } from "../check/options.ts";
import { checkContext } from "./context.ts";
import { CostedGraph } from "./costed_graph.ts";
import { refuseElementBytes, requireOwnPrecision } from "./graph_own.ts";
import { graphWork } from "./graph_work.ts";
import { countFlops, countLayerFlops } from "./flops.ts";
import { CONVENTION, type FlopsConvention } from "./flops_convention.ts";
import { arithmetic, MACHINE, type Machine, weightRate } from "./hardware.ts";
import type { PhaseRoofline, PhaseWork, Work } from "./work.ts";
import { decodeCacheBytes, weightBytesRead } from "./traffic.ts";
import { mbu, mfu } from "./utilisation.ts";

const CANNOT = "Cannot estimate a roofline";

export interface RooflineOptions {
  /** Default "fp32". */
  precision?: Precision;
  /** Tokens that prefill reads in one pass. */
  promptTokens: number;
  /** Tokens in the cache of a decode step. Default `promptTokens`. */
  context?: number;
  /** Sequences. Default 1. */
  batch?: number;
  /**
   * How FLOPs are counted. Default "causal", the model's own work, so that the time is one that no runtime can beat;
   * "executed" adds what onnxruntime's CPU kernels do beside it and predicts closer.
   */
  convention?: FlopsConvention;
  /** Bytes of a number in the KV cache. Default: as the spec keeps it, 4 for fp32 and 1 for int8. */
  cacheBytesPerElement?: number;
}

export const ROOFLINE_OPTIONS = object<RooflineOptions>({
  precision: optional(PRECISION),
  promptTokens: TOKENS,
  context: optional(TOKENS),
  batch: optional(BATCH),
  convention: optional(CONVENTION),
  cacheBytesPerElement: optional(ELEMENT_BYTES),
});
export const RESIDUALS_OPTIONS = object<Pick<RooflineOptions, "convention">>({ convention: optional(CONVENTION) });

export interface Roofline {
  machine: string;
  precision: Precision;
  batch: number;
  convention: FlopsConvention;
  /** FLOP/s of the precision; null where not known. */
  peakFlopsPerS: number | null;
  /** Bytes/s of weights at this precision. */
  peakBytesPerS: number;
  /** FLOPs/byte above which arithmetic bounds; null where the FLOP/s are not known. */
  ridge: number | null;
  prefill: PhaseRoofline;
  decode: PhaseRoofline;
}

/**
 * Roofline of a prefill and of a decode step (Williams et al. 2009): time >= max(FLOPs / peak, bytes / bandwidth).
 * Leaves out activations, and what a runtime does beside its kernels. Of a graph, its head runs on the rows that it has.
 *
 * @throws {RangeError} For a count that is no whole number, or the precision "stored", whose bytes only its file knows.
 */
export function roofline(model: ArchSpec | CostedGraph, machine: Machine, options: RooflineOptions): Roofline {
  if (!(model instanceof CostedGraph)) validateSpec(model);
  checkArgument(CANNOT, "machine", machine, MACHINE);
  return rooflineOf(model instanceof CostedGraph ? workOfGraph(model, options) : workOf(model, options), machine);
}

function workOfGraph(graph: CostedGraph, options: RooflineOptions): Work {
  checkOptions(CANNOT, options, ROOFLINE_OPTIONS);
  const { precision, cacheBytesPerElement, ...setting } = options;
  requireOwnPrecision(CANNOT, graph, precision);
  refuseElementBytes(graph, cacheBytesPerElement);
  return graphWork(graph, setting);
}

/** Weights that only their file tells of. */
export interface StoredWeights {
  /** What a pass over so many tokens reads. */
  bytesRead(tokens: number): number;
  /** The precision whose kernels run most of them. */
  kernel: Precision;
}

/**
 * FLOPs and bytes of both phases.
 *
 * @param stored Of precision "stored".
 */
export function workOf(spec: ArchSpec, options: RooflineOptions, stored?: StoredWeights): Work {
  checkOptions(CANNOT, options, ROOFLINE_OPTIONS);
  const { precision = "fp32", promptTokens, context = promptTokens, batch = 1, convention = "causal" } = options;
  checkContext(CANNOT, spec, promptTokens, `promptTokens ${promptTokens}`);
  checkContext(CANNOT, spec, context, `context ${context}`);
  const cache = { batch, bytesPerElement: options.cacheBytesPerElement };
  const weights = (tokens: number) => stored?.bytesRead(tokens) ?? weightBytesRead(spec, precision, tokens);
  return {
    precision: stored?.kernel ?? precision,
    batch,
    convention,
    prefill: {
      flops: countFlops(spec, { promptTokens, batch, convention }).prefill,
      weightBytes: weights(batch * promptTokens),
      cacheBytes: kvCacheBytes(spec, promptTokens, cache),
    },
    decode: {
      flops: stepFlops(spec, context, batch, convention),
      weightBytes: weights(batch),
      cacheBytes: decodeCacheBytes(spec, context, cache),
    },
  };
}

/** The roofline of work that was counted before. */
export function rooflineOf({ prefill, decode, ...setting }: Work, machine: Machine): Roofline {
  const rate = arithmetic(machine, setting.precision), peakBytesPerS = weightRate(machine, setting.precision);
  const phase = (name: PhaseRoofline["phase"], { flops, weightBytes, cacheBytes }: PhaseWork): PhaseRoofline => {
    const computeMs = rate && 1000 * flops / rate.flopsPerS;
    const weightMs = 1000 * weightBytes / peakBytesPerS, cacheMs = 1000 * cacheBytes / machine.bytesPerS;
    const memoryMs = weightMs + cacheMs;
    return {
      phase: name,
      flops,
      weightBytes,
      cacheBytes,
      intensity: flops / (weightBytes + cacheBytes),
      computeMs,
      weightMs,
      cacheMs,
      ms: Math.max(computeMs ?? 0, memoryMs),
      bound: (computeMs ?? 0) > memoryMs ? "compute" : "memory",
    };
  };
  return {
    machine: machine.name,
    ...setting,
    peakFlopsPerS: rate?.flopsPerS ?? null,
    peakBytesPerS,
    ridge: rate && rate.flopsPerS / peakBytesPerS,
    prefill: phase("prefill", prefill),
    decode: phase("decode", decode),
  };
}

/** One decode step behind `context` tokens, the head included. */
function stepFlops(spec: ArchSpec, context: number, batch: number, convention: FlopsConvention): number {
  const layers = countLayerFlops(spec, { tokens: 1, past: context, batch, convention });
  const head = countFlops({ ...spec, layers: [] }, { promptTokens: 1, batch, convention }).prefill;
  return layers.reduce((a, b) => a + b, head);
}

/** Times of one model in one setting: a `BenchmarkResult` of a generation has what is needed. */
export interface MeasuredTimes {
  name: string;
  spec: ArchSpec;
  precision: Precision;
  /** Bytes of the weights that the graph reads; needed where the precision is "stored". */
  weightBytes?: number;
  promptTokens: number;
  /** Output tokens, counting the one from prefill. */
  newTokens: number;
  ttftMs: number;
  tpotMs: number;
}

const MEASURED = list(withFields<MeasuredTimes>("what measuredTimes gives", "spec", "ttftMs", "tpotMs"));

/** Measured against predicted, for one phase. */
export interface RooflineResidual {
  name: string;
  phase: "prefill" | "decode";
  precision: Precision;
  roof: Roofline;
  predictedMs: number;
  measuredMs: number;
  /** measured / predicted; 1 is the roofline. */
  ratio: number;
  /** Causal model FLOPs over what the peak could have done; null where the peak is not known. */
  mfu: number | null;
  /** Fewest bytes over what memory could have given. */
  mbu: number;
}

/**
 * Set measured times beside the roofline's. Decode is predicted at the mean context of the steps, promptTokens + newTokens / 2.
 *
 * @returns Two rows for each measurement, prefill and decode.
 */
export function rooflineResiduals(
  measured: readonly MeasuredTimes[],
  machine: Machine,
  options: Pick<RooflineOptions, "convention"> = {},
): RooflineResidual[] {
  checkArgument("Cannot set times beside a roofline", "measured", measured, MEASURED);
  checkArgument("Cannot set times beside a roofline", "machine", machine, MACHINE);
  checkOptions("Cannot set times beside a roofline", options, RESIDUALS_OPTIONS);
  return measured.flatMap(({ name, spec, precision, weightBytes, promptTokens, newTokens, ttftMs, tpotMs }) => {
    const setting = { precision, promptTokens, context: promptTokens + Math.floor(newTokens / 2) };
    const stored = precision === "stored" && weightBytes !== undefined
      ? { bytesRead: () => weightBytes, kernel: precision }
      : undefined;
    validateSpec(spec);
    const roof = rooflineOf(workOf(spec, { ...setting, ...options }, stored), machine);
    const causal = workOf(spec, setting, stored);
    return (["prefill", "decode"] as const).map((phase) => {
      const measuredMs = phase === "prefill" ? ttftMs : tpotMs, { weightBytes, cacheBytes } = roof[phase];
      const peakBytesPerS = roof.peakBytesPerS, peakFlopsPerS = roof.peakFlopsPerS;
      return {
        name,
        phase,
        precision,
        roof,
        predictedMs: roof[phase].ms,
        measuredMs,
        ratio: measuredMs / roof[phase].ms,
        mfu: peakFlopsPerS && mfu({ flops: causal[phase].flops, seconds: measuredMs / 1000, peakFlopsPerS }),
        mbu: mbu({ weightBytes, kvBytes: cacheBytes, tpotMs: measuredMs, peakBytesPerS }),
      };
    });
  });
}
