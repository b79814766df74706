/** Weights in the form that a graph's operators read, one after the other in one file. */
import type { ElementType, ExternalTensor } from "../onnx/graph_builder.ts";
import { dequantise, isQuantised, type Matrix, type QuantBlocks, quantise } from "./quant_blocks.ts";
import type { Precision } from "./model_ref.ts";

/** A tensor in the weights file. */
export interface PackedTensor extends ExternalTensor {
  name: string;
  type: ElementType;
  dims: number[];
}

/** A matrix that a row vector is multiplied with, [inputs] -> [outputs]. */
export type PackedLinear =
  | { form: "dense"; weight: PackedTensor }
  /** Dense, [outputs][inputs]: the embedding table used as the head. */
  | { form: "transposed"; weight: PackedTensor }
  | PackedBlocks;

/** A block-quantised matrix for MatMulNBits; `minima` is added through the sums of the input's blocks. */
export interface PackedBlocks {
  form: "blocks";
  inputs: number;
  outputs: number;
  bits: 4 | 8;
  blockSize: number;
  q: PackedTensor;
  scales: PackedTensor;
  /** Only where the zero point is not the operator's default, 2^(bits - 1). */
  zeroPoints: PackedTensor | null;
  /** [inputs / blockSize][outputs] */
  minima: PackedTensor | null;
}

/** Takes the bytes, in order. */
export type WeightSink = (bytes: Uint8Array) => Promise<void> | void;

/** onnxruntime maps external tensors from the file: page-aligned ones need no copy. */
const ALIGNMENT = 4096;

/** Writes tensors one after the other and tells where they lie; names are put behind a prefix. */
export class Packer {
  readonly #file: { location: string; sink: WeightSink; offset: number; names: Set<string> };

  /** @param precision "fp32", "int4" or "int8" (symmetric, blocks of 32) or "stored" (the source's own blocks). */
  constructor(
    readonly precision: Precision,
    location: string,
    sink: WeightSink,
    readonly prefix = "",
    parent?: Packer,
  ) {
    this.#file = parent ? parent.#file : { location, sink, offset: 0, names: new Set() };
  }

  /** The same file, with names behind `prefix`. */
  within(prefix: string): Packer {
    return new Packer(this.precision, "", () => {}, prefix, this);
  }

  /** Bytes written so far. */
  get bytes(): number {
    return this.#file.offset;
  }

  /** A tensor as it is. */
  async tensor(
    name: string,
    type: ElementType,
    dims: number[],
    data: Float32Array | Uint8Array,
  ): Promise<PackedTensor> {
    const file = this.#file, full = this.prefix + name;
    if (file.names.has(full)) throw new TypeError(`Two tensors of ${file.location} would be called ${full}`);
    file.names.add(full);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const padding = (ALIGNMENT - file.offset % ALIGNMENT) % ALIGNMENT;
    if (padding) await file.sink(new Uint8Array(padding));
    const offset = file.offset + padding;
    await file.sink(bytes);
    file.offset = offset + bytes.length;
    return { name: full, type, dims, location: file.location, offset, length: bytes.length };
  }

  /** A vector in fp32. */
  vector(name: string, m: Matrix): Promise<PackedTensor> {
    return this.tensor(name, "float32", [m.rows * m.cols], dequantise(m));
  }

  /** Vectors after one another, in fp32. */
  concat(name: string, parts: Matrix[]): Promise<PackedTensor> {
    const all = parts.flatMap((m) => [...dequantise(m)]);
    return this.tensor(name, "float32", [all.length], Float32Array.from(all));
  }

  /** A matrix that activations are multiplied with, in the model's precision. */
  linear(name: string, m: Matrix): Promise<PackedLinear> {
    const formed = this.toPrecision(m);
    return isQuantised(formed) ? this.blocks(name, formed) : this.dense(name, formed);
  }

  /**
   * The matrix in the model's precision.
   *
   * @throws {RangeError} If its columns cannot be cut into blocks of 32.
   */
  toPrecision(m: Matrix): Matrix {
    if (this.precision === "stored") return m;
    const { rows, cols } = m, values = dequantise(m);
    if (this.precision === "int4") return quantise(values, rows, cols, 4);
    return this.precision === "int8" ? quantise(values, rows, cols, 8) : { rows, cols, values };
  }

  /** A block-quantised matrix, as it is. */
  async blocks(name: string, given: QuantBlocks): Promise<PackedBlocks> {
    const m = centred(given);
    const { rows, cols, bits, blockSize, zero } = m;
    const perRow = cols / blockSize;
    const isDefaultZero = zero === 2 ** (bits - 1);
    const zeroBytes = new Uint8Array(rows * Math.ceil(perRow * bits / 8)).fill(bits === 8 ? zero : zero | zero << 4);
    // With minima the value is scale * (q - zero) + min; MatMulNBits does the first part, whatever the zero point.
    return {
      form: "blocks",
      inputs: cols,
      outputs: rows,
      bits,
      blockSize,
      q: await this.tensor(`${name}.q`, "uint8", [rows, perRow, blockSize * bits / 8], packBits(m)),
      scales: await this.tensor(`${name}.scales`, "float32", [rows * perRow], m.scales),
      zeroPoints: isDefaultZero ? null : await this.tensor(`${name}.zero`, "uint8", [zeroBytes.length], zeroBytes),
      minima: m.mins &&
        await this.tensor(`${name}.min`, "float32", [perRow, rows], transpose(m.mins, rows, perRow)),
    };
  }

  /** A matrix in fp32, whatever the model's precision. */
  async dense(name: string, m: Matrix): Promise<PackedLinear> {
    const weight = await this.tensor(name, "float32", [m.cols, m.rows], transpose(dequantise(m), m.rows, m.cols));
    return { form: "dense", weight };
  }
}

/**
 * The same numbers, with values around 0 where a format has them from 0 up and a minimum: MatMulNBits rounds the
 * activations, and an error counts as often as the value is large. The minima's part is exact, so what moves there
 * costs nothing; and the operator needs no zero points then. Row by row, since rows may come from formats of other ranges.
 */
function centred(m: QuantBlocks): QuantBlocks {
  if (!m.mins) return m;
  const { rows, cols, scales, zero } = m, perRow = scales.length / rows;
  const newZero = 2 ** (m.bits - 1), q = new Uint8Array(m.q.length), mins = new Float32Array(m.mins.length);
  for (let row = 0; row < rows; row++) {
    let least = zero, most = zero;
    for (let i = row * cols; i < (row + 1) * cols; i++) {
      if (m.q[i] > most) most = m.q[i];
      else if (m.q[i] < least) least = m.q[i];
    }
    const middle = (least + most + 1 >> 1) - zero, shift = newZero - zero - middle; // 8 of 0..15, 16 of 0..31
    for (let i = row * cols; i < (row + 1) * cols; i++) q[i] = m.q[i] + shift;
    for (let i = row * perRow; i < (row + 1) * perRow; i++) mins[i] = m.mins[i] + middle * scales[i];
  }
  return { ...m, zero: newZero, q, mins };
}

/** Two 4-bit values a byte, the first in the low half. */
export function packBits(m: QuantBlocks): Uint8Array {
  if (m.bits === 8) return m.q;
  const out = new Uint8Array(m.q.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = m.q[2 * i] | m.q[2 * i + 1] << 4;
  return out;
}

/** [rows][cols] -> [cols][rows] */
export function transpose(values: Float32Array, rows: number, cols: number): Float32Array {
  const out = new Float32Array(values.length), tile = 64; // tiles keep both sides in the cache
  for (let r0 = 0; r0 < rows; r0 += tile) {
    for (let c0 = 0; c0 < cols; c0 += tile) {
      const rEnd = Math.min(r0 + tile, rows), cEnd = Math.min(c0 + tile, cols);
      for (let r = r0; r < rEnd; r++) for (let c = c0; c < cEnd; c++) out[c * rows + r] = values[r * cols + c];
    }
  }
  return out;
}
