import assert from "node:assert/strict";
import { HfConfig } from "../../../lib/arch/hf/config.ts";
import { ropeOf } from "../../../lib/arch/hf/rope.ts";
import { ropeFrequencies, ropeTable } from "../../../lib/arch/rope_tables.ts";

const config = (values: Record<string, unknown>) => new HfConfig("config.json", values);

/** Frequencies and attention factors of `modeling_rope_utils.py`, transformers 5.24.0, heads of 16 dimensions. */
const published: [string, Record<string, unknown>, number[], number, number][] = [
  [
    "longrope, up to the trained context",
    {
      max_position_embeddings: 512,
      rope_theta: 10000,
      original_max_position_embeddings: 64,
      rope_scaling: {
        type: "longrope",
        short_factor: [1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7],
        long_factor: [2, 2, 2, 2, 2, 2, 2, 2],
      },
    },
    [1, 0.28747976, 0.083333336, 0.024325214, 0.0071428572, 0.0021081853, 0.00062499999, 0.00018601633],
    1.224744871391589,
    64,
  ],
  [
    "yarn with two mscales",
    {
      max_position_embeddings: 512,
      rope_parameters: {
        ...{ rope_type: "yarn", rope_theta: 10000, factor: 40, original_max_position_embeddings: 16 },
        ...{ beta_fast: 32, beta_slow: 1, mscale: 0.707, mscale_all_dim: 1 },
      },
    },
    [1, 0.0079056947, 0.0025, 0.00079056947, 0.00025, 7.9056947e-05, 2.5e-05, 7.9056945e-06],
    0.9210423553163399,
    512,
  ],
  [
    "llama3, as transformers 4 writes it",
    {
      max_position_embeddings: 512,
      rope_theta: 500000,
      rope_scaling: {
        ...{ rope_type: "llama3", factor: 8, low_freq_factor: 1, high_freq_factor: 4 },
        original_max_position_embeddings: 64,
      },
    },
    [1, 0.079403013, 0.0047007538, 0.00091158313, 0.00017677668, 3.4281024e-05, 6.6478697e-06, 1.2891732e-06],
    1,
    512,
  ],
  [
    "linear, as older files write it",
    { max_position_embeddings: 512, rope_theta: 500000, rope_scaling: { type: "linear", factor: 8 } },
    [0.125, 0.024240345, 0.0047007538, 0.00091158313, 0.00017677668, 3.4281024e-05, 6.6478697e-06, 1.2891732e-06],
    1,
    512,
  ],
];

for (const [what, values, frequencies, factor, context] of published) {
  Deno.test(`rotary positions of ${what} turn as fast as transformers'`, () => {
    const { position, contextLength } = ropeOf(config(values), 16);
    const got = ropeFrequencies({ rope: position, dims: 16 });
    frequencies.forEach((want, i) => assert.ok(Math.abs(got[i] / want - 1) < 1e-6, `${i}: ${got[i]}, not ${want}`));
    const { cos } = ropeTable({ rope: position, dims: 16 }, 1);
    assert.ok(Math.abs(cos[0] - factor) < 1e-6, `factor ${cos[0]}`);
    assert.equal(contextLength, context);
  });
}

Deno.test("a part of each head is rotated where a configuration says so, in either spelling", () => {
  const dims = (values: Record<string, unknown>) =>
    ropeOf(config({ max_position_embeddings: 8, ...values }), 64, { part: 0.25, partKey: "rotary_pct" }).position.dims;
  assert.equal(dims({}), 16);
  assert.equal(dims({ rotary_pct: 0.5 }), 32);
  assert.equal(dims({ rotary_pct: 0.5, rope_parameters: { partial_rotary_factor: 0.75 } }), 48);
  assert.equal(dims({ rotary_pct: 1 }), undefined);
});

Deno.test("positions that are not built are refused by name", () => {
  const values = { max_position_embeddings: 8, rope_scaling: { rope_type: "mrope" } };
  assert.throws(() => ropeOf(config(values), 16), {
    name: "TypeError",
    message: /rope_scaling: rope_type is "mrope".*yarn/,
  });
});
