/** Checks that the statistics share: too little data or a NaN is an error, never a number. */
import { shown } from "../check/check.ts";

/**
 * @throws {TypeError} If there is no list.
 * @throws {RangeError} If there are fewer than `least` values or one is not finite.
 */
export function requireData(what: string, values: readonly number[], least: number): void {
  if (!Array.isArray(values) && !(ArrayBuffer.isView(values) && "length" in values)) {
    throw new TypeError(`Cannot compute ${what}: needs a list of values, got ${shown(values)}`);
  }
  if (values.length < least) {
    throw new RangeError(`Cannot compute ${what}: needs at least ${least} values, got ${values.length}`);
  }
  const bad = values.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) {
    throw new RangeError(`Cannot compute ${what}: value ${bad} is ${values[bad]}; every value must be a finite number`);
  }
}

/** @throws {RangeError} If `level` is not strictly between 0 and 1. */
export function requireLevel(what: string, level: number): void {
  if (!(level > 0 && level < 1)) {
    throw new RangeError(`Cannot compute ${what}: level must be between 0 and 1 (e.g. 0.95), got ${level}`);
  }
}
