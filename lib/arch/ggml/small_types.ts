/** Values out of short lists: three of them (TQ1_0, TQ2_0), sixteen floats of four bits (MXFP4, NVFP4), IQ4. */
import { type BlockType, half } from "./block_type.ts";

/** Twice the numbers of a float with 2 bits of exponent and 1 of fraction (E2M1), sign first. */
const FP4 = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];
/** The steps of IQ4, denser around zero. */
const IQ4 = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

/**
 * Five values a byte: the byte over 256 is the fraction 0.abcde in base 3, so multiplying by 3 moves one digit in front of
 * the point. 32 bytes give 160 values, the next 16 give 80, the last 4 give four each.
 */
const TQ1_0: BlockType = {
  name: "TQ1_0",
  blockValues: 256,
  blockBytes: 54,
  bits: 4,
  blockSize: 256,
  zero: 8,
  hasMins: false,
  decode(bytes, at, { q, scales }, value, block) {
    scales[block] = half(bytes, at + 52);
    let to = value;
    for (const [first, count, digits] of [[0, 32, 5], [32, 16, 5], [48, 4, 4]]) {
      for (let digit = 0, power = 1; digit < digits; digit++, power *= 3) {
        for (let i = 0; i < count; i++) q[to++] = ((bytes[at + first + i] * power & 255) * 3 >> 8) + 7; // digit - 1 + 8
      }
    }
  },
};

/** Values -1, 0 and 1 in two bits each. */
const TQ2_0: BlockType = {
  name: "TQ2_0",
  blockValues: 256,
  blockBytes: 66,
  bits: 4,
  blockSize: 256,
  zero: 8,
  hasMins: false,
  decode(bytes, at, { q, scales }, value, block) {
    scales[block] = half(bytes, at + 64);
    for (let i = 0; i < 256; i++) {
      q[value + i] = (bytes[at + (i >> 7) * 32 + (i & 31)] >> 2 * (i >> 5 & 3) & 3) + 7; // value - 1 + 8
    }
  },
};

/** 32 values with a power of two as their scale (OCP Microscaling Formats 1.0). */
const MXFP4: BlockType = {
  name: "MXFP4",
  blockValues: 32,
  blockBytes: 17,
  bits: 8,
  blockSize: 32,
  zero: 128,
  hasMins: false,
  decode(bytes, at, { q, scales }, value, block) {
    scales[block] = 2 ** (bytes[at] - 128); // half of 2 ** (e - 127), since FP4 holds doubles
    for (let i = 0; i < 16; i++) {
      const byte = bytes[at + 1 + i];
      q[value + i] = FP4[byte & 15] + 128;
      q[value + 16 + i] = FP4[byte >> 4] + 128;
    }
  },
};

/** Four blocks of 16, each with a scale of eight bits (unsigned E4M3). */
const NVFP4: BlockType = {
  name: "NVFP4",
  blockValues: 64,
  blockBytes: 36,
  bits: 8,
  blockSize: 16,
  zero: 128,
  hasMins: false,
  decode(bytes, at, { q, scales }, value, block) {
    for (let j = 0; j < 4; j++) {
      scales[block + j] = 0.5 * e4m3(bytes[at + j]);
      for (let i = 0; i < 8; i++) {
        const byte = bytes[at + 4 + 8 * j + i], to = value + 16 * j + i;
        q[to] = FP4[byte & 15] + 128;
        q[to + 8] = FP4[byte >> 4] + 128;
      }
    }
  },
};

/** The sign bit counts for nothing, and the code of NaN stands for 0, as in ggml. */
function e4m3(code: number): number {
  if (code === 0x7f) return 0;
  const exponent = code >> 3 & 15, fraction = code & 7;
  return exponent === 0 ? fraction * 2 ** -9 : (1 + fraction / 8) * 2 ** (exponent - 7);
}

const IQ4_NL: BlockType = {
  name: "IQ4_NL",
  blockValues: 32,
  blockBytes: 18,
  bits: 8,
  blockSize: 32,
  zero: 128,
  hasMins: false,
  decode(bytes, at, { q, scales }, value, block) {
    scales[block] = half(bytes, at);
    steps(bytes, at + 2, q, value);
  },
};

/** Eight blocks of 32 with 6-bit scales, whose high two bits lie in two bytes of their own. */
const IQ4_XS: BlockType = {
  name: "IQ4_XS",
  blockValues: 256,
  blockBytes: 136,
  bits: 8,
  blockSize: 32,
  zero: 128,
  hasMins: false,
  decode(bytes, at, { q, scales }, value, block) {
    const d = half(bytes, at);
    for (let j = 0; j < 8; j++) {
      const low = bytes[at + 4 + (j >> 1)] >> 4 * (j & 1) & 15, high = bytes[at + 2 + (j >> 2)] >> 2 * (j & 3) & 3;
      scales[block + j] = d * ((low | high << 4) - 32);
      steps(bytes, at + 8 + 16 * j, q, value + 32 * j);
    }
  },
};

/** 32 indexes of steps in 16 bytes, the low halves first. */
function steps(bytes: Uint8Array, at: number, q: Uint8Array, to: number): void {
  for (let i = 0; i < 16; i++) {
    q[to + i] = IQ4[bytes[at + i] & 15] + 128;
    q[to + 16 + i] = IQ4[bytes[at + i] >> 4] + 128;
  }
}

/** By GGML's type id. */
export const SMALL_TYPES: Record<number, BlockType> = {
  20: IQ4_NL,
  23: IQ4_XS,
  34: TQ1_0,
  35: TQ2_0,
  39: MXFP4,
  40: NVFP4,
};
