import assert from "node:assert/strict";
import type { ArchSpec, AttentionSpec, LayerSpec, LinearAttentionSpec, MixerSpec } from "../../lib/arch/spec.ts";
import { validateSpec } from "../../lib/arch/validate.ts";
import { zoo, zooNames } from "../../lib/arch/zoo/zoo.ts";
import { tinySpec } from "../model/tiny_spec.ts";

const attention: AttentionSpec = { kind: "attention", heads: 4, kvHeads: 2, headDim: 16 };
const linear: LinearAttentionSpec = { kind: "linear", rule: "linear", heads: 4, keyDim: 16, valueDim: 16 };
const swiglu = { kind: "swiglu" as const, intermediateSize: 96 };
const moe = { kind: "moe" as const, experts: 8, topK: 2, intermediateSize: 32, normalise: true };

/** A tiny spec with one layer of this. */
const withLayer = (layer: Partial<LayerSpec>, changes: Partial<ArchSpec> = {}) =>
  tinySpec({ layers: [{ mixer: attention, channel: swiglu, ...layer }], ...changes });
const withMixer = (mixer: MixerSpec, changes?: Partial<ArchSpec>) => withLayer({ mixer }, changes);
const withAttention = (change: Partial<AttentionSpec>, changes?: Partial<ArchSpec>) =>
  withMixer({ ...attention, ...change }, changes);
const rope = (more: object) => ({ kind: "rope" as const, theta: 10_000, ...more });

Deno.test("validateSpec() says in the architect's words what does not fit together", () => {
  const cases: [ArchSpec, RegExp][] = [
    [
      withAttention({ heads: 8, kvHeads: 3 }),
      /^Cannot build architecture "tiny": layers\[0\]\.mixer: kvHeads 3 does not divide heads 8; pass one of 1, 2, 4, 8$/,
    ],
    [
      withAttention({ headDim: 20 }),
      /headDim 20 is not a multiple of 16, which .* with rotary positions; pass 16 or 32/,
    ],
    [
      withAttention({ headDim: 4 }, { position: { kind: "none" } }),
      /headDim 4 is not a multiple of 8, .* needs; pass 8$/,
    ],
    [withAttention({ window: 0 }), /mixer\.window must be a positive integer, got 0/],
    [withAttention({ sinks: 2 }), /sinks is 2 without a window: all tokens are visible anyway/],
    [
      withAttention({ position: { kind: "learned" } }),
      /learned positions stand at the embedding; set them for the whole/,
    ],
    [
      withAttention({ qkNorm: "head" }, { norm: { kind: "layernorm", epsilon: 1e-5 } }),
      /qkNorm needs norm\.kind "rmsnorm"/,
    ],
    [
      withAttention({ position: rope({ dims: 5 }) }),
      /mixer\.position: 5 dimensions are odd, and rotary positions turn pairs/,
    ],
    [
      withAttention({}, { position: rope({ dims: 32 }) }),
      /position \(of layers\[0\]\.mixer\)\.dims 32 is more than the head's 16/,
    ],
    [withAttention({ scale: -1 }), /mixer\.scale must be positive, got -1/],
    [tinySpec({ layers: [] }), /layers is empty; give at least one layer/],
    [tinySpec({ vocabSize: 1.5 }), /vocabSize must be a positive integer, got 1\.5/],
    [tinySpec({ contextLength: 2 ** 40 }), /contextLength must be at most 2147483647, got 1099511627776/],
    [tinySpec({ kvCache: "fp16" as "int8" }), /kvCache is "fp16"; did you mean "fp32"\? There are: fp32, int8/],
    [tinySpec({ norm: { kind: "rmsnorm", epsilon: 0 } }), /norm\.epsilon must be positive, got 0/],
    [tinySpec({ embeddingScale: Infinity }), /embeddingScale must be positive, got Infinity/],
    [
      withAttention({}, { position: rope({ scaling: { kind: "factors", factors: [1, 2] } }) }),
      /scaling\.factors has 2 numbers, the rotation has 8 pairs/,
    ],
    [
      tinySpec({
        position: rope({
          scaling: { kind: "llama3", factor: 8, lowFrequency: 4, highFrequency: 1, originalContext: 64 },
        }),
      }),
      /position\.scaling\.lowFrequency 4 must be below highFrequency 1/,
    ],
    [
      tinySpec({ position: rope({ scaling: { kind: "yarn", factor: 4, originalContext: 64, betaSlow: 40 } }) }),
      /position\.scaling\.betaSlow 40 must be below betaFast 32/,
    ],
    [
      tinySpec({ position: rope({ scaling: { kind: "yarm", factor: 4 } }) }),
      /position\.scaling\.kind is "yarm"; did you mean "yarn"\? There are: linear, ntk/,
    ],
    [withMixer({ ...linear, keyHeads: 3 }), /keyHeads 3 does not divide heads 4; pass one of 1, 2, 4/],
    [withMixer({ ...linear, rule: "gated" }), /rule gated needs a decay: mamba, retnet or channel/],
    [withMixer({ ...linear, rule: "delta", decay: "mamba" }), /decay is mamba, but rule delta has no decay; use gated/],
    [withMixer({ ...linear, position: { kind: "alibi" } }), /position must be rope or none, got alibi/],
    [withMixer({ kind: "mamba2", heads: 6, headDim: 16, stateDim: 16, groups: 4 }), /groups 4 does not divide heads 6/],
    [
      withMixer({ kind: "mamba2", heads: 6, headDim: 16, stateDim: 16, timeStepLimit: [1, 0.1] }),
      /timeStepLimit must rise from 0 or more, got \[1,0\.1\]/,
    ],
    [
      withMixer({ kind: "rwkv6", heads: 3, headDim: 16 }),
      /layers\[0\]\.mixer: 3 heads of headDim 16 are 48, not hiddenSize 64; pass heads 4/,
    ],
    [withMixer({ kind: "rwkv6", heads: 2, headDim: 24 }), /are 48, not hiddenSize 64; pass a headDim that divides it/],
    [
      withMixer({ kind: "rwkv6", heads: 4, headDim: 16, mixRank: 0 }),
      /mixer\.mixRank must be a positive integer, got 0/,
    ],
    [
      withMixer({ kind: "mla", heads: 4, kvRank: 16, nopeDim: 16, ropeDim: 8, valueDim: 16 }, {
        position: { kind: "none" },
      }),
      /latent attention needs rotary positions, got none/,
    ],
    [
      withMixer({
        kind: "mla",
        heads: 4,
        kvRank: 16,
        nopeDim: 16,
        ropeDim: 8,
        valueDim: 16,
        position: rope({ dims: 4 }),
      }),
      /rotates all of its ropeDim 8, not 4/,
    ],
    [withLayer({ channel: { ...moe, topK: 9 } }), /topK 9 is more than its 8 experts/],
    [withLayer({ channel: { ...moe, groups: { count: 3, topK: 1 } } }), /groups\.count 3 does not divide experts 8/],
    [
      withLayer({ channel: { ...moe, groups: { count: 8, topK: 1 } } }),
      /topK 2 is more than the 1 experts of 1 groups/,
    ],
    [withLayer({ placement: "parallel", channel: { kind: "none" } }), /a parallel layer needs a channel mixer beside/],
    [
      withMixer({ kind: "convolution", kernel: 3 }, { kvCache: "int8" }),
      /kvCache is int8, but no layer is softmax attention/,
    ],
    [withMixer(linear, { position: { kind: "alibi" } }), /position is alibi, but no layer is softmax attention/],
  ];
  for (const [spec, message] of cases) assert.throws(() => validateSpec(spec), { name: "RangeError", message });
});

Deno.test("validateSpec() names fields that are unknown, missing or of the wrong kind, as JSON may bring them", () => {
  const { tiedHead: _, ...headless } = tinySpec();
  const cases: [unknown, RegExp][] = [
    [null, /the spec must be an object, got null/],
    ["llama", /the spec must be an object, got "llama"/],
    [[], /the spec must be an object, got \[\]/],
    [headless, /"tiny": tiedHead is missing/],
    [{ ...tinySpec(), vocabSize: "258" }, /vocabSize must be a positive integer, got "258"/],
    [{ ...tinySpec(), tiedHead: 1 }, /tiedHead must be true or false, got 1/],
    [{ ...tinySpec(), layers: { 0: {} } }, /layers must be a list, got \{"0":\{\}\}/],
    [{ ...tinySpec(), layers: [null] }, /layers\[0\] must be an object, got null/],
    [{ ...tinySpec(), hidden_size: 64 }, /unknown field "hidden_size"; did you mean "hiddenSize"\?/],
    [{ ...tinySpec(), position: "rope" }, /position must be an object, got "rope"/],
    [{ ...tinySpec(), name: 7 }, /name must be a text, got 7/],
    [
      withAttention({ kvHead: 2 } as Partial<AttentionSpec>),
      /unknown field "layers\[0\]\.mixer\.kvHead"; did you mean "kvHeads"\?/,
    ],
    [
      withAttention({ qkvBias: "no" as unknown as boolean }),
      /layers\[0\]\.mixer\.qkvBias must be true or false, got "no"/,
    ],
    [withLayer({ channel: { kind: "rwkv" } as never }), /layers\[0\]\.channel\.intermediateSize is missing/],
    [withLayer({ channel: { kind: "swiglu" } as never }), /layers\[0\]\.channel\.intermediateSize is missing/],
    [
      withLayer({ channel: { ...swiglu, bias: true } as never }),
      /unknown field "layers\[0\]\.channel\.bias"; there are: kind, intermediateSize/,
    ],
    [
      withMixer({ kind: "mamba2", heads: 4, headDim: 16, stateDim: 16, timeStepLimit: [1] as never }),
      /must be two numbers/,
    ],
  ];
  for (const [spec, message] of cases) {
    assert.throws(() => validateSpec(spec as ArchSpec), { name: "TypeError", message });
  }
  const mixer = { ...attention, kind: "atention" } as unknown as MixerSpec;
  assert.throws(() => validateSpec(withMixer(mixer)), {
    name: "RangeError",
    message: /layers\[0\]\.mixer\.kind is "atention"; did you mean "attention"\? There are: attention, mla/,
  });
});

Deno.test("validateSpec() lets through what is unusual and right", () => {
  for (const name of zooNames()) validateSpec(zoo(name));
  validateSpec(tinySpec());
  validateSpec({ ...tinySpec(), family: undefined });
  validateSpec(withAttention({ window: 500, sinks: 4, position: { kind: "alibi" } }));
  validateSpec(
    withMixer({ ...linear, rule: "gated", decay: "retnet", position: rope({}) }, { position: { kind: "none" } }),
  );
  validateSpec(withLayer({ mixer: { kind: "rwkv6", heads: 4, headDim: 16 }, channel: swiglu }));
  validateSpec(withLayer({ channel: { kind: "rwkv", intermediateSize: 96 } }));
  validateSpec(withLayer({ weightsLayer: 0, channel: { kind: "none" } }));
});
