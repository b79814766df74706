/** What machines can do: nominal figures by name (data/hardware.json), or measured ones that come in as arguments. */
import hardwareJson from "../../data/hardware.json" with { type: "json" };
import { suggestion } from "../check/nearest.ts";
import { object, optional } from "../check/objects.ts";
import { checkArgument, noOptions } from "../check/options.ts";
import { byType, flag, nullable, oneOf, quantity, text, word } from "../check/rules.ts";
import type { Precision } from "../arch/model_ref.ts";

/** Formats that are multiplied. */
export type Format = "fp32" | "fp16" | "bf16" | "int8" | "int4";

export interface Machine {
  name: string;
  /** `unified`: processor and graphics share one memory. */
  kind: "cpu" | "gpu" | "unified";
  /** FLOP/s of large matrix products, by the format that is multiplied; null or absent: not known. */
  flopsPerS: Partial<Record<Format, number | null>>;
  /** Bytes/s that memory gives. */
  bytesPerS: number;
  /** Bytes/s of weights that a product with one row reads, where that was measured; small formats may read slower. */
  weightBytesPerS?: Partial<Record<Format, number>>;
  memoryBytes: number;
  /** Thermal design power; null: not known. */
  tdpWatts: number | null;
  /** Nominal figures are never reached, measured ones nearly are. */
  measured: boolean;
  /** The vendor's document, or the probe. */
  source: string;
}

const RATE = quantity({ above: 0 });
const PEAK = optional(nullable(RATE));
const WEIGHT_RATE = optional(RATE);
/** The fields of a machine of one's own. */
export const MACHINE = object<Machine>({
  name: word,
  kind: oneOf("cpu", "gpu", "unified"),
  flopsPerS: object<Machine["flopsPerS"]>({ fp32: PEAK, fp16: PEAK, bf16: PEAK, int8: PEAK, int4: PEAK }),
  bytesPerS: RATE,
  weightBytesPerS: optional(object<Exclude<Machine["weightBytesPerS"], undefined>>({
    fp32: WEIGHT_RATE,
    fp16: WEIGHT_RATE,
    bf16: WEIGHT_RATE,
    int8: WEIGHT_RATE,
    int4: WEIGHT_RATE,
  })),
  memoryBytes: RATE,
  tdpWatts: nullable(RATE),
  measured: flag,
  source: text,
});
/** A machine by name, or one of one's own. */
export const HARDWARE = byType({ string: word, object: MACHINE }, "a name of data/hardware.json, or a machine");

const machines: Machine[] = hardwareJson.machines.map((m) => ({
  name: m.name,
  kind: m.kind as Machine["kind"],
  flopsPerS: Object.fromEntries(Object.entries(m.tflops).map(([format, t]) => [format, t === null ? null : 1e12 * t])),
  bytesPerS: 1e9 * m.gbPerS,
  memoryBytes: 1e9 * m.memoryGb,
  tdpWatts: m.tdpWatts,
  measured: false,
  source: m.source,
}));

/** Names of the machines in data/hardware.json. */
export function hardwareNames(): string[] {
  return machines.map((m) => m.name);
}

/**
 * A machine's nominal figures.
 *
 * @param name Whole or in part, in any case: "4090" is enough where only one name holds it or ends with it.
 * @throws {RangeError} If no name, or more than one, holds it; the message lists them.
 */
export function hardware(name: string): Machine {
  noOptions("hardware", arguments, 1);
  checkArgument("Cannot look up hardware", "name", name, text);
  const wanted = name.toLowerCase().trim();
  const whole = machines.find((m) => ` ${m.name.toLowerCase()}`.endsWith(` ${wanted}`)); // L4 is not L40S
  const found = !wanted ? [] : whole ? [whole] : machines.filter((m) => m.name.toLowerCase().includes(wanted));
  if (found.length === 1) return found[0];
  throw new RangeError(
    found.length
      ? `Hardware "${name}" may be one of several: ${found.map((m) => m.name).join(", ")}; pass one of these names`
      : `Unknown hardware "${name}"${suggestion(name, hardwareNames())}; or pass a machine of your own ` +
        "(measurePeaks().machine)",
  );
}

/**
 * The rate at which a model of this precision is multiplied. A measured machine has its own figure for quantised weights;
 * elsewhere int8 and int4 weights are expanded and multiplied in 16 bits, and a machine without 16 bits multiplies in fp32.
 *
 * @returns null where the rate is not known.
 */
export function arithmetic(machine: Machine, precision: Precision): { format: Format; flopsPerS: number } | null {
  const sixteen: Format[] = ["fp16", "bf16", "fp32"];
  const order: Record<Precision, Format[]> = {
    fp32: ["fp32"],
    fp16: sixteen,
    bf16: ["bf16", "fp16", "fp32"],
    int8: machine.measured ? ["int8"] : sixteen,
    int4: machine.measured ? ["int4"] : sixteen,
    stored: machine.measured ? ["int4"] : sixteen,
  };
  for (const format of order[precision]) {
    const flopsPerS = machine.flopsPerS[format];
    if (flopsPerS) return { format, flopsPerS };
  }
  return null;
}

/** Bytes/s at which a decode step reads its weights. */
export function weightRate(machine: Machine, precision: Precision): number {
  return machine.weightBytesPerS?.[precision as Format] ?? machine.bytesPerS;
}
