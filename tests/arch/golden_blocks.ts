/** The blocks of tests/golden/ggml_blocks.json, one matrix for each GGML type, and what the gguf package makes of them. */
import { createHash } from "node:crypto";
import { decodeTensor, type GgmlType, ggmlType } from "../../lib/arch/ggml_types.ts";
import type { Matrix } from "../../lib/arch/quant_blocks.ts";
import golden from "../golden/ggml_blocks.json" with { type: "json" };

export interface GoldenType {
  name: string;
  type: GgmlType;
  /** The file's bytes. */
  bytes: Uint8Array;
  blocks: number;
  /** The first numbers, and the SHA-256 of all, by PyPI gguf. */
  first: Float32Array;
  sha256: string;
}

export const GOLDEN_TYPES: GoldenType[] = golden.cases.map(({ name, type: id, scales, bytes: size, first, sha256 }) => {
  const bytes = new Uint8Array(size), blockBytes = size / golden.blocks;
  for (let i = 0, state = 22; i < size; i++) {
    state = Math.imul(state, 1664525) + 1013904223 >>> 0; // as in ggml_blocks.py
    bytes[i] = state >>> 24;
  }
  for (let at = 0; at < size; at += blockBytes) {
    for (const [place, kept, set] of scales) bytes[at + place] = bytes[at + place] & kept | set;
  }
  const numbers = Uint8Array.from(atob(first), (c) => c.charCodeAt(0));
  const type = ggmlType(id, "a tensor");
  return { name, type, bytes, blocks: golden.blocks, first: new Float32Array(numbers.buffer), sha256 };
});

/** The blocks as a matrix. */
export function goldenMatrix({ type, bytes, blocks }: GoldenType, rows = 1): Matrix {
  return decodeTensor(type, bytes, rows, blocks * type.blockValues / rows);
}

export function sha256Of(values: Float32Array): string {
  return createHash("sha256").update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength)).digest("hex");
}
