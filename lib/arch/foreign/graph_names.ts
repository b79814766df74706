/** Names of graphs' files: transformers.js's and optimum's, on this machine as on the hub. */
import type { Precision } from "../model_ref.ts";

/** Decoders that generate by themselves, the preferred one first. */
const STEMS = ["model", "decoder_model_merged", "decoder_model", "decoder_with_past_model"];

/** Ends of the names, by precision; the first that is there is taken. */
const SUFFIXES: Partial<Record<Precision, readonly string[]>> = {
  fp32: ["", "_fp32"],
  fp16: ["_fp16"],
  int8: ["_quantized", "_int8", "_uint8"],
  int4: ["_q4", "_bnb4", "_q4f16"],
};

/**
 * The graph of a precision; without one, the plain graph, then that of most bits.
 *
 * @param names Without folders.
 * @returns Null where none is called so.
 */
export function usualGraph(names: readonly string[], precision?: Precision): string | null {
  const suffixes = precision === undefined || precision === "stored"
    ? Object.values(SUFFIXES).flat()
    : SUFFIXES[precision] ?? [];
  for (const stem of STEMS) {
    for (const suffix of suffixes) if (names.includes(`${stem}${suffix}.onnx`)) return `${stem}${suffix}.onnx`;
  }
  return null;
}

/** The precision that a name tells; null where it tells none. */
export function precisionIn(name: string): Precision | null {
  for (const [precision, suffixes] of Object.entries(SUFFIXES)) {
    if (suffixes.some((suffix) => suffix !== "" && name.endsWith(`${suffix}.onnx`))) return precision as Precision;
  }
  return null;
}

/** A decoder without a cache and the one that takes its cache: two graphs of one model. */
export function unmergedPair(name: string): { first: string; withPast: string } | null {
  const [, suffix] = /^decoder(?:_with_past)?_model((?:_(?!merged)[a-z0-9]+)?\.onnx)$/.exec(name) ?? [];
  return suffix === undefined
    ? null
    : { first: `decoder_model${suffix}`, withPast: `decoder_with_past_model${suffix}` };
}
