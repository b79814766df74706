/** What a GGUF file's weights are called, and how many bits they truly take. */
import type { GgmlType } from "../ggml_types.ts";

/** Names of `general.file_type`, by number (`llama_ftype` of llama.cpp's llama.h): mixes of the formats. */
const FILE_TYPES: Record<number, string> = {
  0: "F32",
  1: "F16",
  2: "Q4_0",
  3: "Q4_1",
  7: "Q8_0",
  8: "Q5_0",
  9: "Q5_1",
  10: "Q2_K",
  11: "Q3_K_S",
  12: "Q3_K_M",
  13: "Q3_K_L",
  14: "Q4_K_S",
  15: "Q4_K_M",
  16: "Q5_K_S",
  17: "Q5_K_M",
  18: "Q6_K",
  19: "IQ2_XXS",
  20: "IQ2_XS",
  21: "Q2_K_S",
  22: "IQ3_XS",
  23: "IQ3_XXS",
  24: "IQ1_S",
  25: "IQ4_NL",
  26: "IQ3_S",
  27: "IQ3_M",
  28: "IQ2_S",
  29: "IQ2_M",
  30: "IQ4_XS",
  31: "IQ1_M",
  32: "BF16",
  36: "TQ1_0",
  37: "TQ2_0",
  38: "MXFP4_MOE",
  39: "NVFP4",
};

/** A tensor's format, and how much of it there is. */
export interface TypedTensor {
  type: GgmlType;
  values: number;
  bytes: number;
}

/**
 * Name and truth: "Q4_K_M, 7.4 bits a weight", counted over all tensors; "F32" where all are that. Without a name in the
 * file it is that of the format that most weights have.
 */
export function quantisationOf(metadata: Record<string, unknown>, tensors: TypedTensor[]): string {
  if (tensors.every(({ type }) => type.name === "F32")) return "F32";
  const name = FILE_TYPES[Number(metadata["general.file_type"] ?? NaN)] ?? commonest(tensors);
  const total = (key: "values" | "bytes") => tensors.reduce((sum, tensor) => sum + tensor[key], 0);
  return `${name}, ${(8 * total("bytes") / total("values")).toFixed(1)} bits a weight`;
}

function commonest(tensors: TypedTensor[]): string {
  const values = new Map<string, number>();
  for (const { type, values: n } of tensors) values.set(type.name, (values.get(type.name) ?? 0) + n);
  return [...values].sort((a, b) => b[1] - a[1])[0][0];
}
