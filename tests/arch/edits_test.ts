import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { applyEdits, editModel } from "../../lib/arch/edits.ts";
import { modelFingerprint } from "../../lib/arch/fingerprint.ts";
import { resolveModel } from "../../lib/arch/resolve.ts";
import type { ModelRef } from "../../lib/arch/model_ref.ts";
import type { ArchEdit, ArchSpec, AttentionSpec } from "../../lib/arch/spec.ts";
import { openModel } from "../../lib/model/open_model.ts";
import { tinySpec } from "../model/tiny_spec.ts";

Deno.test("edits compose left to right and remember where a layer's weights lie", () => {
  const spec = applyEdits(tinySpec(), [{ keepLayers: [0, 2] }, { keepLayers: [1] }, { window: 8 }, { window: 16 }]);
  assert.equal(spec.layers.length, 1);
  assert.equal(spec.layers[0].weightsLayer, 2);
  assert.equal((spec.layers[0].mixer as AttentionSpec).window, 8, "a window only shrinks");
  assert.equal(spec.name, "tiny, 2 of 3 layers, 1 of 2 layers, window 8, window 16");
});

Deno.test("edits that do not fit are refused, each with its reason", () => {
  const attention = tinySpec().layers[0].mixer as AttentionSpec;
  const withMixer = (mixer: Partial<AttentionSpec>) =>
    tinySpec({ layers: [{ ...tinySpec().layers[0], mixer: { ...attention, ...mixer } }] });
  const convolution = tinySpec({
    position: { kind: "none" },
    layers: [{ mixer: { kind: "convolution", kernel: 3 }, channel: { kind: "none" } }],
  });
  const drop = (layer: number, heads: number[]): ArchEdit => ({ dropHeads: [{ layer, heads }] });
  const unknown = (edit: unknown) => edit as ArchEdit;
  const cases: [ArchSpec, ArchEdit, RegExp][] = [
    [tinySpec(), { keepLayers: [] }, /Cannot edit tiny: edits\[0\]\.keepLayers must have at least 1 entry, got 0/],
    [tinySpec(), { keepLayers: [0, 3] }, /3 must be an index from 0 to 2/],
    [tinySpec(), { keepLayers: [1, 1] }, /1 must be an index from 0 to 2, in rising order/],
    [tinySpec(), unknown({ keepLayers: 2 }), /edits\[0\]\.keepLayers must be a list, got 2/],
    [tinySpec(), { window: 0 }, /edits\[0\]\.window must be an integer >= 1, got 0/],
    [convolution, { window: 4 }, /window in tiny: none of its layers is softmax attention/],
    [tinySpec(), unknown({ kvCache: "int2" }), /kvCache is "int2"; did you mean "int8"\? There are: fp32, int8/],
    [
      tinySpec(),
      unknown({ widen: 2 }),
      /unknown option "edits\[0\]\.widen"; did you mean "window"\? There are: keepLayers, window/,
    ],
    [tinySpec(), unknown(null), /edits\[0\] must be an object, got null/],
    [
      tinySpec(),
      unknown({ window: 4, kvCache: "int8" }),
      /window and kvCache in edits\[0\] exclude each other; pass two edits, in their order/,
    ],
    [tinySpec(), unknown({ window: 4, sink: 1 }), /unknown option "edits\[0\]\.sink"; did you mean "sinks"\?/],
    [
      withMixer({ heads: 12, kvHeads: 6 }),
      { kvHeads: 4 },
      /layer 0 has 6, which makes no groups .* pass one of 1, 2, 3, 6/,
    ],
    [tinySpec(), { kvHeads: 0.5 }, /kvHeads must be an integer >= 1, got 0\.5/],
    [convolution, { kvHeads: 1 }, /merge heads in tiny: none of its layers is softmax attention/],
    [tinySpec(), drop(3, [0]), /heads of layer 3 of tiny: it has layers 0 to 2/],
    [tinySpec(), drop(0, [4]), /heads \[4\] of layer 0 of tiny: it must be different indexes from 0 to 3/],
    [tinySpec(), drop(0, [0, 1, 2, 3]), /none would stay/],
    [
      tinySpec(),
      drop(0, [0]),
      /serves 2 of them, and would be left with 1, 2; drop as many of each group, or whole groups/,
    ],
    [withMixer({ qkNorm: "full" }), drop(0, [0, 1]), /its norm goes over all heads together/],
    [tinySpec({ position: { kind: "alibi" } }), drop(0, [0, 1]), /ALiBi's penalties follow from the number of heads/],
    [convolution, drop(0, [0]), /its mixer is convolution/],
    [tinySpec(), { dropHeads: [] }, /dropHeads must have at least 1 entry, got 0/],
    [tinySpec(), { dropHeads: [{ layer: 0, heads: [0, 1] }, { layer: 0, heads: [2] }] }, /layer 0 of tiny twice/],
    [tinySpec(), { vocabulary: 259 }, /Cannot keep 259 tokens of tiny: it must be an integer from 1 to 258/],
    [tinySpec(), { vocabulary: [1, 258] }, /vocabulary of tiny: 258 is not an id from 0 to 257/],
    [tinySpec(), { vocabulary: [1, 1] }, /vocabulary of tiny: 1 is there twice/],
    [tinySpec(), { vocabulary: [] }, /vocabulary must have at least 1 entry, got 0/],
    [tinySpec(), unknown({ rope: "linear" }), /rope must be an object, got "linear"/],
    [tinySpec(), unknown({ dropHeads: [null] }), /dropHeads\[0\] must be an object, got null/],
    [tinySpec(), unknown({ dropHeads: [{ layer: 0, heads: 1 }] }), /dropHeads\[0\]\.heads must be a list, got 1/],
    [convolution, { rope: { kind: "linear", factor: 2 } }, /Cannot rescale tiny: it has no rotary positions/],
    [tinySpec(), unknown({ tiedHead: 1 }), /tiedHead must be true or false, got 1/],
  ];
  for (const [spec, edit, message] of cases) assert.throws(() => applyEdits(spec, [edit]), { message });
});

Deno.test("editModel(): edits that keep the weights share them, the others name what they changed", () => {
  const spec = tinySpec();
  const same = editModel(spec, [{ keepLayers: [0, 2] }, { window: 8 }, { kvCache: "int8" }]);
  assert.equal(same.base, spec);
  assert.deepEqual(same.weightEdits, []);
  assert.equal(same.vocabulary, null);
  const edits: ArchEdit[] = [{ keepLayers: [0, 2] }, { dropHeads: [{ layer: 1, heads: [0, 1] }] }, {
    vocabulary: [5, 7, 9],
  }];
  const other = editModel(spec, [...edits, { vocabulary: 2 }]);
  assert.deepEqual(other.weightEdits, [{ dropHeads: [{ layer: 2, heads: [0, 1] }] }, { vocabulary: [5, 7, 9] }, {
    vocabulary: 2,
  }]);
  assert.deepEqual(other.vocabulary, [5, 7]);
  assert.equal(other.base.layers.length, 3);
  assert.deepEqual((other.base.layers[2].mixer as AttentionSpec).heads, 2);
  assert.equal(other.spec.name, "tiny, 2 of 3 layers, without 2 heads, 3 tokens, 2 tokens");
});

Deno.test("weights that an edit changed are never taken for others", async () => {
  const folder = fileURLToPath(new URL("../golden/families/llama/", import.meta.url));
  const drop = (heads: number[]): ArchEdit => ({ dropHeads: [{ layer: 0, heads }] });
  const edits: ArchEdit[][] = [[], [drop([0, 1])], [drop([2, 3])], [{ vocabulary: [1, 2] }], [{ vocabulary: [2, 1] }]];
  const identities = [], fingerprints = [];
  for (const list of edits) {
    identities.push((await resolveModel({ ref: folder, edits: list })).identity);
    fingerprints.push(JSON.stringify(await modelFingerprint({ ref: folder, edits: list })));
  }
  assert.equal(new Set(identities).size, edits.length);
  assert.equal(new Set(fingerprints).size, edits.length);
  const windowed = await resolveModel({ ref: folder, edits: [{ window: 4 }] });
  assert.equal(windowed.identity, identities[0], "edits that keep the weights share them");
});

Deno.test("an edited spec that is passed on as a spec takes the same layers of the weights", async () => {
  const whole = tinySpec(), kept = applyEdits(whole, [{ keepLayers: [0, 2] }]);
  const logits = async (ref: ModelRef) => {
    const model = await openModel(ref, { threads: 1 });
    const { data } = await model.logits([1, 2, 3]);
    await model.close();
    return data;
  };
  assert.deepEqual(
    await logits({ ref: kept, seed: 4 }),
    await logits({ ref: whole, seed: 4, edits: [{ keepLayers: [0, 2] }] }),
  );
});
