import assert from "node:assert/strict";
import { concatRows, dequantise, isQuantised, type Matrix, permuteRows } from "../../lib/arch/quant_blocks.ts";
import { GOLDEN_TYPES, goldenMatrix } from "./golden_blocks.ts";
import { packedValues, relativeError } from "./packed_values.ts";

/** Every type's blocks, as a matrix of 1024 columns. */
const matrices: [string, Matrix][] = GOLDEN_TYPES.map((golden) => {
  const { type, blocks, name } = golden, m = goldenMatrix(golden, blocks * type.blockValues / 1024);
  return [name, m];
});

for (const [name, m] of matrices) {
  Deno.test(`a stored ${name} matrix is packed with the numbers that it has in the file`, async () => {
    const { linear, values } = await packedValues(m, "stored");
    assert.equal(linear.form, isQuantised(m) ? "blocks" : "dense");
    assert.ok(relativeError(values, dequantise(m)) < 1e-7);
  });
}

Deno.test("matrices of any two types stand on top of each other with their numbers, and are packed so", async () => {
  const small = matrices.map(([name, m]) =>
    [name, permuteRows(m, Array.from({ length: Math.min(4, m.rows) }, (_, i) => i))] as const
  );
  for (const [first, a] of small) {
    for (const [second, b] of small) {
      const both = concatRows([a, b]), want = [...dequantise(a), ...dequantise(b)], what = `${first} and ${second}`;
      assert.ok(dequantise(both).every((v, i) => v === want[i]), what);
      assert.equal(isQuantised(both), isQuantised(a) && isQuantised(b), what);
      assert.ok(relativeError((await packedValues(both, "stored")).values, want) < 1e-7, what);
    }
  }
});
