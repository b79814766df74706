/** What a row of the tables is: a parameter of an export, the rule of its type, and a call that is right but for it. */
import type { AnyRule, Rule } from "../../../lib/check/rules.ts";

/** A parameter of an export. */
export interface Parameter {
  /** "evaluateTask, options". */
  name: string;
  rule: AnyRule;
  /** The export, right but for this parameter. */
  call(value: never): unknown;
}

// deno-lint-ignore no-explicit-any -- any function
type AnyFunction = (...args: any[]) => unknown;
/** Argument I of a function or constructor, where it is given. */
type Argument<F, I extends number> = F extends AnyFunction ? Exclude<Parameters<F>[I], undefined>
  : F extends abstract new (...args: infer A) => unknown ? Exclude<A[I], undefined>
  : never;

/** The type of the rule is that of the argument, neither wider nor narrower. */
export function parameter<F, I extends number>(
  name: string,
  rule: Rule<Argument<F, I>>,
  call: (value: Argument<F, I>) => unknown,
): Parameter {
  return { name, rule, call: call as (value: never) => unknown };
}

/** What of an argument is an object all of whose fields may be left out: options, and no names of the caller's own. */
type OptionsIn<A> = A extends AnyFunction | readonly unknown[] ? never
  : A extends ErrorOptions ? never // of the classes of errors
  : A extends object ? string extends keyof A ? never : Record<never, never> extends A ? A : never
  : never;
type Arguments<F> = F extends AnyFunction ? Parameters<F>
  : F extends abstract new (...args: infer A) => unknown ? A
  : never;
/** Names of exports with options: each must stand below. */
type WithOptions<Api> = {
  [K in keyof Api]: [OptionsIn<Exclude<Arguments<Api[K]>[number], undefined>>] extends [never] ? never : K;
}[keyof Api];
/** A table that has a row for each of them. */
export type Table<Api> = Record<string, Parameter[]> & Record<WithOptions<Api>, Parameter[]>;
