import assert from "node:assert/strict";
import { applyEdits } from "../../lib/arch/edits.ts";
import { validateSpec } from "../../lib/arch/validate.ts";
import type { ArchEdit, ArchSpec, AttentionSpec } from "../../lib/arch/spec.ts";
import { tinySpec } from "../model/tiny_spec.ts";

Deno.test("edits compose left to right and remember where a layer's weights lie", () => {
  const spec = applyEdits(tinySpec(), [{ keepLayers: [0, 2] }, { keepLayers: [1] }, { window: 8 }, { window: 16 }]);
  assert.equal(spec.layers.length, 1);
  assert.equal(spec.layers[0].weightsLayer, 2);
  assert.equal((spec.layers[0].mixer as AttentionSpec).window, 8, "a window only shrinks");
  assert.equal(spec.name, "tiny, 2 of 3 layers, 1 of 2 layers, window 8, window 16");
});

Deno.test("edits that do not fit are refused", () => {
  const cases: [ArchEdit, RegExp][] = [
    [{ keepLayers: [] }, /Cannot keep layers \[\]/],
    [{ keepLayers: [0, 3] }, /3 must be an index from 0 to 2/],
    [{ keepLayers: [1, 1] }, /1 must be an index from 0 to 2, in rising order/],
    [{ window: 0 }, /window of 0 tokens/],
    [{ kvCache: "int2" } as unknown as ArchEdit, /keys and values as "int2": there are fp32 and int8/],
    [{ widen: 2 } as unknown as ArchEdit, /Unknown edit \{"widen":2\}; there are: keepLayers, window/],
  ];
  for (const [edit, message] of cases) assert.throws(() => applyEdits(tinySpec(), [edit]), { message });
});

Deno.test("validateSpec() names what does not fit", () => {
  const layer = tinySpec().layers[0];
  const mixer = (change: Partial<AttentionSpec>) => [
    { ...layer, mixer: { ...layer.mixer as AttentionSpec, ...change } },
  ];
  const cases: [Partial<ArchSpec>, RegExp][] = [
    [{ layers: mixer({ heads: 8, kvHeads: 3 }) }, /"tiny": layers\[0\]\.mixer: kvHeads 3 does not divide heads 8/],
    [{ layers: mixer({ headDim: 20 }) }, /headDim 20 is not a multiple of 16/],
    [{ layers: mixer({ window: 0 }) }, /window must be a positive integer, got 0/],
    [{ layers: [] }, /layers is empty/],
    [{ vocabSize: 1.5 }, /vocabSize must be a positive integer, got 1.5/],
    [{ kvCache: "fp16" as "int8" }, /kvCache is "fp16"; there are: fp32, int8/],
    [{ norm: { kind: "rmsnorm", epsilon: 0 } }, /norm\.epsilon must be positive, got 0/],
  ];
  for (const [change, message] of cases) {
    assert.throws(() => validateSpec(tinySpec(change)), { name: "RangeError", message });
  }
  validateSpec(tinySpec());
});
