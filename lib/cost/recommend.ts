/** Which model, precision and machine meet a set of limits, with the reason for each; and why the others do not. */
import type { ModelRef, Precision } from "../arch/model_ref.ts";
import { zooNames } from "../arch/zoo/zoo.ts";
import { MODEL_REF, PRECISION } from "../arch/ref_fields.ts";
import { BATCH, GIGABYTES, MOST_TOKENS } from "../check/common.ts";
import { object, optional } from "../check/objects.ts";
import { checkOptions } from "../check/options.ts";
import { integer, list, quantity } from "../check/rules.ts";
import { HARDWARE, hardware, hardwareNames, type Machine } from "./hardware.ts";
import type { Demand } from "./demand.ts";
import { type Subject, subjectOf } from "./subject.ts";
import { answerOf, type WillItRun } from "./will_it_run.ts";

export interface Limits {
  /** Memory that the model may take at most, in GB (10^9 bytes). Default: the machine's. */
  memoryGb?: number;
  /** Decode speed of one sequence, at least. Default: any. */
  tokensPerS?: number;
  /** Longest sequence, prompt and new tokens together. */
  contextLength: number;
  /** Sequences side by side. Default 1. */
  batch?: number;
}

export interface RecommendOptions extends Limits {
  /** References, specs, or names of the zoo. Default: the whole zoo. */
  models?: ModelRef[];
  /** Names of data/hardware.json, or machines. Default: all of that file. */
  hardware?: (string | Machine)[];
  /** Default: fp32 on a CPU and fp16 elsewhere, int8 and int4. */
  precisions?: Precision[];
}

export const RECOMMEND_OPTIONS = object<RecommendOptions>({
  memoryGb: optional(GIGABYTES),
  tokensPerS: optional(quantity({ above: 0 })),
  contextLength: integer({ min: 2, max: MOST_TOKENS }),
  batch: optional(BATCH),
  models: optional(list(MODEL_REF, { min: 1 })),
  hardware: optional(list(HARDWARE)),
  precisions: optional(list(PRECISION)),
});

export interface Recommendation {
  model: string;
  parameters: number;
  precision: Precision;
  machine: string;
  /** `meets`: at the low end of the expected speed too; `may meet`: only at its high end. */
  verdict: "meets" | "may meet" | "fails";
  /** What it takes and gives, or what it fails. */
  reason: string;
  /** Of what is asked, how many times too little there is at worst; at most 1 where the limits are met. */
  miss: number;
  /** null where the model's own context is too short. */
  answer: WillItRun | null;
}

export interface Recommendations {
  limits: Limits;
  /** Those that meet the limits, then those that may, the best first. */
  found: Recommendation[];
  /** The others: those that miss the limits by least first. */
  failed: Recommendation[];
  /** How they are ordered, in words. */
  order: string;
}

const ORDER = "More parameters first, since a shape does not tell quality; then the higher precision, then speed.";
const PRECISION_ORDER: Precision[] = ["fp32", "bf16", "fp16", "int8", "int4", "stored"];

/**
 * Rank models x precisions x machines by the limits.
 *
 * @throws {RangeError} For a limit that is no positive number, no models, or unknown hardware.
 * @example
 * ```ts ignore
 * const { found } = await recommend({ memoryGb: 8, tokensPerS: 30, contextLength: 4096, hardware: ["RTX 4090"] });
 * console.log(found[0].model, found[0].precision, found[0].reason);
 * ```
 */
export async function recommend(options: RecommendOptions): Promise<Recommendations> {
  checkOptions("Cannot recommend", options, RECOMMEND_OPTIONS);
  const { models = zooNames(), precisions, batch = 1, ...limits } = options;
  const { memoryGb, tokensPerS, contextLength } = limits;
  const machines = (options.hardware ?? hardwareNames()).map((m) => typeof m === "string" ? hardware(m) : m);
  const asked = { memoryGb, tokensPerS, contextLength, batch };
  const all: Recommendation[] = [];
  for (const subject of await Promise.all(models.map((ref) => subjectOf(ref)))) {
    const { name: model, parameters } = subject, demands = new Map<string, Demand>();
    for (const machine of machines) {
      for (const precision of subject.precision ? [subject.precision] : precisions ?? usualPrecisions(machine)) {
        const key = `${machine.kind} ${precision}`;
        if (contextLength <= subject.contextLength && !demands.has(key)) {
          demands.set(key, await subject.demand(machine.kind, { precision, contextLength, batch }));
        }
        const judged = judge(subject, demands.get(key), machine, asked);
        all.push({ model, parameters, precision, machine: machine.name, ...judged });
      }
    }
  }
  all.sort(better);
  return {
    limits: asked,
    found: all.filter((r) => r.verdict !== "fails"),
    failed: all.filter((r) => r.verdict === "fails").sort((a, b) => a.miss - b.miss),
    order: ORDER,
  };
}

function usualPrecisions({ kind }: Machine): Precision[] {
  return [kind === "cpu" ? "fp32" : "fp16", "int8", "int4"];
}

function judge(
  subject: Subject,
  demand: Demand | undefined,
  machine: Machine,
  { memoryGb, tokensPerS = 0, contextLength }: Limits,
): Pick<Recommendation, "verdict" | "reason" | "miss" | "answer"> {
  if (!demand) {
    const reason = `its context is ${subject.contextLength} tokens, ${contextLength} are asked`;
    return { verdict: "fails", reason, miss: contextLength / subject.contextLength, answer: null };
  }
  const answer = answerOf(demand, machine, { memoryGb });
  const { memory, availableBytes, marginBytes, fits, decodeTokensPerS: { low, high }, decodeBound } = answer;
  const needs = `${gb(memory.totalBytes)} of ${gb(availableBytes)} GB`;
  const speed = `${rate(low)} to ${rate(high)} tok/s, bound by ${decodeBound}`;
  const failures = [
    ...(fits ? [] : [`needs ${gb(memory.totalBytes)} GB, ${gb(-marginBytes)} GB more than there is`]),
    ...(high >= tokensPerS ? [] : [`at most ${rate(high)} tok/s, ${rate(tokensPerS)} are asked`]),
  ];
  const miss = Math.max(memory.totalBytes / availableBytes, tokensPerS / high);
  if (failures.length) return { verdict: "fails", reason: failures.join("; "), miss, answer };
  return { verdict: low >= tokensPerS ? "meets" : "may meet", reason: `${needs}; ${speed}`, miss, answer };
}

/** Verdict, parameters, precision, speed. */
function better(a: Recommendation, b: Recommendation): number {
  const verdicts = ["meets", "may meet", "fails"];
  return verdicts.indexOf(a.verdict) - verdicts.indexOf(b.verdict) || b.parameters - a.parameters ||
    PRECISION_ORDER.indexOf(a.precision) - PRECISION_ORDER.indexOf(b.precision) ||
    (b.answer?.decodeTokensPerS.low ?? 0) - (a.answer?.decodeTokensPerS.low ?? 0);
}

function gb(bytes: number): string {
  return bytes >= 1e12 ? (bytes / 1e9).toFixed(0) : (bytes / 1e9).toPrecision(3);
}

function rate(tokensPerS: number): string {
  return tokensPerS >= 100 ? tokensPerS.toFixed(0) : tokensPerS.toPrecision(2);
}
