/** Rules of data that something else gave, such as results: told by a few of their fields, and never walked through. */
import { placed, shown } from "./check.ts";
import type { Rule } from "./rules.ts";

/** Rules of some fields of T: those that tell it from other things. */
export type Marks<T> = { [K in keyof T]?: Rule<T[K]> };

/**
 * An object that has at least these fields, as far as their rules look into them.
 *
 * @param what What it is and where it comes from, e.g. "a Comparison, as compareArchitectures gives".
 */
export function data<T extends object>(what: string, marks: Marks<T>): Rule<T> {
  const all = Object.entries(marks) as [string, Rule<unknown>][];
  return (check, at, value) => {
    if (typeof value !== "object" || value === null || !all.every(([name]) => name in value)) {
      return check.wrong(`${check.named(at)} must be ${what}, got ${shown(value)}`);
    }
    for (const [name, rule] of all) rule(check, placed(at, name), (value as Record<string, unknown>)[name]);
  };
}

/** An object whose fields are looked at elsewhere; no list. */
export function anObject<T extends object>(): Rule<T> {
  return (check, at, value) => {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return;
    check.wrong(`${check.named(at)} must be an object, got ${shown(value)}`);
  };
}

/** A number, also one that is no value (NaN, Infinity): what a computation gave. */
export const aNumber: Rule<number> = (check, at, value) => {
  if (typeof value !== "number") check.wrong(`${at} must be a number, got ${shown(value)}`);
};
