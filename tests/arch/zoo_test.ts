import assert from "node:assert/strict";
import { layerParameters } from "../../lib/arch/blocks/layer.ts";
import { validateSpec } from "../../lib/arch/validate.ts";
import { zoo, zooNames } from "../../lib/arch/zoo/zoo.ts";
import { parameterCount } from "../../lib/cost/bytes.ts";

/**
 * Counted by transformers from the published configurations, RWKV-6 by its paper's formula; `zoo_parameters.py` names the
 * sources of the published counts.
 */
const golden = JSON.parse(await Deno.readTextFile(new URL("../golden/zoo_parameters.json", import.meta.url))) as {
  models: { name: string; parameters: number; published: number | null }[];
};

/** What they are made of, a spec cannot say: learned sinks, LayerNorm without bias, RWKV-4, Mamba-1. */
const NOT_IN_THE_ZOO = ["gpt-oss-20b", "gpt-oss-120b", "mpt-7b", "rwkv-4-169m", "rwkv-4-430m", "jamba-v0.1"];

/** Names with no exact count to compare with: the RetNet paper rounds its sizes and names no vocabulary. */
const RETNETS = ["retnet-1.3b", "retnet-2.7b", "retnet-6.7b"];

Deno.test("zooNames() has every model of the golden that a spec can describe", () => {
  const known = golden.models.map(({ name }) => name).filter((name) => !NOT_IN_THE_ZOO.includes(name));
  assert.deepEqual(zooNames().toSorted(), [...known, ...RETNETS].toSorted());
});

for (const name of RETNETS) {
  // Section 3.1: "RetNet has 8 d^2 parameters in retention", and 4 d^2 in an FFN of intermediate dimension 2 d.
  Deno.test(`zoo("${name}") has 12 d^2 parameters in the matrices of each layer`, () => {
    const spec = zoo(name);
    const matrices = layerParameters(spec, spec.layers[0]).filter(({ role }) => role === "matrix");
    assert.equal(matrices.reduce((n, { rows, cols }) => n + rows * cols, 0), 12 * spec.hiddenSize ** 2);
  });
}

for (const { name, parameters, published } of golden.models) {
  if (NOT_IN_THE_ZOO.includes(name)) continue;
  Deno.test(`zoo("${name}") has the ${parameters} parameters that are published`, () => {
    const spec = zoo(name);
    validateSpec(spec);
    assert.equal(parameterCount(spec), parameters);
    if (published !== null) assert.equal(parameters, published);
  });
}

Deno.test("zoo() takes a name, and no list of one", () => {
  assert.throws(() => zoo(["llama-3.2-1b"] as never), /must be a text/);
});

Deno.test("zoo() gives plain JSON of one's own", () => {
  const spec = zoo("gemma-3-1b");
  assert.deepEqual(JSON.parse(JSON.stringify(spec)), spec);
  spec.layers[0].mixer = { kind: "convolution", kernel: 3 };
  assert.equal(spec.layers[1].mixer.kind, "attention", "a layer of the same kind is another object");
  assert.equal(zoo("gemma-3-1b").layers[0].mixer.kind, "attention");
});

Deno.test("zoo() guesses what a wrong name meant", () => {
  assert.throws(() => zoo("llama-3.2-1B-base"), {
    name: "RangeError",
    message: /did you mean "llama-3\.2-1b"\? There are: llama-7b, /,
  });
  assert.throws(() => zoo("toString"), RangeError);
});
