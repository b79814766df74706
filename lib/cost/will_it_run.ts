/** Whether a model runs on a machine: memory, speed, energy and price before anything is downloaded. */
import type { ModelRef } from "../arch/model_ref.ts";
import type { ArchSpec } from "../arch/spec.ts";
import { checkModel, PRECISION } from "../arch/ref_fields.ts";
import { BATCH, GIGABYTES, TOKENS } from "../check/common.ts";
import { object, optional } from "../check/objects.ts";
import { checkOptions } from "../check/options.ts";
import { CANNOT, type Demand, demandOf, type DemandOptions } from "./demand.ts";
import { EFFICIENCY, type Efficiency, efficiencyOf, type Range } from "./efficiency.ts";
import { HARDWARE, hardware, type Machine } from "./hardware.ts";
import { RUNTIME_MEMORY } from "./memory_plan.ts";
import { PRICE, type Price, type PriceComparison, priceOf } from "./price.ts";
import { type Roofline, rooflineOf } from "./roofline.ts";
import { subjectOf } from "./subject.ts";
import type { WeightForms } from "./weight_forms.ts";

export interface WillItRunOptions extends DemandOptions {
  /** A name of data/hardware.json, or a machine: measured (`(await measurePeaks()).machine`) or your own. */
  hardware: string | Machine;
  /** Memory that the model may take, in GB (10^9 bytes). Default: the machine's. */
  memoryGb?: number;
  /** Shares of the roofline that are reached. Default: by the kind of figures, see `efficiencyOf`. */
  efficiency?: Efficiency;
  /** What time costs here and what an API asks. */
  price?: Price;
}

export const WILL_IT_RUN_OPTIONS = object<WillItRunOptions>({
  precision: optional(PRECISION),
  contextLength: optional(TOKENS),
  batch: optional(BATCH),
  hardware: HARDWARE,
  promptTokens: optional(TOKENS),
  newTokens: optional(TOKENS),
  memoryGb: optional(GIGABYTES),
  runtime: optional(RUNTIME_MEMORY),
  efficiency: optional(EFFICIENCY),
  price: optional(PRICE),
});

export interface WillItRun extends Omit<Demand, "layers" | "work" | "copiesCache"> {
  machine: Machine;
  availableBytes: number;
  /** Available minus needed; negative: too little. */
  marginBytes: number;
  fits: boolean;
  roofline: Roofline;
  efficiency: Efficiency;
  /** Tokens/s of one sequence while it decodes, at the mean context. */
  decodeTokensPerS: Range;
  /** What bounds a decode step at its best: arithmetic, memory, or kernels that wait for one another. */
  decodeBound: "compute" | "memory" | "launches";
  /** New tokens/s of all sequences over whole requests, prefill included; null where the FLOP/s are not known. */
  throughputTokensPerS: Range | null;
  /** Time to first token in ms; null where the machine's FLOP/s are not known. */
  ttftMs: Range | null;
  /** Time of a whole request in s. */
  requestS: Range | null;
  /** Energy of a new token in J, prefill included, if the chip draws its whole TDP; null where that is not known. */
  joulesPerToken: Range | null;
  price: PriceComparison | null;
}

/**
 * Memory by part, whether it fits, and the speed to expect.
 *
 * Times are the roofline's over an efficiency range; both are in the result, with where the range comes from.
 *
 * @param ref A reference, a spec, or a name of the zoo. Of a graph made elsewhere the costs come from its nodes, and its
 * precision is its own.
 * @throws {RangeError} For unknown hardware (the names are listed), counts that are none, or a context longer than the model's.
 * @example
 * ```ts ignore
 * const answer = await willItRun("smollm2-135m", { precision: "int4", contextLength: 2048, hardware: "Raspberry Pi 5" });
 * console.log(answer.fits, answer.decodeTokensPerS); // true { low: 38.5, high: 73.7 }
 * ```
 */
export async function willItRun(ref: ModelRef, options: WillItRunOptions): Promise<WillItRun> {
  checkModel(CANNOT, ref);
  checkOptions(CANNOT, options, WILL_IT_RUN_OPTIONS);
  const precision = options.precision ?? (typeof ref === "object" && "ref" in ref ? ref.precision : undefined);
  const model = await subjectOf(ref, precision), machine = machineOf(options.hardware);
  return answerOf(await model.demand(machine.kind, { ...options, precision }), machine, options);
}

/** `willItRun` of a spec; "stored" needs its forms. */
export function specWillItRun(spec: ArchSpec, options: WillItRunOptions, forms?: WeightForms): WillItRun {
  checkOptions(CANNOT, options, WILL_IT_RUN_OPTIONS);
  const machine = machineOf(options.hardware);
  return answerOf(demandOf(spec, machine.kind, options, forms), machine, options);
}

function machineOf(given: string | Machine): Machine {
  return typeof given === "string" ? hardware(given) : given;
}

/** Whether one machine meets a demand, and how fast. */
export function answerOf(demand: Demand, machine: Machine, options: Omit<WillItRunOptions, "hardware">): WillItRun {
  const { work, layers, copiesCache, ...setting } = demand, { batch, promptTokens, newTokens, memory } = setting;
  const availableBytes = Math.min(machine.memoryBytes, 1e9 * (options.memoryGb ?? Infinity));
  const efficiency = options.efficiency ?? efficiencyOf(machine, copiesCache), roof = rooflineOf(work, machine);
  const step = timeRange(roof.decode, efficiency, layers);
  const ttftMs = roof.prefill.computeMs === null ? null : timeRange(roof.prefill, efficiency, layers);
  const requestS = ttftMs && {
    low: (ttftMs.low + (newTokens - 1) * step.low) / 1000,
    high: (ttftMs.high + (newTokens - 1) * step.high) / 1000,
  };
  const throughputTokensPerS = requestS && over(batch * newTokens, requestS), { tdpWatts } = machine;
  return {
    ...setting,
    machine,
    availableBytes,
    marginBytes: availableBytes - memory.totalBytes,
    fits: memory.totalBytes <= availableBytes,
    roofline: roof,
    efficiency,
    decodeTokensPerS: over(1000, step),
    decodeBound: layers * efficiency.layerMs.low > step.low / 2 ? "launches" : roof.decode.bound,
    throughputTokensPerS,
    ttftMs,
    requestS,
    joulesPerToken: throughputTokensPerS && tdpWatts ? over(tdpWatts, throughputTokensPerS) : null,
    price: options.price ? priceOf(options.price, { promptTokens, newTokens, throughputTokensPerS, tdpWatts }) : null,
  };
}

/** The time of a phase at the best and at the worst efficiency. */
function timeRange(
  { computeMs, weightMs, cacheMs }: Roofline["decode"],
  { compute, memory, cache, layerMs }: Efficiency,
  layers: number,
): Range {
  const at = (end: "low" | "high", share: "low" | "high") =>
    layers * layerMs[end] +
    Math.max((computeMs ?? 0) / compute[share], weightMs / memory[share] + cacheMs / cache[share]);
  return { low: at("low", "high"), high: at("high", "low") };
}

/** amount / range, which turns it round. */
function over(amount: number, { low, high }: Range): Range {
  return { low: amount / high, high: amount / low };
}
