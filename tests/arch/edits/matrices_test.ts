import assert from "node:assert/strict";
import { pickHeadColumns, pickHeadRows } from "../../../lib/arch/edits/matrices.ts";
import { dequantise, isQuantised, type Matrix, quantise } from "../../../lib/arch/quant_blocks.ts";

/** 2 rows of 3 heads of 32 columns, in blocks of 32 with minima. */
function blocks(blockSize = 32): Matrix {
  const values = Float32Array.from({ length: 2 * 96 }, (_, i) => Math.sin(i));
  const m = quantise(values, 2, 96, 4, blockSize);
  return { ...m, mins: m.scales.map((s) => 2 * s) };
}

Deno.test("pickHeadColumns() keeps whole blocks as they are", () => {
  const picked = pickHeadColumns(blocks(), [2, 0], 32);
  assert.ok(isQuantised(picked));
  assert.deepEqual([picked.rows, picked.cols], [2, 64]);
  const full = dequantise(blocks()), got = dequantise(picked);
  for (const row of [0, 1]) {
    assert.deepEqual(got.subarray(row * 64, row * 64 + 32), full.subarray(row * 96 + 64, row * 96 + 96));
    assert.deepEqual(got.subarray(row * 64 + 32, row * 64 + 64), full.subarray(row * 96, row * 96 + 32));
  }
});

Deno.test("pickHeadColumns() gives fp32 where a block holds columns of two heads", () => {
  const picked = pickHeadColumns(blocks(), [1, 4], 16), full = dequantise(blocks());
  assert.ok(!isQuantised(picked));
  assert.deepEqual(picked.values.subarray(32, 48), full.subarray(96 + 16, 96 + 32));
});

Deno.test("pickHeadRows() takes rows of a matrix and values of a vector", () => {
  const vector = { rows: 1, cols: 6, values: Float32Array.of(0, 1, 2, 3, 4, 5) };
  assert.deepEqual(pickHeadRows(vector, [2, 0], 2), { rows: 1, cols: 4, values: Float32Array.of(4, 5, 0, 1) });
  const matrix = { rows: 3, cols: 2, values: vector.values };
  assert.deepEqual(pickHeadRows(matrix, [2, 0], 1), { rows: 2, cols: 2, values: Float32Array.of(4, 5, 0, 1) });
});
