/** Rules of values: what a field may hold. Their types tie them to the fields that they are for. */
import { type Check, shown } from "./check.ts";
import { suggestion } from "./nearest.ts";

/** Checks a value that stands `at` a place, and throws. `V` is the type of all values that it lets through. */
export interface Rule<V> {
  (check: Check, at: string, value: unknown): void;
  /** Never there: it keeps a rule for one type from standing where another is needed. */
  readonly of?: (value: V) => V;
  /** What it looks into; tests and the search for a misplaced name read it. */
  readonly shape?: Shape;
}

// deno-lint-ignore no-explicit-any -- whatever it is for
export type AnyRule = Rule<any>;

/**
 * The parts that a rule looks into: fields by name (`marks` tell one form from the others), all of a list, all under a
 * name, or one of several forms.
 */
export type Shape =
  | { kind: "object"; fields: Record<string, AnyRule | { optional: AnyRule }>; marks?: Record<string, unknown> }
  | { kind: "list" | "names"; each: AnyRule }
  | { kind: "either"; forms: AnyRule[]; nullable?: boolean };

/** A rule that looks into what it checks. */
export function shaped<V>(shape: Shape, rule: Rule<V>): Rule<V> & { readonly shape: Shape } {
  return Object.assign(rule, { shape });
}

/** A number of which more is asked; `what` says it. */
export function number(what: string, isRight: (value: number) => boolean): Rule<number> {
  return (check, at, value) => {
    if (typeof value !== "number") return check.wrong(`${at} must be ${what}, got ${shown(value)}`);
    if (!isRight(value)) check.fail(`${at} must be ${what}, got ${value}`);
  };
}

/** A whole number; one above `max` cannot be meant. */
export function integer({ min = -Infinity, max = Number.MAX_SAFE_INTEGER } = {}): Rule<number> {
  const least = number(min === -Infinity ? "an integer" : `an integer >= ${min}`, (n) => {
    return Number.isSafeInteger(n) ? n >= min : Number.isInteger(n) && n > max;
  });
  return (check, at, value) => {
    least(check, at, value);
    if (value as number > max) check.fail(`${at} must be at most ${max}, got ${value}`);
  };
}

/** A number within bounds, each of which may be left out; never NaN, and Infinity only if `infinite`. */
export function quantity(
  bounds: { min?: number; above?: number; max?: number; below?: number; infinite?: boolean } = {},
): Rule<number> {
  const { min, above, max, below, infinite = false } = bounds;
  return number(boundsInWords(bounds), (n) => {
    return n >= (min ?? -Infinity) && n > (above ?? -Infinity) && n <= (max ?? Infinity) && n < (below ?? Infinity) ||
      infinite && n === Infinity;
  });
}

function boundsInWords({ min, above, max, below }: { min?: number; above?: number; max?: number; below?: number }) {
  if (min !== undefined && max !== undefined) return `a number from ${min} to ${max}`;
  if (above !== undefined && below !== undefined) return `a number between ${above} and ${below}`;
  const words = [
    ...(min === undefined ? [] : [`at least ${min}`]),
    ...(above === undefined ? [] : [`above ${above}`]),
    ...(max === undefined ? [] : [`at most ${max}`]),
    ...(below === undefined ? [] : [`below ${below}`]),
  ];
  return words.length ? `a number ${words.join(" and ")}` : "a finite number";
}

export const flag: Rule<boolean> = (check, at, value) => {
  if (typeof value !== "boolean") check.wrong(`${at} must be true or false, got ${shown(value)}`);
};

/** Any text. */
export const text: Rule<string> = (check, at, value) => {
  if (typeof value !== "string") check.wrong(`${at} must be a text, got ${shown(value)}`);
};

/** A text with something in it: a name, a path. */
export const word: Rule<string> = (check, at, value) => {
  text(check, at, value);
  if (value === "") check.fail(`${at} must not be empty`);
};

/** One of some texts: all that the type has. */
export function oneOf<const K extends string>(...known: readonly K[]): Rule<K> {
  return (check, at, value) => {
    if (known.includes(value as K)) return;
    if (typeof value !== "string") return check.wrong(`${at} must be one of ${known.join(", ")}, got ${shown(value)}`);
    check.fail(`${at} is ${shown(value)}${suggestion(value, known)}`);
  };
}

/** A list of at least and at most so many. */
export function list<V, L extends readonly V[] = V[]>(each: Rule<V>, { min = 0, max = Infinity } = {}): Rule<L> {
  return shaped<L>({ kind: "list", each }, (check, at, value) => {
    requireList(check, at, value, min, max);
    for (let i = 0; i < value.length; i++) each(check, `${at}[${i}]`, value[i]);
  });
}

function requireList(check: Check, at: string, value: unknown, min: number, max: number): asserts value is unknown[] {
  if (!Array.isArray(value)) return check.wrong(`${at} must be a list, got ${shown(value)}`);
  if (value.length < min) {
    check.fail(`${at} must have at least ${min === 1 ? "1 entry" : `${min} entries`}, got ${value.length}`);
  }
  if (value.length > max) check.fail(`${at} must have at most ${max} entries, got ${value.length}`);
}

/** A list whose entries are looked at elsewhere. */
export function entries<V>({ min = 0 } = {}): Rule<V[]> {
  return (check, at, value) => requireList(check, at, value, min, Infinity);
}

/** A list in which nothing is twice. */
export function distinct(each: Rule<number>, { min = 0 } = {}): Rule<number[]> {
  const all = list(each, { min });
  return shaped<number[]>({ kind: "list", each }, (check, at, value) => {
    all(check, at, value);
    const seen = new Set<unknown>(), twice = (value as unknown[]).find((one) => seen.size === seen.add(one).size);
    if (twice !== undefined) check.fail(`${at} has ${shown(twice)} twice; list each once`);
  });
}

/** Something to be called. */
export function func<F extends (...args: never[]) => unknown>(): Rule<F> {
  return (check, at, value) => {
    if (typeof value !== "function") check.wrong(`${at} must be a function, got ${shown(value)}`);
  };
}

/** An object that does something: it has these methods. */
export function withMethods<T extends object>(what: string, ...methods: (keyof T & string)[]): Rule<T> {
  return (check, at, value) => {
    const has = (name: string) => typeof (value as Record<string, unknown>)[name] === "function";
    if (typeof value !== "object" || value === null || !methods.every(has)) {
      check.wrong(`${at} must be ${what}, got ${shown(value)}`);
    }
  };
}

/** Data that something else gave, told by some of its fields; they are not looked at. */
export function withFields<T extends object>(what: string, ...fields: (keyof T & string)[]): Rule<T> {
  return (check, at, value) => {
    if (typeof value !== "object" || value === null || !fields.every((name) => Object.hasOwn(value, name))) {
      check.wrong(`${check.named(at)} must be ${what}, got ${shown(value)}`);
    }
  };
}

/** A time. */
export const date: Rule<Date> = (check, at, value) => {
  if (!(value instanceof Date)) return check.wrong(`${at} must be a Date, got ${shown(value)}`);
  if (Number.isNaN(value.getTime())) check.fail(`${at} must be a time, got an invalid Date`);
};

export function nullable<V>(rule: Rule<V>): Rule<V | null> {
  return shaped<V | null>({ kind: "either", forms: [rule], nullable: true }, (check, at, value) => {
    if (value !== null) rule(check, at, value);
  });
}

/** One of several kinds of values, told apart by what JavaScript says that they are. */
export function byType<N = never, S = never, L = never, O = never, F = never>(
  rules: { number?: Rule<N>; string?: Rule<S>; list?: Rule<L>; object?: Rule<O>; function?: Rule<F> },
  what: string,
): Rule<N | S | L | O | F> {
  const forms = rules as Record<string, AnyRule | undefined>;
  return shaped<N | S | L | O | F>({ kind: "either", forms: Object.values(rules) }, (check, at, value) => {
    const rule = value === null ? undefined : forms[Array.isArray(value) ? "list" : typeof value];
    if (!rule) return check.wrong(`${check.named(at)} must be ${what}, got ${shown(value)}`);
    rule(check, at, value);
  });
}
