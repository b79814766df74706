/** Estimates: what every measurement ends in. */
import { aNumber, data } from "../check/data.ts";
import { nullable } from "../check/rules.ts";

/** A number with its interval: the only form in which results travel. */
export interface Estimate {
  /** The best single value. */
  point: number;
  /** Lower bound of the interval; `null` when there is too little data for one. */
  low: number | null;
  /** Upper bound of the interval; `null` when there is too little data for one. */
  high: number | null;
  /** Coverage of the interval, e.g. 0.95. */
  level: number;
  /** Independent units behind the estimate (blocks, rounds or items, never tokens). */
  n: number;
  /** Standard error, where the method has one. */
  stderr?: number;
}

/** The rule of an estimate where it is an argument. */
export const ESTIMATE = data<Estimate>("an estimate { point, low, high }", {
  point: aNumber,
  low: nullable(aNumber),
  high: nullable(aNumber),
});
