/** Numbers as people read them: digits follow the interval, `12.4 [12.1, 12.8]`. */
import { object, optional } from "../check/objects.ts";
import { checkArgument, checkOptions } from "../check/options.ts";
import { flag, integer, quantity, text } from "../check/rules.ts";
import { ESTIMATE, type Estimate } from "../stats/estimate.ts";

export interface FormatOptions {
  /** Multiplies every number, e.g. 100 for percentage points. Default 1. */
  scale?: number;
  /** Write "+" before a positive number, for differences. */
  sign?: boolean;
  /** Written right after the point, e.g. " tok/s" or "×". */
  unit?: string;
  /** No more decimals than this, however narrow the interval. */
  maxDecimals?: number;
  /** What there is too little of where there are no bounds: "blocks" is said as "too few blocks"; "": nothing is said. */
  units?: string;
}

export const FORMAT_OPTIONS = object<FormatOptions>({
  scale: optional(quantity()),
  sign: optional(flag),
  unit: optional(text),
  units: optional(text),
  maxDecimals: optional(integer({ min: 0, max: 20 })),
});

/**
 * Decimals that an interval of this half-width supports: one significant digit, two where it begins with 1.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { decimalsFor } from "./format.ts";
 *
 * assert.equal(decimalsFor(0.35), 1);
 * assert.equal(decimalsFor(0.012), 3);
 * assert.equal(decimalsFor(40), 0);
 * ```
 */
export function decimalsFor(halfWidth: number): number {
  const exponent = Math.floor(Math.log10(halfWidth) + 1e-9);
  const leadsWithOne = halfWidth / 10 ** exponent < 1.95;
  return Math.max(0, Math.min(6, -exponent + (leadsWithOne ? 1 : 0)));
}

/** A lone number with three significant digits, in exponent form from a million on. */
export function formatNumber(value: number, options: { sign?: boolean } = {}): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  return fixed(value, Math.max(0, Math.min(6, 2 - exponent)), options.sign);
}

/**
 * An estimate with its interval.
 *
 * Without an upper bound, `>= x, n too small`; without any, the point and `n too small`, or `too few blocks` where the
 * units are named.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { formatEstimate } from "./format.ts";
 *
 * assert.equal(formatEstimate({ point: 12.41833, low: 12.08, high: 12.78, level: 0.95, n: 20 }), "12.4 [12.1, 12.8]");
 * ```
 */
export function formatEstimate(estimate: Estimate, options: FormatOptions = {}): string {
  checkArgument("Cannot format an estimate", "estimate", estimate, ESTIMATE);
  checkOptions("Cannot format an estimate", options, FORMAT_OPTIONS);
  const { point, interval } = estimateParts(estimate, options);
  if (!interval) return point;
  return interval.startsWith("[") ? `${point} ${interval}` : `${point}, ${interval}`;
}

/** The same in two pieces, point and interval (`""` or "too few blocks" when there is none), for tables with aligned columns. */
export function estimateParts(estimate: Estimate, options: FormatOptions = {}): { point: string; interval: string } {
  const { scale = 1, sign = false, unit = "", maxDecimals = 6, units } = options;
  const point = estimate.point * scale;
  if (estimate.high === null) {
    const shown = formatNumber(point, { sign }) + unit;
    if (estimate.low === null && units !== undefined) {
      return { point: shown, interval: units && `too few ${units}` };
    }
    return { point: estimate.low === null ? `${shown}, n too small` : `>= ${shown}, n too small`, interval: "" };
  }
  const low = (estimate.low ?? estimate.point) * scale;
  const high = estimate.high * scale;
  const halfWidth = Math.abs(high - low) / 2;
  if (!(halfWidth > 0)) {
    const shown = formatNumber(point, { sign });
    return { point: shown + unit, interval: `[${shown}, ${shown}]` };
  }
  const decimals = Math.min(maxDecimals, decimalsFor(halfWidth));
  return {
    point: fixed(point, decimals, sign) + unit,
    interval: `[${fixed(low, decimals, sign)}, ${fixed(high, decimals, sign)}]`,
  };
}

function fixed(value: number, decimals: number, sign = false): string {
  const text = Math.abs(value) >= 1e6 ? value.toExponential(0).replace("e+", "e") : value.toFixed(decimals);
  const zero = Number(text) === 0;
  if (zero) return text.replace("-", "");
  return sign && value > 0 ? `+${text}` : text.replace("-", "−");
}
