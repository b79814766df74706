import assert from "node:assert/strict";
import { layerPattern } from "../../lib/arch/layer_pattern.ts";
import { scale } from "../../lib/arch/scale.ts";
import type { ArchSpec, AttentionSpec, LayerSpec, MoeSpec } from "../../lib/arch/spec.ts";
import { validateSpec } from "../../lib/arch/validate.ts";
import { zoo, zooNames } from "../../lib/arch/zoo/zoo.ts";
import { parameterCount } from "../../lib/cost/bytes.ts";
import { tinySpec } from "../model/tiny_spec.ts";

/** Parameters wanted, with a vocabulary that leaves room for the layers. */
const SIZES = [[1e6, 258], [1e7, 4096], [1e8, 32_000]];

/** What tells local from global layers, and one mixer from another. */
const kinds = (layers: LayerSpec[]) =>
  layers.map(({ mixer, channel }) =>
    [
      mixer.kind,
      channel.kind,
      ...(mixer.kind === "attention" ? [mixer.window !== undefined, mixer.position?.kind] : []),
    ].join()
  );

for (const name of zooNames()) {
  Deno.test(`scale() makes valid siblings of ${name} within 5 % of 1 M, 10 M and 100 M parameters`, () => {
    const base = zoo(name), pattern = layerPattern(base.layers);
    for (const [parameters, vocabSize] of SIZES) {
      const small = scale(base, { parameters, vocabSize });
      validateSpec(small);
      assert.ok(Math.abs(parameterCount(small) / parameters - 1) <= 0.05, small.name);
      assert.match(small.name, /^.+ at \d+(\.\d+)? [kM]$/);
      const all = kinds(base.layers), period = kinds(pattern.period), start = pattern.start.length;
      kinds(small.layers).forEach((kind, i) => {
        assert.equal(kind, i < start ? all[i] : period[(i - start) % period.length], `${small.name}, layer ${i}`);
      });
      if (pattern.hybrid) assert.equal((small.layers.length - start) % period.length, 0);
    }
  });
}

Deno.test("scale() keeps what makes an architecture: groups, gates, caps, tied heads, experts a token", () => {
  const sibling = (name: string) => scale(zoo(name), { parameters: 1e7, vocabSize: 4096 });
  const mixer = (spec: ArchSpec) => spec.layers[0].mixer as AttentionSpec;
  const llama = mixer(sibling("llama-3.1-8b"));
  assert.equal(llama.heads / llama.kvHeads, 4);
  const falcon = mixer(sibling("falcon-7b"));
  assert.equal(falcon.kvHeads, 1);
  assert.ok(falcon.heads > 1);
  const gemma = sibling("gemma-2-27b");
  assert.equal(mixer(gemma).softcap, 50);
  assert.equal(gemma.logitSoftcap, 30);
  assert.ok(gemma.tiedHead);
  // 144 ** -0.5 at heads of 128 is 0.94 of the usual scale.
  assert.ok(Math.abs(mixer(gemma).scale! * Math.sqrt(mixer(gemma).headDim) - Math.sqrt(128 / 144)) < 1e-12);
  assert.ok(Math.abs(gemma.embeddingScale! - Math.sqrt(gemma.hiddenSize)) < 1e-12);
  const mixtral = sibling("mixtral-8x7b").layers[0].channel as MoeSpec;
  assert.deepEqual([mixtral.experts, mixtral.topK], [8, 2]);
  const pythia = sibling("pythia-410m");
  assert.deepEqual(pythia.position, { kind: "rope", theta: 10_000, dims: mixer(pythia).headDim / 4 });
});

Deno.test("scale() keeps the ratio of depth to width where whole layers allow it", () => {
  for (const name of ["smollm2-135m", "gpt2", "qwen3-0.6b", "olmo-2-1b"]) {
    const base = zoo(name), small = scale(base, { parameters: 2e7, vocabSize: 1024 });
    const ratio = (spec: ArchSpec) => spec.hiddenSize / spec.layers.length;
    assert.ok(Math.abs(Math.log(ratio(small) / ratio(base))) < 0.15, `${small.name}: ${ratio(small)}, ${ratio(base)}`);
  }
});

Deno.test("scale() takes layers, vocabulary and context as asked, and a window shrinks with the context", () => {
  const options = { parameters: 5e6, vocabSize: 300, contextLength: 1024, layers: 9 };
  const small = scale(zoo("gemma-2-2b"), options);
  assert.deepEqual(
    [small.layers.length, small.vocabSize, small.contextLength, (small.layers[0].mixer as AttentionSpec).window],
    [9, 300, 1024, 512],
  );
  assert.deepEqual(scale(zoo("gemma-2-2b"), options), small);
});

Deno.test("scale() leaves int8 and int4 their blocks of 32 wherever the size allows", () => {
  for (const name of ["llama-3.2-1b", "gemma-2-2b", "mixtral-8x7b", "gpt2"]) {
    const small = scale(zoo(name), { parameters: 1e7, vocabSize: 4096 });
    assert.equal(small.hiddenSize % 32, 0);
    small.layers.forEach(({ channel }) => assert.equal((channel as MoeSpec).intermediateSize % 32, 0));
  }
});

Deno.test("scale() says why a size cannot be met, and what to pass", () => {
  const cases: [ArchSpec, Parameters<typeof scale>[1], RegExp][] = [
    [
      zoo("gemma-2-2b"),
      { parameters: 1e6 },
      /Cannot scale gemma-2-2b to 1\.00 M parameters: its vocabulary of 256000 alone has 2\.05 M at a width of 8; pass vocabSize/,
    ],
    [tinySpec(), { parameters: -1 }, /parameters must be a number from 1 to 1000000000000000, got -1/],
    [tinySpec(), { parameters: 2200 }, /the nearest sibling has .* pass another vocabSize/],
    [
      zoo("qwen3-next-80b-a3b"),
      { parameters: 1e7, vocabSize: 258, layers: 6 },
      /in 6 layers: its hybrid pattern of 4 layers stays whole; pass a multiple of 4/,
    ],
    [zoo("gemma-3-1b"), { parameters: 1e7, vocabSize: 258, layers: 4 }, /in 4 layers: its pattern needs at least 6/],
    [zoo("gpt2"), { parameters: 1e7, vocabSize: 0 }, /vocabSize must be an integer >= 1, got 0/],
  ];
  for (const [spec, options, message] of cases) {
    assert.throws(() => scale(spec, options), { name: "RangeError", message });
  }
});
