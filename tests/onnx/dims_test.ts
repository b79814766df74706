import assert from "node:assert/strict";
import { evaluateDim, missingSymbols, requiredSymbols, symbolsOf } from "../../lib/onnx/dims.ts";

Deno.test("a dimension is a number, a name, or an expression of names", () => {
  const bound = { batch: 2, past: 3, tokens: 4, "a.b/c": 5 };
  const table: [dim: string | number, want: number | null][] = [
    [7, 7],
    ["batch", 2],
    ["past + tokens", 7],
    ["past_sequence + tokens", null],
    ["2*(past+tokens) - 1", 13],
    ["floor", null],
    ["past / 2", 1],
    ["past - tokens", null], // negative
    ["a.b/c", 5],
    ["past +", null],
    ["(past", null],
    ["", null],
    ["(".repeat(10_000), null],
    ["__proto__", null],
  ];
  for (const [dim, want] of table) assert.equal(evaluateDim(dim, bound), want, String(dim).slice(0, 30));
});

Deno.test("symbols are listed once, and an axis without a name is named after its input", () => {
  assert.deepEqual(symbolsOf("past + tokens"), ["past", "tokens"]);
  const values = [
    { name: "ids", type: "int64", dims: ["batch", "tokens"] },
    { name: "mask", type: "int64", dims: ["batch", "past + tokens"] },
    { name: "x", type: "float32", dims: ["batch", "", 8] },
    { name: "any", type: "float32", dims: null },
  ];
  assert.deepEqual(requiredSymbols(values), ["batch", "tokens", "past", "x#1"]);
  assert.deepEqual(missingSymbols(values, { batch: 1, tokens: 2 }), ["past", "x#1"]);
  const dashed = [{ name: "ids", type: "int64", dims: ["seq-len"] }];
  assert.deepEqual(missingSymbols(dashed, { "seq-len": 2 }), [], "a name with a sign is bound as a whole");
});
