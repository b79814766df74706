/** Blocks of 32 values with one scale, and a minimum in the `_1` formats: Q4_0, Q4_1, Q5_0, Q5_1, Q8_0. */
import { type BlockType, half, uint32 } from "./block_type.ts";

/**
 * Half-precision scale, half-precision minimum in the `_1` formats, 4 bytes of fifth bits in Q5, 16 bytes of nibbles
 * (values 0..15 in the low ones, 16..31 in the high ones). Five bits are held as eight, moved so that 128 stands for
 * zero where there is no minimum: MatMulNBits' own default.
 */
function nibbles(name: string, blockBytes: number, bits: 4 | 5, hasMins: boolean): BlockType {
  const zero = bits === 5 ? 128 : hasMins ? 0 : 8, shift = bits === 5 ? (hasMins ? 128 : 112) : 0;
  return {
    name,
    blockValues: 32,
    blockBytes,
    bits: bits === 5 ? 8 : 4,
    blockSize: 32,
    zero,
    hasMins,
    decode(bytes, at, { q, scales, mins }, value, block) {
      scales[block] = half(bytes, at);
      let from = at + 2;
      if (hasMins) mins![block] = half(bytes, from), from += 2;
      let high = 0;
      if (bits === 5) high = uint32(bytes, from), from += 4;
      for (let i = 0; i < 16; i++) {
        const byte = bytes[from + i];
        q[value + i] = (byte & 15 | (high >>> i & 1) << 4) + shift;
        q[value + 16 + i] = (byte >> 4 | (high >>> (i + 16) & 1) << 4) + shift;
      }
    },
  };
}

const Q8_0: BlockType = {
  name: "Q8_0",
  blockValues: 32,
  blockBytes: 34,
  bits: 8,
  blockSize: 32,
  zero: 128,
  hasMins: false,
  decode(bytes, at, { q, scales }, value, block) {
    scales[block] = half(bytes, at);
    for (let i = 0; i < 32; i++) q[value + i] = bytes[at + 2 + i] ^ 0x80; // int8 + 128
  },
};

/** By GGML's type id. */
export const ROUND_TYPES: Record<number, BlockType> = {
  2: nibbles("Q4_0", 18, 4, false),
  3: nibbles("Q4_1", 20, 4, true),
  6: nibbles("Q5_0", 22, 5, false),
  7: nibbles("Q5_1", 24, 5, true),
  8: Q8_0,
};
