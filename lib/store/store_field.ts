/** The rule of a store among options. */
import { nullable, withMethods } from "../check/rules.ts";
import type { ResultStore } from "./results.ts";

/** Null: nothing is kept. */
export const STORE = nullable(
  withMethods<ResultStore>("a ResultStore (new ResultStore(path)), or null to keep nothing", "items", "checkWritable"),
);
