/** Parts of matrices that belong to heads or tokens: picked, or averaged. */
import { type BlockForm, dequantise, isQuantised, type Matrix, permuteRows } from "../quant_blocks.ts";

/** The rows of some heads; a vector has one value where a matrix has a row. */
export function pickHeadRows(m: Matrix, heads: number[], headDim: number): Matrix {
  const rows = heads.flatMap((head) => Array.from({ length: headDim }, (_, i) => head * headDim + i));
  return pickRows(m, rows);
}

/** Some rows, in the order given; of a vector, some values. */
export function pickRows(m: Matrix, rows: number[]): Matrix {
  if (m.rows > 1) return permuteRows(m, rows);
  const values = dequantise(m);
  return { rows: 1, cols: rows.length, values: Float32Array.from(rows, (i) => values[i]) };
}

/** Whether columns of heads are whole blocks. */
export function staysQuantised({ blockSize }: Pick<BlockForm, "blockSize">, headDim: number): boolean {
  return headDim % blockSize === 0;
}

/** The columns of some heads. Whole blocks stay quantised; otherwise the matrix becomes fp32. */
export function pickHeadColumns(m: Matrix, heads: number[], headDim: number): Matrix {
  const count = m.cols / headDim, cols = heads.length * headDim;
  const pick = <T extends Float32Array | Uint8Array>(values: T): T => {
    const width = values.length / m.rows / count;
    const out = new (values.constructor as new (length: number) => T)(m.rows * heads.length * width);
    for (let row = 0, to = 0; row < m.rows; row++) {
      for (const head of heads) {
        const from = (row * count + head) * width;
        out.set(values.subarray(from, from + width) as never, to);
        to += width;
      }
    }
    return out;
  };
  if (!isQuantised(m) || !staysQuantised(m, headDim)) return { rows: m.rows, cols, values: pick(dequantise(m)) };
  return { ...m, cols, q: pick(m.q), scales: pick(m.scales), mins: m.mins && pick(m.mins) };
}

/** Heads averaged in `groups` groups of neighbours, in fp32. */
export function averageHeads(m: Matrix, heads: number, groups: number): Matrix {
  const values = dequantise(m), size = values.length / heads, each = heads / groups;
  const out = new Float32Array(groups * size);
  for (let i = 0; i < out.length; i++) {
    const group = Math.floor(i / size), at = i % size;
    let sum = 0;
    for (let head = group * each; head < (group + 1) * each; head++) sum += values[head * size + at];
    out[i] = sum / each;
  }
  return m.rows > 1 ? { rows: m.rows / each, cols: m.cols, values: out } : { rows: 1, cols: out.length, values: out };
}
