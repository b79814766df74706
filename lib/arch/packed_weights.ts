/** Weights in the form that a graph's operators read, packed one after the other into one file. */
import type { ElementType, ExternalTensor } from "../onnx/graph_builder.ts";
import { concatRows, dequantise, isQuantised, type Matrix, type QuantBlocks, quantise } from "./quant_blocks.ts";
import type { ArchSpec, LayerSpec, Precision } from "./spec.ts";
import { type LayerMatrix, layerMatrixShape, type WeightSource } from "./weight_source.ts";

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

export type PackedEmbedding =
  | { form: "dense"; table: PackedTensor }
  | { form: "blocks"; bits: 4 | 8; blockSize: number; q: PackedTensor; scales: PackedTensor };

export interface PackedLayer {
  attentionNorm: PackedTensor;
  qkv: PackedLinear;
  o: PackedLinear;
  mlpNorm: PackedTensor;
  gate: PackedLinear;
  up: PackedLinear;
  down: PackedLinear;
}

export interface PackedWeights {
  location: string;
  embedding: PackedEmbedding;
  layers: PackedLayer[];
  finalNorm: PackedTensor;
  head: PackedLinear;
  cos: PackedTensor;
  sin: PackedTensor;
  /** Bytes of the file. */
  bytes: number;
}

/** Takes the bytes, in order. */
export type WeightSink = (bytes: Uint8Array) => Promise<void> | void;

/** onnxruntime maps external tensors from the file: page-aligned ones need no copy. */
const ALIGNMENT = 4096;

/**
 * Pack the weights of a spec.
 *
 * @param precision "fp32", "int4" or "int8" (symmetric, blocks of 32) or "stored" (the source's own blocks).
 * @param onLayer Called after every layer.
 * @throws {SyntaxError} If a matrix of the source has another shape than the spec says.
 */
export async function packWeights(
  spec: ArchSpec,
  source: WeightSource,
  precision: Precision,
  location: string,
  sink: WeightSink,
  onLayer: (layer: number) => void = () => {},
): Promise<PackedWeights> {
  let offset = 0;
  const put = async (name: string, type: ElementType, dims: number[], data: Float32Array | Uint8Array) => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const padding = (ALIGNMENT - offset % ALIGNMENT) % ALIGNMENT;
    if (padding) await sink(new Uint8Array(padding));
    const tensor: PackedTensor = { name, type, dims, location, offset: offset + padding, length: bytes.length };
    await sink(bytes);
    offset += padding + bytes.length;
    return tensor;
  };
  const toPrecision = (m: Matrix): Matrix => {
    if (precision === "stored") return m;
    const { rows, cols } = m, values = dequantise(m);
    if (precision === "int4") return quantise(values, rows, cols, 4);
    return precision === "int8" ? quantise(values, rows, cols, 8) : { rows, cols, values };
  };
  const linear = (name: string, m: Matrix): Promise<PackedLinear> => {
    const formed = toPrecision(m);
    return isQuantised(formed) ? packBlocks(put, name, formed) : packDense(put, name, formed);
  };
  const vector = (name: string, m: Matrix) => put(name, "float32", [m.rows * m.cols], dequantise(m));

  const { embedding, tiedHead } = await packEmbedding(put, toPrecision(await checked(spec, source, "embedding")), spec);
  const layers: PackedLayer[] = [];
  for (const [i, layer] of spec.layers.entries()) {
    const get = (matrix: LayerMatrix) => checkedLayer(spec, source, layer, layer.weightsLayer ?? i, matrix);
    const name = (matrix: string) => `layers.${i}.${matrix}`;
    layers.push({
      attentionNorm: await vector(name("attentionNorm"), await get("attentionNorm")),
      qkv: await linear(name("qkv"), concatRows([await get("q"), await get("k"), await get("v")])),
      o: await linear(name("o"), await get("o")),
      mlpNorm: await vector(name("mlpNorm"), await get("mlpNorm")),
      gate: await linear(name("gate"), await get("gate")),
      up: await linear(name("up"), await get("up")),
      down: await linear(name("down"), await get("down")),
    });
    onLayer(i);
  }
  const finalNorm = await vector("finalNorm", await checked(spec, source, "finalNorm"));
  const head = tiedHead ?? await linear("head", await checked(spec, source, "head"));
  const { cos, sin } = ropeTables(spec);
  const tableDims = [spec.contextLength, spec.layers[0].mixer.headDim / 2];
  return {
    location,
    embedding,
    layers,
    finalNorm,
    head,
    cos: await put("rope.cos", "float32", tableDims, cos),
    sin: await put("rope.sin", "float32", tableDims, sin),
    bytes: offset,
  };
}

/** Bytes of the tensors that these weights name, each counted once (a tied head is the embedding). */
export function packedBytes(weights: PackedWeights): number {
  const lengths = new Map<number, number>();
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const { offset, length, dims } = value as Partial<PackedTensor>;
    if (dims && offset !== undefined && length !== undefined) lengths.set(offset, length);
    else Object.values(value).forEach(visit);
  };
  visit(weights);
  return [...lengths.values()].reduce((a, b) => a + b, 0);
}

type Put = (name: string, type: ElementType, dims: number[], data: Float32Array | Uint8Array) => Promise<PackedTensor>;

async function packDense(put: Put, name: string, m: { rows: number; cols: number; values: Float32Array }) {
  const weight = await put(name, "float32", [m.cols, m.rows], transpose(m.values, m.rows, m.cols));
  return { form: "dense" as const, weight };
}

async function packBlocks(put: Put, name: string, given: QuantBlocks): Promise<PackedBlocks> {
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
    q: await put(`${name}.q`, "uint8", [rows, perRow, blockSize * bits / 8], packBits(m)),
    scales: await put(`${name}.scales`, "float32", [rows * perRow], m.scales),
    zeroPoints: isDefaultZero ? null : await put(`${name}.zero`, "uint8", [zeroBytes.length], zeroBytes),
    minima: m.mins && await put(`${name}.min`, "float32", [perRow, rows], transpose(m.mins, rows, perRow)),
  };
}

/** The table, and the head that shares its bytes where the model is tied. */
async function packEmbedding(
  put: Put,
  table: Matrix,
  spec: ArchSpec,
): Promise<{ embedding: PackedEmbedding; tiedHead: PackedLinear | null }> {
  const dims = [spec.vocabSize, spec.hiddenSize];
  if (!isQuantised(table)) {
    const tensor = await put("embedding", "float32", dims, table.values);
    return {
      embedding: { form: "dense", table: tensor },
      tiedHead: spec.tiedHead ? { form: "transposed", weight: tensor } : null,
    };
  }
  // GatherBlockQuantized knows no minima: such a table is looked up in fp32.
  if (table.mins) {
    const tensor = await put("embedding", "float32", dims, dequantise(table));
    const tiedHead = spec.tiedHead ? await packBlocks(put, "head", table) : null;
    return { embedding: { form: "dense", table: tensor }, tiedHead };
  }
  const blocks = await packBlocks(put, "embedding", table);
  const { bits, blockSize, q, scales } = blocks;
  const rowBytes = spec.hiddenSize * bits / 8;
  return {
    embedding: {
      form: "blocks",
      bits,
      blockSize,
      // The same bytes under the shape that the lookup wants.
      q: { ...q, name: "embedding.rows", dims: [spec.vocabSize, rowBytes] },
      scales: { ...scales, name: "embedding.rows.scales", dims: [spec.vocabSize, spec.hiddenSize / blockSize] },
    },
    tiedHead: spec.tiedHead ? blocks : null,
  };
}

/**
 * The same numbers, with values around 0 where a format has them from 0 up and a minimum: MatMulNBits rounds the
 * activations, and an error counts as often as the value is large. The minima's part is exact, so what moves there
 * costs nothing; and the operator needs no zero points then.
 */
function centred(m: QuantBlocks): QuantBlocks {
  if (!m.mins) return m;
  const { q, scales, mins, zero, bits } = m;
  const middle = (q.reduce((most, v) => Math.max(most, v), zero) - zero + 1) >> 1; // 8 of 0..15, 16 of 0..31
  const newZero = 2 ** (bits - 1), shift = newZero - zero - middle;
  return {
    ...m,
    zero: newZero,
    q: shift === 0 ? q : q.map((v) => v + shift),
    mins: mins.map((min, block) => min + middle * scales[block]),
  };
}

/** Two 4-bit values a byte, the first in the low half. */
function packBits(m: QuantBlocks): Uint8Array {
  if (m.bits === 8) return m.q;
  const out = new Uint8Array(m.q.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = m.q[2 * i] | m.q[2 * i + 1] << 4;
  return out;
}

function transpose(values: Float32Array, rows: number, cols: number): Float32Array {
  const out = new Float32Array(values.length), tile = 64; // tiles keep both sides in the cache
  for (let r0 = 0; r0 < rows; r0 += tile) {
    for (let c0 = 0; c0 < cols; c0 += tile) {
      const rEnd = Math.min(r0 + tile, rows), cEnd = Math.min(c0 + tile, cols);
      for (let r = r0; r < rEnd; r++) for (let c = c0; c < cEnd; c++) out[c * rows + r] = values[r * cols + c];
    }
  }
  return out;
}

/**
 * cos and sin of position x frequency, [contextLength][headDim / 2], rounded to fp32 at every operation as
 * `LlamaRotaryEmbedding` of transformers does.
 */
function ropeTables(spec: ArchSpec): { cos: Float32Array; sin: Float32Array } {
  const half = spec.layers[0].mixer.headDim / 2;
  const cos = new Float32Array(spec.contextLength * half), sin = new Float32Array(cos.length);
  for (let i = 0; i < half; i++) {
    const frequency = Math.fround(1 / Math.fround(spec.position.theta ** (i / half)));
    for (let position = 0; position < spec.contextLength; position++) {
      const angle = Math.fround(position * frequency);
      cos[position * half + i] = Math.cos(angle);
      sin[position * half + i] = Math.sin(angle);
    }
  }
  return { cos, sin };
}

async function checked(spec: ArchSpec, source: WeightSource, which: "embedding" | "head" | "finalNorm") {
  const rows = which === "finalNorm" ? 1 : spec.vocabSize;
  return mustBe(source, which, await source[which](), rows, spec.hiddenSize);
}

async function checkedLayer(spec: ArchSpec, source: WeightSource, layer: LayerSpec, index: number, name: LayerMatrix) {
  const matrix = await source.layer(index, name);
  return mustBe(source, `layer ${index}, ${name}`, matrix, ...layerMatrixShape(spec, layer, name));
}

function mustBe(source: WeightSource, what: string, m: Matrix, rows: number, cols: number): Matrix {
  if (m.rows === rows && m.cols === cols) return m;
  throw new SyntaxError(
    `Cannot use the weights of ${source.label}: ${what} is ${m.rows} x ${m.cols}, the architecture needs ` +
      `${rows} x ${cols}`,
  );
}
