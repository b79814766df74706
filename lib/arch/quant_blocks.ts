/**
 * Block-quantised matrices in one form for every format: value = scale * (q - zero) + min, with one scale (and one
 * min, where the format has it) a block of a row. MatMulNBits runs this form, and dequantising it gives fp32.
 */

/** What the blocks of a matrix are like, whatever their numbers. */
export interface BlockForm {
  /** Values a block; divides the columns. */
  blockSize: number;
  /** Bits that a value needs as it is stored in a graph. */
  bits: 4 | 8;
  /** The value that stands for 0 (before the minimum). */
  zero: number;
  /** Whether a block has a minimum beside its scale. */
  hasMins: boolean;
}

export interface QuantBlocks extends Omit<BlockForm, "hasMins"> {
  rows: number;
  cols: number;
  /** One value a byte, [rows][cols], 0..15 or 0..255. */
  q: Uint8Array;
  /** [rows][cols / blockSize] */
  scales: Float32Array;
  /** [rows][cols / blockSize], or null where the format has none. */
  mins: Float32Array | null;
}

/** A weight matrix (or a vector: one row) as its file gives it, [rows][cols]. */
export type Matrix = { rows: number; cols: number; values: Float32Array } | QuantBlocks;

export function isQuantised(m: Matrix): m is QuantBlocks {
  return "q" in m;
}

/** The fp32 numbers of a matrix, [rows * cols]; every operation is rounded to fp32, as the reference programs do. */
export function dequantise(m: Matrix): Float32Array {
  if (!isQuantised(m)) return m.values;
  const out = new Float32Array(m.q.length);
  const { q, scales, mins, zero, blockSize } = m;
  for (let block = 0, i = 0; block < scales.length; block++) {
    const scale = scales[block], end = i + blockSize;
    if (mins) { for (const min = mins[block]; i < end; i++) out[i] = Math.fround(scale * (q[i] - zero)) + min; }
    else for (; i < end; i++) out[i] = scale * (q[i] - zero);
  }
  return out;
}

/**
 * Symmetric quantisation in blocks, as onnxruntime and GGUF's Q4_0 define it: the value of a block with the largest
 * magnitude becomes -2^(bits-1), the zero point is 2^(bits-1).
 *
 * @throws {RangeError} If the block size does not divide the columns.
 */
export function quantise(values: Float32Array, rows: number, cols: number, bits: 4 | 8, blockSize = 32): QuantBlocks {
  if (cols % blockSize !== 0) {
    throw new RangeError(
      `Cannot quantise a matrix with ${cols} columns in blocks of ${blockSize}: the block size must divide the columns`,
    );
  }
  const zero = 2 ** (bits - 1), top = 2 ** bits - 1;
  const q = new Uint8Array(rows * cols);
  const scales = new Float32Array(q.length / blockSize);
  for (let block = 0; block < scales.length; block++) {
    const start = block * blockSize;
    let extreme = 0;
    for (let i = start; i < start + blockSize; i++) if (Math.abs(values[i]) > Math.abs(extreme)) extreme = values[i];
    const scale = Math.fround(extreme / -zero);
    scales[block] = scale;
    const inverse = scale === 0 ? 0 : 1 / scale;
    for (let i = start; i < start + blockSize; i++) {
      q[i] = Math.min(top, Math.max(0, Math.round(values[i] * inverse + zero)));
    }
  }
  return { rows, cols, blockSize, bits, q, zero, scales, mins: null };
}

/** The matrix times a number. */
export function scaled(m: Matrix, factor: number): Matrix {
  if (factor === 1) return m;
  const times = (values: Float32Array) => values.map((v) => v * factor);
  return isQuantised(m)
    ? { ...m, scales: times(m.scales), mins: m.mins && times(m.mins) }
    : { ...m, values: times(m.values) };
}

/** The matrix with row i taken from row `order[i]`. */
export function permuteRows(m: Matrix, order: number[]): Matrix {
  const pick = <T extends Float32Array | Uint8Array>(a: T): T => {
    const width = a.length / m.rows;
    const out = new (a.constructor as new (n: number) => T)(order.length * width);
    order.forEach((from, to) => out.set(a.subarray(from * width, (from + 1) * width) as never, to * width));
    return out;
  };
  if (!isQuantised(m)) return { rows: order.length, cols: m.cols, values: pick(m.values) };
  return { ...m, rows: order.length, q: pick(m.q), scales: pick(m.scales), mins: m.mins && pick(m.mins) };
}

/**
 * Matrices on top of each other. Quantised ones stay so, in the form that holds all of their numbers; with one that is
 * not, they become fp32, since one operator cannot run both.
 */
export function concatRows(parts: Matrix[]): Matrix {
  const rows = parts.reduce((n, p) => n + p.rows, 0), { cols } = parts[0];
  if (!parts.every(isQuantised)) return { rows, cols, values: joinFloats(parts.map(dequantise)) };
  const blocks = inOneForm(parts), [first] = blocks;
  const q = new Uint8Array(rows * cols);
  let at = 0;
  for (const b of blocks) q.set(b.q, at), at += b.q.length;
  return {
    ...first,
    rows,
    q,
    scales: joinFloats(blocks.map((b) => b.scales)),
    mins: first.mins && joinFloats(blocks.map((b) => b.mins!)),
  };
}

/**
 * The form that holds the numbers of all parts: as many bits, as short blocks, and minima if need be. A Q4_K matrix beside
 * one in Q6_K has eight bits in blocks of 16.
 */
export function jointForm(parts: BlockForm[]): BlockForm {
  const bits = parts.some((p) => p.bits === 8) ? 8 : 4, blockSize = Math.min(...parts.map((p) => p.blockSize));
  const isOneZero = parts.every((p) => p.zero === parts[0].zero);
  // Eight bits have room for all values around 128. Four have not: there what stood for 0 moves into the minima.
  const zero = isOneZero ? parts[0].zero : bits === 8 ? 128 : 0;
  return { bits, blockSize, zero, hasMins: (!isOneZero && bits === 4) || parts.some((p) => p.hasMins) };
}

/** The same numbers in the form that holds all of them. */
function inOneForm(parts: QuantBlocks[]): QuantBlocks[] {
  const { bits, blockSize, zero, hasMins } = jointForm(parts.map((p) => ({ ...p, hasMins: p.mins !== null })));
  const hasRoom = bits === 8 || parts.every((p) => p.zero === zero);
  return parts.map((p) => {
    const times = p.blockSize / blockSize, scales = repeated(p.scales, times), mins = p.mins && repeated(p.mins, times);
    if (!hasRoom) {
      return { ...p, bits, blockSize, zero, scales, mins: scales.map((s, i) => (mins?.[i] ?? 0) - p.zero * s) };
    }
    const shift = zero - p.zero, q = shift === 0 ? p.q : p.q.map((v) => v + shift);
    return { ...p, bits, blockSize, zero, q, scales, mins: mins ?? (hasMins ? new Float32Array(scales.length) : null) };
  });
}

/** Every value so many times. */
function repeated(values: Float32Array, times: number): Float32Array {
  if (times === 1) return values;
  const out = new Float32Array(values.length * times);
  for (let i = 0; i < values.length; i++) out.fill(values[i], i * times, (i + 1) * times);
  return out;
}

function joinFloats(parts: Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) out.set(p, at), at += p.length;
  return out;
}
