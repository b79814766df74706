import assert from "node:assert/strict";
import { describeChannel, describeMixer, layerGroups } from "../../lib/arch/describe.ts";
import type { LayerSpec } from "../../lib/arch/spec.ts";
import { tinySpec } from "../model/tiny_spec.ts";

Deno.test("layerGroups() finds the patterns that a reader would", () => {
  const [full] = tinySpec().layers, [local] = tinySpec({}, 8).layers;
  const groups = (layers: LayerSpec[]) =>
    layerGroups(tinySpec({ layers })).map(({ layers: l, times, first }) => [l.length, times, first]);
  assert.deepEqual(groups([full, full, full]), [[1, 3, 0]]);
  assert.deepEqual(groups([local, full, local, full, local, full]), [[2, 3, 0]]);
  assert.deepEqual(groups([full, local, local, local]), [[1, 1, 0], [1, 3, 1]], "a first layer of its own");
  const five = [...new Array<LayerSpec>(5).fill(local), full];
  assert.deepEqual(groups([...five, ...five, local, local]), [[6, 2, 0], [1, 2, 12]], "Gemma 3's");
});

Deno.test("describeMixer() and describeChannel() name RWKV's parts", () => {
  assert.equal(describeMixer({ kind: "rwkv6", heads: 32, headDim: 64 }), "RWKV-6, 32 heads of 64");
  assert.equal(describeChannel({ kind: "rwkv", intermediateSize: 7168 }), "RWKV channel mix 7,168");
});
