/** Values that are taken four or eight at a time out of a list of points: IQ1, IQ2 and IQ3. */
import { type BlockArrays, type BlockType, half, halfOfBits, uint32 } from "./block_type.ts";
import { GRIDS } from "./grids.ts";

/** Superblocks of 256 values held as int8 around 128; every number below is at most 62. */
function gridType(name: string, blockBytes: number, blockSize: 16 | 32, decode: BlockType["decode"]): BlockType {
  return { name, blockValues: 256, blockBytes, bits: 8, blockSize, zero: 128, hasMins: false, decode };
}

/** The points' values with signs, bit i for value i. */
function put(q: Uint8Array, to: number, grid: Int8Array, point: number, size: 4 | 8, signs: number): void {
  for (let i = 0; i < size; i++) {
    const v = grid[point * size + i];
    q[to + i] = 128 + (signs >> i & 1 ? -v : v);
  }
}

/** Eight signs out of seven bits: the number of negative ones is even. */
function evenSigns(bits: number): number {
  const parity = bits ^ bits >> 4, last = 0x6996 >> (parity & 15) & 1; // 0x6996: the parity of 0..15
  return bits | last << 7;
}

/** A word a block of 32: four times seven bits of signs, and the scale above them. */
function scaleOfWord(word: number): number {
  return 0.5 + (word >>> 28);
}

const IQ2_XXS = gridType("IQ2_XXS", 66, 32, (bytes, at, { q, scales }, value, block) => {
  const d = half(bytes, at);
  for (let j = 0; j < 8; j++) {
    const from = at + 2 + 8 * j, word = uint32(bytes, from + 4);
    scales[block + j] = d * scaleOfWord(word) * 0.25;
    for (let k = 0; k < 4; k++) {
      put(q, value + 32 * j + 8 * k, GRIDS.iq2xxs, bytes[from + k], 8, evenSigns(word >>> 7 * k & 127));
    }
  }
});

const IQ2_XS = gridType("IQ2_XS", 74, 16, (bytes, at, out, value, block) => {
  nibbleScales(bytes, at + 66, half(bytes, at), out, block);
  for (let k = 0; k < 32; k++) {
    const code = bytes[at + 2 + 2 * k] | bytes[at + 3 + 2 * k] << 8;
    put(out.q, value + 8 * k, GRIDS.iq2xs, code & 511, 8, evenSigns(code >> 9));
  }
});

const IQ2_S = gridType("IQ2_S", 82, 16, (bytes, at, out, value, block) => {
  nibbleScales(bytes, at + 74, half(bytes, at), out, block);
  for (let k = 0; k < 32; k++) {
    const high = bytes[at + 66 + (k >> 2)] >> 2 * (k & 3) & 3;
    put(out.q, value + 8 * k, GRIDS.iq2s, bytes[at + 2 + k] | high << 8, 8, bytes[at + 34 + k]);
  }
});

/** Sixteen scales of four bits. */
function nibbleScales(bytes: Uint8Array, at: number, d: number, { scales }: BlockArrays, block: number): void {
  for (let j = 0; j < 16; j++) scales[block + j] = d * (0.5 + (bytes[at + (j >> 1)] >> 4 * (j & 1) & 15)) * 0.25;
}

const IQ3_XXS = gridType("IQ3_XXS", 98, 32, (bytes, at, { q, scales }, value, block) => {
  const d = half(bytes, at);
  for (let j = 0; j < 8; j++) {
    const word = uint32(bytes, at + 66 + 4 * j);
    scales[block + j] = d * scaleOfWord(word) * 0.5;
    for (let k = 0; k < 8; k++) {
      const signs = evenSigns(word >>> 7 * (k >> 1) & 127) >> 4 * (k & 1);
      put(q, value + 32 * j + 4 * k, GRIDS.iq3xxs, bytes[at + 2 + 8 * j + k], 4, signs);
    }
  }
});

const IQ3_S = gridType("IQ3_S", 110, 32, (bytes, at, { q, scales }, value, block) => {
  const d = half(bytes, at);
  for (let j = 0; j < 8; j++) scales[block + j] = d * (1 + 2 * (bytes[at + 106 + (j >> 1)] >> 4 * (j & 1) & 15));
  for (let k = 0; k < 64; k++) {
    const high = bytes[at + 66 + (k >> 3)] >> (k & 7) & 1, signs = bytes[at + 74 + (k >> 1)] >> 4 * (k & 1);
    put(q, value + 4 * k, GRIDS.iq3s, bytes[at + 2 + k] | high << 8, 4, signs);
  }
});

/** Values -1, 0 and 1, all moved by an eighth up or down: held as eight times as much, with an eighth of the scale. */
function putMoved(q: Uint8Array, to: number, point: number, down: number): void {
  for (let i = 0; i < 8; i++) q[to + i] = 128 + 8 * GRIDS.iq1[8 * point + i] + (down ? -1 : 1);
}

const IQ1_S = gridType("IQ1_S", 50, 32, (bytes, at, { q, scales }, value, block) => {
  const d = half(bytes, at);
  for (let j = 0; j < 8; j++) {
    const word = bytes[at + 34 + 2 * j] | bytes[at + 35 + 2 * j] << 8;
    scales[block + j] = d * (2 * (word >> 12 & 7) + 1) / 8;
    for (let k = 0; k < 4; k++) {
      const point = bytes[at + 2 + 4 * j + k] | (word >> 3 * k & 7) << 8;
      putMoved(q, value + 32 * j + 8 * k, point, word & 0x8000);
    }
  }
});

/** The scale of all is spread over the top four bits of the four words that hold the blocks' scales. */
const IQ1_M = gridType("IQ1_M", 56, 16, (bytes, at, { q, scales }, value, block) => {
  const words = [0, 1, 2, 3].map((w) => bytes[at + 48 + 2 * w] | bytes[at + 49 + 2 * w] << 8);
  const d = halfOfBits(words.reduce((bits, word, w) => bits | word >> 12 << 4 * w, 0));
  for (let j = 0; j < 16; j++) scales[block + j] = d * (2 * (words[j >> 2] >> 3 * (j & 3) & 7) + 1) / 8;
  for (let k = 0; k < 32; k++) {
    const high = bytes[at + 32 + (k >> 1)] >> 4 * (k & 1);
    putMoved(q, value + 8 * k, bytes[at + k] | (high & 7) << 8, high & 8);
  }
});

/** By GGML's type id. */
export const GRID_TYPES: Record<number, BlockType> = {
  16: IQ2_XXS,
  17: IQ2_XS,
  18: IQ3_XXS,
  19: IQ1_S,
  21: IQ3_S,
  22: IQ2_S,
  29: IQ1_M,
};
