/** The checks that exported functions call first: what was passed is refused before anything starts. */
import { Check, type CheckWords, isPlain, shown } from "./check.ts";
import type { Rule } from "./rules.ts";

/**
 * Check an options object.
 *
 * @param cannot What fails, e.g. "Cannot generate".
 * @throws {TypeError} For an option that is not known, is missing or is of the wrong kind; the message names it.
 * @throws {RangeError} For a value that cannot be meant.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { object, optional } from "./objects.ts";
 * import { checkOptions } from "./options.ts";
 * import { integer } from "./rules.ts";
 *
 * const OPTIONS = object<{ seed?: number }>({ seed: optional(integer()) });
 * assert.throws(() => checkOptions("Cannot draw", { sed: 1 }, OPTIONS), {
 *   message: `Cannot draw: unknown option "sed"; did you mean "seed"? There are: seed`,
 * });
 * ```
 */
export function checkOptions<T>(cannot: string, options: unknown, rule: Rule<T>, words?: CheckWords): void {
  rule(new Check(cannot, words), "", options);
}

/** The defaults with what is given: an option that is undefined was not given. */
export function withDefaults<D extends object, O extends object>(defaults: D, given: O): D & Omit<O, keyof D> {
  const named = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(named) as Omit<O, keyof D> };
}

/**
 * Refuse options of a function that has none: they would be dropped in silence. What a list's `map` puts behind its
 * values is no object and goes through.
 *
 * @param given The function's `arguments`, of which so many are its own.
 * @throws {TypeError} Showing them.
 */
export function noOptions(name: string, given: ArrayLike<unknown>, own: number): void {
  if (given.length <= own) return;
  const stray = Array.from(given).slice(own).find((one) => typeof one === "object" && one !== null && isPlain(one));
  if (stray !== undefined) throw new TypeError(`${name}() takes no options, got ${shown(stray)}`);
}

/** Check an argument of its own name. */
export function checkArgument<T>(cannot: string, name: string, value: unknown, rule: Rule<T>): void {
  if (value === undefined) throw new TypeError(`${cannot}: ${name} is missing`);
  rule(new Check(cannot), name, value);
}
