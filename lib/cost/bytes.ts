/** Parameters and bytes: what must be kept, and what a decode step must read at least. */
import type { Parameter, StateShape } from "../arch/blocks/block.ts";
import { layerParameters, layerStates, modelParameters } from "../arch/blocks/layer.ts";
import { grows } from "../arch/states.ts";
import type { Precision } from "../arch/model_ref.ts";
import type { ArchSpec } from "../arch/spec.ts";
import { BATCH, ELEMENT_BYTES, PAST } from "../check/common.ts";
import { object, optional } from "../check/objects.ts";
import { checkArgument, checkOptions } from "../check/options.ts";

/** Parameters, a tied head counted once. */
export function parameterCount(spec: ArchSpec): number {
  return sum([...modelParameters(spec), ...everyLayer(spec)].map(({ rows, cols }) => rows * cols));
}

/** Parameters that one token is computed with: of a mixture's experts those that it is sent to. */
export function activeParameterCount(spec: ArchSpec): number {
  return sum([...modelParameters(spec), ...everyLayer(spec)].map(active));
}

/** Layers and head (or the embedding that is the head): everything that a decode step multiplies by. */
function matrixParameters(spec: ArchSpec): number {
  return sum(everyLayer(spec).filter(({ role }) => role === "matrix").map(active)) + spec.vocabSize * spec.hiddenSize;
}

/** Norms, biases and small kernels, which stay in fp32. */
function vectorParameters(spec: ArchSpec): number {
  const outside = modelParameters(spec).filter(({ name, role }) => role !== "matrix" && name !== "positions");
  return sum([...outside, ...everyLayer(spec).filter(({ role }) => role !== "matrix")].map(active));
}

function everyLayer(spec: ArchSpec): Parameter[] {
  return spec.layers.flatMap((layer) => layerParameters(spec, layer));
}

function active({ rows, cols, share = 1 }: Parameter): number {
  return Math.round(rows * cols * share);
}

function sum(values: number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

/** Bytes of one weight of a matrix; blocks of 32 carry one fp32 scale. */
const BYTES_PER_WEIGHT: Partial<Record<Precision, number>> = {
  fp32: 4,
  fp16: 2,
  bf16: 2,
  int8: 1 + 4 / 32,
  int4: 0.5 + 4 / 32,
};

/**
 * The fewest bytes of weights that a decode step can read: all matrices and norms once, of the embedding no more than
 * the head's table. With an untied head the embedding itself is left out: a step reads one row of it.
 *
 * @throws {RangeError} For "stored": its bytes are the file's own (`ModelInfo.weightBytes`).
 */
export function weightBytes(spec: ArchSpec, precision: Precision): number {
  const each = BYTES_PER_WEIGHT[precision];
  if (each === undefined) {
    const known = Object.keys(BYTES_PER_WEIGHT).join(", ");
    throw new RangeError(
      `Cannot estimate the weight bytes of precision "${precision}": known are ${known}; an opened model tells its own`,
    );
  }
  return matrixParameters(spec) * each +
    vectorParameters(spec) * (precision === "fp16" || precision === "bf16" ? 2 : 4);
}

export interface KvCacheOptions {
  /** Sequences. Default 1. */
  batch?: number;
  /** Default: as the spec keeps them, 4 for fp32 and 1 for int8; 2 for fp16. */
  bytesPerElement?: number;
}

export const KV_CACHE_OPTIONS = object<KvCacheOptions>({
  batch: optional(BATCH),
  bytesPerElement: optional(ELEMENT_BYTES),
});

/** Bytes of keys and values (or latents) that one more token adds, before any window is full. */
export function kvBytesPerToken(spec: ArchSpec, bytesPerElement = kvElementBytes(spec)): number {
  return sum(spec.layers.map((layer) => sum(layerStates(spec, layer).map(elementsPerToken)))) * bytesPerElement;
}

/** Bytes of the states that do not grow with the context, for one sequence, in fp32. */
export function recurrentStateBytes(spec: ArchSpec): number {
  const states = spec.layers.flatMap((layer) => layerStates(spec, layer)).filter((state) => !grows(state));
  return 4 * sum(states.map(({ dims }) => (dims as number[]).reduce((a, b) => a * b, 1)));
}

/**
 * Bytes of keys and values after `tokens` tokens, and of recurrent states, layer by layer: a layer with a window needs no
 * more than that (and its sinks). A runtime may keep more (onnxruntime keeps all tokens).
 */
export function kvCacheBytes(spec: ArchSpec, tokens: number, options: KvCacheOptions = {}): number {
  checkArgument("Cannot estimate the KV cache", "tokens", tokens, PAST);
  checkOptions("Cannot estimate the KV cache", options, KV_CACHE_OPTIONS);
  const { batch = 1, bytesPerElement = kvElementBytes(spec) } = options;
  const elements = spec.layers.map((layer) => {
    const { mixer } = layer;
    const most = mixer.kind === "attention" ? (mixer.window ?? Infinity) + (mixer.sinks ?? 0) : Infinity;
    return sum(layerStates(spec, layer).map(elementsPerToken)) * Math.min(tokens, most);
  });
  return batch * (bytesPerElement * sum(elements) + recurrentStateBytes(spec));
}

function elementsPerToken(state: StateShape): number {
  if (!grows(state)) return 0;
  return state.dims.reduce((product: number, dim) => dim === "slots" ? product : product * dim, 1);
}

function kvElementBytes(spec: ArchSpec): number {
  return spec.kvCache === "int8" ? 1 : 4;
}
