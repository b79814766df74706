import assert from "node:assert/strict";
import process from "node:process";
import { resolveSpec } from "../../lib/arch/resolve.ts";
import { scale } from "../../lib/arch/scale.ts";
import type { ArchEdit, ArchSpec, LayerSpec } from "../../lib/arch/spec.ts";
import { zoo } from "../../lib/arch/zoo/zoo.ts";
import { estimateFlops } from "../../lib/cost/flops.ts";
import { planRounds } from "../../lib/measure/power.ts";
import { tinySpec } from "../model/tiny_spec.ts";

/** Sizes that a typing error or a file may bring: large, larger than any array, beyond whole numbers, and none. */
const HUGE = [4095, 65_536, 1e6, 2 ** 24, 1e9, 2 ** 31 - 1, 1e12, 1e15, 1e18, 1e300, Infinity, NaN, -1, 0.5];

/** Seconds of the processor that a call takes, however it ends; a machine that is busy with other work adds none. */
async function secondsOf(call: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await Promise.try(call).catch((error) => {
    assert.ok(error instanceof RangeError || error instanceof TypeError, `${error?.stack}`);
  });
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** Every number in a value, each replaced once by each of `HUGE`. */
function* withHugeNumbers<T>(value: T): Generator<T> {
  if (typeof value === "number") {
    yield* HUGE as T[];
  } else if (Array.isArray(value)) {
    for (const i of value.keys()) for (const one of withHugeNumbers(value[i])) yield value.with(i, one) as T;
  } else if (typeof value === "object" && value !== null) {
    for (const [name, part] of Object.entries(value)) {
      for (const one of withHugeNumbers(part)) yield { ...value, [name]: one };
    }
  }
}

/** The layers of one repeated pattern at most, so that each number is changed once. */
const short = (name: string): ArchSpec => {
  const spec = zoo(name);
  return { ...spec, layers: spec.layers.slice(0, 6) };
};
const SPECS = [
  tinySpec(),
  ...["gemma-3-1b", "qwen3-next-80b-a3b", "deepseek-v2", "mamba2-130m", "rwkv-6-1.6b", "lfm2-350m"].map(short),
];

Deno.test("resolveSpec() answers within 2 s whatever the numbers of a spec are", async () => {
  let calls = 0, most = 0;
  for (const spec of SPECS) {
    for (const changed of withHugeNumbers(spec)) {
      most = Math.max(most, await secondsOf(() => resolveSpec(changed)));
      calls++;
    }
  }
  console.log(`${calls} specs, the slowest ${most.toFixed(2)} s`);
  assert.ok(most < 2, `${most} s`);
});

Deno.test("resolveSpec() answers within 2 s whatever the numbers of an edit are", async () => {
  const wide = tinySpec({
    hiddenSize: 2 ** 20,
    layers: [{ mixer: { kind: "attention", heads: 65_536, kvHeads: 65_536, headDim: 16 }, channel: { kind: "none" } }],
  });
  const edits: ArchEdit[] = [
    { keepLayers: [0, 1] },
    { window: 4, sinks: 1 },
    { kvHeads: 1 },
    { dropHeads: [{ layer: 0, heads: [0, 1] }] },
    { vocabulary: 16 },
    { vocabulary: [1, 2] },
    { rope: { kind: "yarn", factor: 2, originalContext: 64 }, contextLength: 128 },
  ];
  const all = [...edits.flatMap((edit) => [...withHugeNumbers(edit)]), {
    dropHeads: [{ layer: 0, heads: Array.from({ length: 65_535 }, (_, i) => i) }],
  }];
  for (const spec of [tinySpec(), wide, { ...tinySpec(), vocabSize: 2 ** 24 }]) {
    for (const edit of all) {
      const seconds = await secondsOf(() => resolveSpec({ ref: spec, edits: [edit] }));
      assert.ok(seconds < 2, `${JSON.stringify(edit).slice(0, 60)}: ${seconds} s`);
    }
  }
});

Deno.test("scale() answers within 2 s whatever the numbers are", async () => {
  const layers = (count: number, layer: (i: number) => LayerSpec) => Array.from({ length: count }, (_, i) => layer(i));
  const odd = (i: number): LayerSpec => ({
    mixer: { kind: "attention", heads: 4, kvHeads: 2, headDim: 16 },
    channel: { kind: "swiglu", intermediateSize: 32 + i },
  });
  const mixture: LayerSpec = {
    mixer: { kind: "attention", heads: 4, kvHeads: 2, headDim: 16 },
    channel: { kind: "moe", experts: 65_536, topK: 65_536, intermediateSize: 32, normalise: true },
  };
  const specs = [
    ...SPECS,
    tinySpec({ layers: layers(4096, () => odd(0)) }),
    tinySpec({ layers: layers(4096, odd) }), // nothing repeats
    tinySpec({ layers: layers(4096, (i) => odd(Number(i === 4095))) }), // all alike but the last
    tinySpec({ layers: [mixture] }),
    tinySpec({ hiddenSize: 2 ** 20 }),
  ];
  let most = 0;
  for (const spec of specs) {
    for (const parameters of [1e6, 1e12, 1e15, ...HUGE.slice(-6)]) {
      for (const options of [{ parameters }, { parameters, vocabSize: 258, layers: 4096 }]) {
        const seconds = await secondsOf(() => scale(spec, options));
        most = Math.max(most, seconds);
        assert.ok(seconds < 2, `${spec.layers.length} layers to ${parameters}: ${seconds} s`);
      }
    }
  }
  console.log(`the slowest ${most.toFixed(2)} s`);
});

Deno.test("estimates and plans end, whatever is asked", async () => {
  for (const newTokens of HUGE) {
    const seconds = await secondsOf(() => estimateFlops(zoo("gemma-3-1b"), { promptTokens: 5, newTokens }));
    assert.ok(seconds < 2, `${newTokens} new tokens: ${seconds} s`);
  }
  const pilot = { logRatios: [0.01, -0.01, 0.02, -0.02], rounds: 16, minutes: 1 };
  assert.throws(() => planRounds(pilot, { effects: [0], band: 0 }), /no number of blocks resolves it/);
  for (const effect of [1e-9, 1e9]) assert.ok(await secondsOf(() => planRounds(pilot, { effects: [effect] })) < 2);
});
