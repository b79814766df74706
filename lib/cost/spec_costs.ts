/**
 * What a spec costs, or a graph that was read (`costedGraph`), for callers from outside: the spec is checked first, so that a misspelt field is an error and never
 * another number. Within the library a spec was checked when it was resolved.
 */
import type { Precision } from "../arch/model_ref.ts";
import type { ArchSpec } from "../arch/spec.ts";
import { validateSpec } from "../arch/validate.ts";
import { ELEMENT_BYTES, PAST } from "../check/common.ts";
import { checkArgument, checkOptions, noOptions } from "../check/options.ts";
import * as activations from "./activations.ts";
import * as bytes from "./bytes.ts";
import { checkContext } from "./context.ts";
import { CostedGraph } from "./costed_graph.ts";
import { graphKvCacheBytes, refuseElementBytes, requireOwnPrecision } from "./graph_own.ts";
import * as plan from "./memory_plan.ts";

const CACHE = "Cannot estimate the KV cache";

/** A cost of a spec, behind a check of the spec. */
function checked<More extends unknown[], R>(cost: (spec: ArchSpec, ...more: More) => R) {
  return (spec: ArchSpec, ...more: More): R => {
    validateSpec(spec);
    return cost(spec, ...more);
  };
}

/**
 * A cost of a spec, behind a check of it, or of a graph.
 *
 * @param plain Of one without options: its name, and how many arguments it has.
 */
function ofEither<More extends unknown[], R>(
  cost: (spec: ArchSpec, ...more: More) => R,
  ofGraph: (graph: CostedGraph, ...more: More) => R,
  plain?: [name: string, own: number],
) {
  return (model: ArchSpec | CostedGraph, ...more: More): R => {
    if (plain) noOptions(plain[0], [model, ...more], plain[1]);
    return model instanceof CostedGraph ? ofGraph(model, ...more) : checked(cost)(model, ...more);
  };
}

/** Parameters, a tied head counted once. */
export const parameterCount = ofEither(bytes.parameterCount, (graph) => graph.parameters, ["parameterCount", 1]);
/** Parameters that one token is computed with: of a mixture's experts those that it is sent to. */
export const activeParameterCount = ofEither(
  bytes.activeParameterCount,
  (graph) => graph.activeParameters,
  ["activeParameterCount", 1],
);
/**
 * Bytes of weights that a decode step reads at a precision; see `weightBytes` in bytes.ts. A graph has its own precision:
 * leave it out.
 */
export const weightBytes = ofEither(bytes.weightBytes, (graph, precision?: Precision) => {
  requireOwnPrecision("Cannot estimate the weight bytes", graph, precision);
  return graph.weightBytes();
}, ["weightBytes", 2]) as {
  (spec: ArchSpec, precision: Precision): number;
  (graph: CostedGraph): number;
};
/** Bytes that a token adds to the cache, each element of `bytesPerElement`; default: as the spec keeps it. */
export const kvBytesPerToken = ofEither(
  (spec, bytesPerElement?: number) => {
    if (bytesPerElement !== undefined) checkArgument(CACHE, "bytesPerElement", bytesPerElement, ELEMENT_BYTES);
    return bytes.kvBytesPerToken(spec, bytesPerElement);
  },
  (graph, bytesPerElement?: number) => {
    refuseElementBytes(graph, bytesPerElement);
    return graph.cacheBytesPerToken;
  },
  ["kvBytesPerToken", 2],
);
/**
 * Bytes of keys, values and states after so many tokens; see `kvCacheBytes` in bytes.ts. Of a graph, what its inputs hold:
 * every token, in the type that they have.
 */
export const kvCacheBytes = ofEither(
  (spec, tokens: number, options: bytes.KvCacheOptions = {}) => {
    const count = bytes.kvCacheBytes(spec, tokens, options);
    checkContext(CACHE, spec, tokens, `tokens ${tokens}`);
    return count;
  },
  (graph, tokens, options = {}) => {
    checkArgument(CACHE, "tokens", tokens, PAST);
    checkOptions(CACHE, options, bytes.KV_CACHE_OPTIONS);
    refuseElementBytes(graph, options.bytesPerElement);
    checkContext(CACHE, graph, tokens, `tokens ${tokens}`);
    return graphKvCacheBytes(graph, tokens, options.batch);
  },
);
/** Bytes of the states that do not grow with the context, for one sequence, in fp32. */
export const recurrentStateBytes = ofEither(
  bytes.recurrentStateBytes,
  (graph) => graph.stateBytes,
  ["recurrentStateBytes", 1],
);
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
