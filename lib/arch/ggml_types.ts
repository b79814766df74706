/**
 * The GGML tensor formats that can be read, each decoded into `QuantBlocks` or floats: to the last bit the numbers of
 * PyPI gguf 0.19.0. Layouts: `ggml-common.h` and `ggml-quants.c` of ggml (block structs and `dequantize_row_*`).
 */
import { type BlockType, half } from "./ggml/block_type.ts";
import { GRID_TYPES } from "./ggml/grid_types.ts";
import { K_TYPES } from "./ggml/k_types.ts";
import { ROUND_TYPES } from "./ggml/round_types.ts";
import { SMALL_TYPES } from "./ggml/small_types.ts";
import type { Matrix, QuantBlocks } from "./quant_blocks.ts";

/** Numbers one by one. */
interface FloatType {
  name: string;
  blockValues: 1;
  blockBytes: number;
  /** Decode all of `bytes` into `values` from `first` on. */
  floats(bytes: Uint8Array, values: Float32Array, first: number): void;
}

export type GgmlType = BlockType | FloatType;

const F32: FloatType = {
  name: "F32",
  blockValues: 1,
  blockBytes: 4,
  floats: (bytes, values, first) => new Uint8Array(values.buffer, values.byteOffset + 4 * first).set(bytes),
};

const F16: FloatType = {
  name: "F16",
  blockValues: 1,
  blockBytes: 2,
  floats(bytes, values, first) {
    for (let i = 0; i < bytes.length / 2; i++) values[first + i] = half(bytes, 2 * i);
  },
};

/** The upper half of a float32. */
const BF16: FloatType = {
  name: "BF16",
  blockValues: 1,
  blockBytes: 2,
  floats(bytes, values, first) {
    const bits = new Uint32Array(values.buffer, values.byteOffset);
    for (let i = 0; i < bytes.length / 2; i++) bits[first + i] = (bytes[2 * i] | bytes[2 * i + 1] << 8) << 16;
  },
};

/** By GGML's type id. */
const TYPES: Record<number, GgmlType> = {
  0: F32,
  1: F16,
  30: BF16,
  ...ROUND_TYPES,
  ...K_TYPES,
  ...GRID_TYPES,
  ...SMALL_TYPES,
};

/** Types that no model's weights have, or that are gone from GGUF, by id: named when they are refused. */
const OTHER_TYPES: Record<number, string> = {
  4: "Q4_2, removed",
  5: "Q4_3, removed",
  9: "Q8_1",
  15: "Q8_K",
  24: "I8",
  25: "I16",
  26: "I32",
  27: "I64",
  28: "F64",
  31: "Q4_0_4_4, removed: convert the file to Q4_0",
  32: "Q4_0_4_8, removed: convert the file to Q4_0",
  33: "Q4_0_8_8, removed: convert the file to Q4_0",
  36: "IQ4_NL_4_4, removed: convert the file to IQ4_NL",
  37: "IQ4_NL_4_8, removed: convert the file to IQ4_NL",
  38: "IQ4_NL_8_8, removed: convert the file to IQ4_NL",
  41: "Q1_0",
};

/** All formats that can be read. */
export const GGML_TYPES: readonly GgmlType[] = Object.values(TYPES);

/**
 * The format with GGML's id.
 *
 * @throws {TypeError} If it is not one of those that can be read; the message lists them.
 */
export function ggmlType(id: number, what: string): GgmlType {
  const type = TYPES[id];
  if (type) return type;
  const known = OTHER_TYPES[id] ? `: ${OTHER_TYPES[id]}` : "";
  throw new TypeError(
    `Cannot read ${what}: unknown quantisation (GGML type ${id}${known}); this version reads ` +
      GGML_TYPES.map((t) => t.name).join(", "),
  );
}

/** A matrix of one row after the other, filled from the file's bytes in pieces, in order. */
export class TensorDecoder {
  readonly matrix: Matrix;
  #blocks = 0;

  constructor(readonly type: GgmlType, rows: number, cols: number) {
    this.matrix = "floats" in type
      ? { rows, cols, values: new Float32Array(rows * cols) }
      : emptyBlocks(type, rows, cols);
  }

  /** The next blocks: whole ones. */
  add(bytes: Uint8Array): void {
    const { type, matrix } = this, count = bytes.length / type.blockBytes;
    if ("floats" in type) type.floats(bytes, (matrix as { values: Float32Array }).values, this.#blocks);
    else {
      const out = matrix as QuantBlocks, { blockValues, blockBytes } = type, scales = blockValues / type.blockSize;
      for (let i = 0, b = this.#blocks; i < count; i++, b++) {
        type.decode(bytes, i * blockBytes, out, b * blockValues, b * scales);
      }
    }
    this.#blocks += count;
  }
}

function emptyBlocks({ blockSize, bits, zero, hasMins }: BlockType, rows: number, cols: number): QuantBlocks {
  const values = rows * cols;
  return {
    rows,
    cols,
    blockSize,
    bits,
    q: new Uint8Array(values),
    zero,
    scales: new Float32Array(values / blockSize),
    mins: hasMins ? new Float32Array(values / blockSize) : null,
  };
}

/** A whole tensor out of its bytes. */
export function decodeTensor(type: GgmlType, bytes: Uint8Array, rows: number, cols: number): Matrix {
  const decoder = new TensorDecoder(type, rows, cols);
  decoder.add(bytes);
  return decoder.matrix;
}
