/** What every block format of GGML is: how its bytes are cut, and the form that its numbers take here. */
import type { QuantBlocks } from "../quant_blocks.ts";

/** The blocks that a tensor is decoded into, with room for all of them. */
export type BlockArrays = Pick<QuantBlocks, "q" | "scales" | "mins">;

export interface BlockType extends Pick<QuantBlocks, "bits" | "blockSize" | "zero"> {
  name: string;
  /** Values a block of the file. */
  blockValues: number;
  /** Bytes a block of the file. */
  blockBytes: number;
  hasMins: boolean;
  /**
   * Decode one block of the file.
   *
   * @param at Where its bytes start.
   * @param value Index of its first value in `out.q`.
   * @param block Index of its first scale in `out.scales`.
   */
  decode(bytes: Uint8Array, at: number, out: BlockArrays, value: number, block: number): void;
}

/** Every half-precision number by its bits. */
const HALF = /* @__PURE__ */ halfTable();

/** The half-precision number at a place. */
export function half(bytes: Uint8Array, at: number): number {
  return HALF[bytes[at] | bytes[at + 1] << 8];
}

/** The half-precision number of these bits. */
export function halfOfBits(bits: number): number {
  return HALF[bits];
}

export function uint32(bytes: Uint8Array, at: number): number {
  return (bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | bytes[at + 3] << 24) >>> 0;
}

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
