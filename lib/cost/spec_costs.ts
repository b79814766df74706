/**
 * What a spec costs, for callers from outside: the spec is checked first, so that a misspelt field is an error and never
 * another number. Within the library a spec was checked when it was resolved.
 */
import type { ArchSpec } from "../arch/spec.ts";
import { validateSpec } from "../arch/validate.ts";
import { ELEMENT_BYTES } from "../check/common.ts";
import { checkArgument, noOptions } from "../check/options.ts";
import * as activations from "./activations.ts";
import * as bytes from "./bytes.ts";
import { checkContext } from "./context.ts";
import * as plan from "./memory_plan.ts";

/**
 * The same function, behind a check of its spec.
 *
 * @param plain Of one without options: its name, and how many arguments it has.
 */
function checked<More extends unknown[], R>(
  cost: (spec: ArchSpec, ...more: More) => R,
  plain?: [name: string, own: number],
) {
  return (spec: ArchSpec, ...more: More): R => {
    if (plain) noOptions(plain[0], [spec, ...more], plain[1]);
    validateSpec(spec);
    return cost(spec, ...more);
  };
}

/** Parameters, a tied head counted once. */
export const parameterCount = checked(bytes.parameterCount, ["parameterCount", 1]);
/** Parameters that one token is computed with: of a mixture's experts those that it is sent to. */
export const activeParameterCount = checked(bytes.activeParameterCount, ["activeParameterCount", 1]);
/** Bytes of weights that a decode step reads at a precision; see `weightBytes` in bytes.ts. */
export const weightBytes = checked(bytes.weightBytes, ["weightBytes", 2]);
/** Bytes that a token adds to the cache, each element of `bytesPerElement`; default: as the spec keeps it. */
export const kvBytesPerToken = checked((spec, bytesPerElement?: number) => {
  if (bytesPerElement !== undefined) {
    checkArgument("Cannot estimate the KV cache", "bytesPerElement", bytesPerElement, ELEMENT_BYTES);
  }
  return bytes.kvBytesPerToken(spec, bytesPerElement);
}, ["kvBytesPerToken", 2]);
/** Bytes of keys, values and states after so many tokens; see `kvCacheBytes` in bytes.ts. */
export const kvCacheBytes = checked((spec, tokens: number, options: bytes.KvCacheOptions = {}) => {
  const count = bytes.kvCacheBytes(spec, tokens, options);
  checkContext("Cannot estimate the KV cache", spec, tokens, `tokens ${tokens}`);
  return count;
});
/** Bytes of the states that do not grow with the context, for one sequence, in fp32. */
export const recurrentStateBytes = checked(bytes.recurrentStateBytes, ["recurrentStateBytes", 1]);
/** Bytes of the largest activations that live at once; see `peakActivationBytes` in activations.ts. */
export const peakActivationBytes = checked((spec, options: activations.ActivationOptions) => {
  const count = activations.peakActivationBytes(spec, options), { tokens, past = 0 } = options;
  checkContext(
    "Cannot estimate activations",
    spec,
    past + tokens,
    past ? `tokens ${tokens} and past ${past}` : `tokens ${tokens}`,
  );
  return count;
});
/** The memory that a running model needs, part by part; see `memoryPlan` in memory_plan.ts. */
export const memoryPlan = checked(plan.memoryPlan);
