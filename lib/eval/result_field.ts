/** The rule of a result among others by name: a look at what every result has, not at its items. */
import { anObject, data } from "../check/data.ts";
import { entries, type Rule, withFields } from "../check/rules.ts";
import type { EvalResult } from "./types.ts";

/** Whether an object is a result itself, and no collection of them. */
export function isResult(value: object): boolean {
  return Array.isArray((value as Partial<EvalResult>).items) && Object.hasOwn(value, "metrics");
}

/** A result of an evaluation, of ours or read from a file. */
export function result<R extends Pick<EvalResult, "items" | "metrics">>(): Rule<R> {
  return withFields<R>("a result with items and metrics", "items", "metrics");
}

/** A result, or as much of it as has items. */
export const ITEMS = data<Pick<EvalResult, "items">>("a result, as evaluateTask gives", { items: entries() });
/** A result, or as much of it as has items and metrics. */
export const SCORED = data<Pick<EvalResult, "items" | "metrics">>("a result, as evaluateTask gives", {
  items: entries(),
  metrics: anObject(),
});
