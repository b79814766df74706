/** What a packed matrix stands for, read back from the bytes of its file. */
import assert from "node:assert/strict";
import { type PackedLinear, type PackedTensor, Packer } from "../../lib/arch/packer.ts";
import type { Matrix } from "../../lib/arch/quant_blocks.ts";
import type { Precision } from "../../lib/arch/model_ref.ts";

/** A matrix packed in a precision, and its numbers as MatMulNBits and the minima's product see them, [rows][cols]. */
export async function packedValues(
  m: Matrix,
  precision: Precision,
): Promise<{ linear: PackedLinear; values: Float64Array }> {
  const chunks: Uint8Array[] = [];
  const packer = new Packer(precision, "weights", (bytes) => void chunks.push(bytes.slice()));
  const linear = await packer.linear("m", m), file = new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
  return { linear, values: read(linear, m.rows, m.cols, file) };
}

function read(linear: PackedLinear, rows: number, cols: number, file: Uint8Array): Float64Array {
  const bytes = ({ offset, length }: PackedTensor) => file.slice(offset, offset + length);
  const floats = (t: PackedTensor) => new Float32Array(bytes(t).buffer);
  const values = new Float64Array(rows * cols);
  if (linear.form !== "blocks") {
    const weight = floats(linear.weight);
    for (let i = 0; i < values.length; i++) values[i] = weight[i % cols * rows + Math.floor(i / cols)];
    return values;
  }
  const { bits, blockSize } = linear, q = bytes(linear.q), scales = floats(linear.scales);
  const minima = linear.minima && floats(linear.minima), perRow = cols / blockSize;
  assert.equal(linear.zeroPoints, null); // the operator's own: 8 or 128
  for (let i = 0; i < values.length; i++) {
    const code = bits === 8 ? q[i] : q[i >> 1] >> 4 * (i & 1) & 15;
    const row = Math.floor(i / cols), block = Math.floor(i % cols / blockSize);
    values[i] = (code - 2 ** (bits - 1)) * scales[row * perRow + block] + (minima ? minima[block * rows + row] : 0);
  }
  return values;
}

/** Root of the sum of squared differences over that of the squares. */
export function relativeError(got: ArrayLike<number>, want: ArrayLike<number>): number {
  let difference = 0, size = 0;
  for (let i = 0; i < want.length; i++) difference += (got[i] - want[i]) ** 2, size += want[i] ** 2;
  return Math.sqrt(difference / size);
}
