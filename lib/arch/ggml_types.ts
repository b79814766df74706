/**
 * The GGML tensor formats that can be read, each decoded into `QuantBlocks` or floats. Layouts: `ggml-common.h` and
 * `ggml-quants.c` of ggml (block structs and `dequantize_row_*`).
 */
import type { Matrix, QuantBlocks } from "./quant_blocks.ts";

interface GgmlType {
  name: string;
  /** Values a block of the file. */
  blockValues: number;
  /** Bytes a block of the file. */
  blockBytes: number;
  decode(bytes: Uint8Array, rows: number, cols: number): Matrix;
}

const HALF = /* @__PURE__ */ halfTable();

/** By GGML's type id. */
const TYPES: Record<number, GgmlType> = {
  0: { name: "F32", blockValues: 1, blockBytes: 4, decode: decodeF32 },
  1: { name: "F16", blockValues: 1, blockBytes: 2, decode: decodeF16 },
  2: { name: "Q4_0", blockValues: 32, blockBytes: 18, decode: (b, r, c) => decodeNibbles(b, r, c, 0, false) },
  3: { name: "Q4_1", blockValues: 32, blockBytes: 20, decode: (b, r, c) => decodeNibbles(b, r, c, 0, true) },
  6: { name: "Q5_0", blockValues: 32, blockBytes: 22, decode: (b, r, c) => decodeNibbles(b, r, c, 4, false) },
  7: { name: "Q5_1", blockValues: 32, blockBytes: 24, decode: (b, r, c) => decodeNibbles(b, r, c, 4, true) },
  8: { name: "Q8_0", blockValues: 32, blockBytes: 34, decode: decodeQ8 },
  12: { name: "Q4_K", blockValues: 256, blockBytes: 144, decode: (b, r, c) => decodeSuperblocks(b, r, c, false) },
  13: { name: "Q5_K", blockValues: 256, blockBytes: 176, decode: (b, r, c) => decodeSuperblocks(b, r, c, true) },
  14: { name: "Q6_K", blockValues: 256, blockBytes: 210, decode: decodeQ6K },
};

/**
 * The format with GGML's id.
 *
 * @throws {TypeError} If it is not one of those that can be read; the message lists them.
 */
export function ggmlType(id: number, what: string): GgmlType {
  const type = TYPES[id];
  if (type) return type;
  const names = Object.values(TYPES).map((t) => t.name).join(", ");
  throw new TypeError(`Cannot read ${what}: unknown quantisation (GGML type ${id}); this version reads ${names}`);
}

/** Bytes of a tensor in the file. */
export function ggmlBytes(type: GgmlType, rows: number, cols: number): number {
  return rows * cols / type.blockValues * type.blockBytes;
}

function decodeF32(bytes: Uint8Array, rows: number, cols: number): Matrix {
  return { rows, cols, values: new Float32Array(bytes.slice().buffer) };
}

function decodeF16(bytes: Uint8Array, rows: number, cols: number): Matrix {
  const values = new Float32Array(rows * cols);
  for (let i = 0; i < values.length; i++) values[i] = half(bytes, 2 * i);
  return { rows, cols, values };
}

function blocks(rows: number, cols: number, blockSize: number, bits: 4 | 8, zero: number, mins: boolean): QuantBlocks {
  const n = rows * cols;
  return {
    rows,
    cols,
    blockSize,
    bits,
    zero,
    q: new Uint8Array(n),
    scales: new Float32Array(n / blockSize),
    mins: mins ? new Float32Array(n / blockSize) : null,
  };
}

/**
 * Q4_0, Q4_1, Q5_0, Q5_1: f16 scale, f16 min for the `_1` forms, `highBytes` of fifth bits, 16 bytes of nibbles
 * (values 0..15 in the low ones, 16..31 in the high ones). Five bits are stored as eight in the graph, moved so that
 * the zero point is 128 where there is no min: MatMulNBits' own default.
 */
function decodeNibbles(bytes: Uint8Array, rows: number, cols: number, highBytes: 0 | 4, hasMin: boolean): QuantBlocks {
  const five = highBytes > 0;
  const shift = five ? (hasMin ? 128 : 112) : 0;
  const out = blocks(rows, cols, 32, five ? 8 : 4, hasMin ? shift : five ? 128 : 8, hasMin);
  const stride = 2 + (hasMin ? 2 : 0) + highBytes + 16;
  for (let b = 0; b < out.scales.length; b++) {
    let at = b * stride;
    out.scales[b] = half(bytes, at);
    at += 2;
    if (out.mins) out.mins[b] = half(bytes, at), at += 2;
    let high = 0;
    if (five) {
      high = bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | bytes[at + 3] << 24;
      at += 4;
    }
    for (let i = 0; i < 16; i++) {
      const byte = bytes[at + i];
      out.q[b * 32 + i] = (byte & 15 | (high >>> i & 1) << 4) + shift;
      out.q[b * 32 + 16 + i] = (byte >> 4 | (high >>> (i + 16) & 1) << 4) + shift;
    }
  }
  return out;
}

function decodeQ8(bytes: Uint8Array, rows: number, cols: number): QuantBlocks {
  const out = blocks(rows, cols, 32, 8, 128, false);
  for (let b = 0; b < out.scales.length; b++) {
    out.scales[b] = half(bytes, b * 34);
    for (let i = 0; i < 32; i++) out.q[b * 32 + i] = bytes[b * 34 + 2 + i] ^ 0x80; // int8 + 128
  }
  return out;
}

/** Q4_K and Q5_K: superblocks of eight blocks of 32, their 6-bit scales and mins packed in 12 bytes. */
function decodeSuperblocks(bytes: Uint8Array, rows: number, cols: number, five: boolean): QuantBlocks {
  const shift = five ? 128 : 0;
  const out = blocks(rows, cols, 32, five ? 8 : 4, shift, true);
  const stride = five ? 176 : 144;
  for (let s = 0; s < out.q.length / 256; s++) {
    const at = s * stride;
    const d = half(bytes, at), dmin = half(bytes, at + 2);
    const scales = bytes.subarray(at + 4, at + 16);
    const high = at + 16, nibbles = at + 16 + (five ? 32 : 0);
    for (let j = 0; j < 8; j++) {
      const scale = j < 4 ? scales[j] & 63 : scales[j + 4] & 15 | scales[j - 4] >> 6 << 4;
      const min = j < 4 ? scales[j + 4] & 63 : scales[j + 4] >> 4 | scales[j] >> 6 << 4;
      out.scales[s * 8 + j] = d * scale;
      out.mins![s * 8 + j] = -dmin * min;
      for (let i = 0; i < 32; i++) {
        const byte = bytes[nibbles + (j >> 1) * 32 + i];
        const fifth = five ? (bytes[high + i] >> j & 1) << 4 : 0;
        out.q[s * 256 + j * 32 + i] = ((j & 1 ? byte >> 4 : byte & 15) | fifth) + shift;
      }
    }
  }
  return out;
}

/** Q6_K: superblocks of sixteen blocks of 16 with 8-bit scales; low four bits and high two bits lie apart. */
function decodeQ6K(bytes: Uint8Array, rows: number, cols: number): QuantBlocks {
  const out = blocks(rows, cols, 16, 8, 128, false);
  for (let s = 0; s < out.q.length / 256; s++) {
    const at = s * 210;
    const d = half(bytes, at + 208);
    for (let b = 0; b < 16; b++) out.scales[s * 16 + b] = d * (bytes[at + 192 + b] << 24 >> 24);
    for (let i = 0; i < 256; i++) {
      const part = i >> 7, quarter = i >> 5 & 3, lane = i & 31; // 128 values a part, 32 a quarter
      const low = bytes[at + part * 64 + (quarter & 1) * 32 + lane];
      const high = bytes[at + 128 + part * 32 + lane] >> 2 * quarter & 3;
      out.q[s * 256 + i] = (quarter < 2 ? low & 15 : low >> 4) + (high << 4) + 96; // value - 32 + 128
    }
  }
  return out;
}

function half(bytes: Uint8Array, at: number): number {
  return HALF[bytes[at] | bytes[at + 1] << 8];
}

/** Every half-precision number by its bits. */
function halfTable(): Float32Array {
  const table = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits++) {
    const sign = bits & 0x8000 ? -1 : 1, exponent = bits >> 10 & 31, fraction = bits & 1023;
    table[bits] = exponent === 31
      ? (fraction ? NaN : sign * Infinity)
      : sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024));
  }
  return table;
}
