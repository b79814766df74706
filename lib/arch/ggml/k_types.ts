/** Superblocks of 256 values whose blocks have small integers as scales: Q2_K to Q6_K. */
import { type BlockType, half } from "./block_type.ts";

/** Sixteen blocks of 16; a byte holds the scale in its low half, the minimum in its high one. */
const Q2_K: BlockType = {
  name: "Q2_K",
  blockValues: 256,
  blockBytes: 84,
  bits: 4,
  blockSize: 16,
  zero: 0,
  hasMins: true,
  decode(bytes, at, { q, scales, mins }, value, block) {
    const d = half(bytes, at + 80), dmin = half(bytes, at + 82);
    for (let j = 0; j < 16; j++) {
      scales[block + j] = d * (bytes[at + j] & 15);
      mins![block + j] = -dmin * (bytes[at + j] >> 4);
    }
    for (let i = 0; i < 256; i++) q[value + i] = twoBits(bytes, at + 16, i);
  },
};

/** Sixteen blocks of 16 with 6-bit scales; the third bit of a value takes 4 off where it is not set. */
const Q3_K: BlockType = {
  name: "Q3_K",
  blockValues: 256,
  blockBytes: 110,
  bits: 4,
  blockSize: 16,
  zero: 8,
  hasMins: false,
  decode(bytes, at, { q, scales }, value, block) {
    const d = half(bytes, at + 108);
    for (let j = 0; j < 16; j++) {
      const low = bytes[at + 96 + (j & 7)] >> (j < 8 ? 0 : 4) & 15,
        high = bytes[at + 104 + (j & 3)] >> 2 * (j >> 2) & 3;
      scales[block + j] = d * ((low | high << 4) - 32);
    }
    for (let i = 0; i < 256; i++) {
      const third = bytes[at + (i & 31)] >> (i >> 5) & 1;
      q[value + i] = twoBits(bytes, at + 32, i) + 4 * third + 4; // value - 4 + 8
    }
  },
};

/** Values of two bits: 32 bytes hold 128, those of a quarter in the same bits of all. */
function twoBits(bytes: Uint8Array, at: number, i: number): number {
  return bytes[at + (i >> 7) * 32 + (i & 31)] >> 2 * (i >> 5 & 3) & 3;
}

/** Q4_K and Q5_K: eight blocks of 32, their 6-bit scales and minima packed in 12 bytes. */
function withMinima(name: string, blockBytes: number, five: boolean): BlockType {
  const shift = five ? 128 : 0;
  return {
    name,
    blockValues: 256,
    blockBytes,
    bits: five ? 8 : 4,
    blockSize: 32,
    zero: shift,
    hasMins: true,
    decode(bytes, at, { q, scales, mins }, value, block) {
      const d = half(bytes, at), dmin = half(bytes, at + 2);
      const packed = at + 4, high = at + 16, nibbles = at + 16 + (five ? 32 : 0);
      for (let j = 0; j < 8; j++) {
        const own = bytes[packed + j], last = bytes[packed + j + 4];
        const scale = j < 4 ? own & 63 : last & 15 | bytes[packed + j - 4] >> 6 << 4;
        const min = j < 4 ? last & 63 : last >> 4 | own >> 6 << 4;
        scales[block + j] = d * scale;
        mins![block + j] = -dmin * min;
        const from = nibbles + (j >> 1) * 32, to = value + 32 * j;
        for (let i = 0; i < 32; i++) {
          const byte = bytes[from + i], fifth = five ? (bytes[high + i] >> j & 1) << 4 : 0;
          q[to + i] = ((j & 1 ? byte >> 4 : byte & 15) | fifth) + shift;
        }
      }
    },
  };
}

/** Sixteen blocks of 16 with 8-bit scales; low four bits and high two bits of the values lie apart. */
const Q6_K: BlockType = {
  name: "Q6_K",
  blockValues: 256,
  blockBytes: 210,
  bits: 8,
  blockSize: 16,
  zero: 128,
  hasMins: false,
  decode(bytes, at, { q, scales }, value, block) {
    const d = half(bytes, at + 208);
    for (let j = 0; j < 16; j++) scales[block + j] = d * (bytes[at + 192 + j] << 24 >> 24);
    for (let i = 0; i < 256; i++) {
      const part = i >> 7, quarter = i >> 5 & 3, lane = i & 31; // 128 values a part, 32 a quarter
      const low = bytes[at + part * 64 + (quarter & 1) * 32 + lane];
      const high = bytes[at + 128 + part * 32 + lane] >> 2 * quarter & 3;
      q[value + i] = (quarter < 2 ? low & 15 : low >> 4) + (high << 4) + 96; // value - 32 + 128
    }
  },
};

/** By GGML's type id. */
export const K_TYPES: Record<number, BlockType> = {
  10: Q2_K,
  11: Q3_K,
  12: withMinima("Q4_K", 144, false),
  13: withMinima("Q5_K", 176, true),
  14: Q6_K,
};
