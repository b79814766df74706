import assert from "node:assert/strict";
import { buildInMemory } from "../../lib/arch/build.ts";
import { type Matrix, type QuantBlocks, quantise } from "../../lib/arch/quant_blocks.ts";
import { randomWeights } from "../../lib/arch/random_weights.ts";
import type { Precision } from "../../lib/arch/model_ref.ts";
import type { ArchSpec } from "../../lib/arch/spec.ts";
import type { WeightSource } from "../../lib/arch/weight_source.ts";
import { openSession } from "../../lib/model/session.ts";
import type { ModelInfo } from "../../lib/model/info.ts";
import { modelOf } from "../model/own_graphs.ts";
import { seededRandom } from "../../lib/stats/random.ts";
import { referenceLogits } from "../model/reference_decoder.ts";
import { someIds, tinySpec } from "../model/tiny_spec.ts";

/** The block forms that GGUF's formats are decoded into. */
const forms: [string, Pick<QuantBlocks, "bits" | "blockSize" | "zero">, boolean][] = [
  ["Q4_0", { bits: 4, blockSize: 32, zero: 8 }, false],
  ["Q4_1, Q4_K", { bits: 4, blockSize: 32, zero: 0 }, true],
  ["Q2_K", { bits: 4, blockSize: 16, zero: 0 }, true],
  ["Q3_K", { bits: 4, blockSize: 16, zero: 8 }, false],
  ["Q5_0, Q8_0, MXFP4 and most IQ", { bits: 8, blockSize: 32, zero: 128 }, false],
  ["Q5_1, Q5_K", { bits: 8, blockSize: 32, zero: 128 }, true],
  ["Q6_K, NVFP4, IQ1_M, IQ2_S and IQ2_XS", { bits: 8, blockSize: 16, zero: 128 }, false],
];

function randomBlocks(m: Matrix, form: typeof forms[number][1], hasMin: boolean, seed: number): QuantBlocks {
  const random = seededRandom(seed);
  const values = form.bits === 4 ? 16 : 64; // 8-bit forms hold 5 or 6 bits around their zero
  const n = m.rows * m.cols, blocks = n / form.blockSize, size = 1.7 / values / Math.sqrt(m.cols);
  const middle = (values - 1) / 2;
  const lowest = form.bits === 4 ? 0 : hasMin ? form.zero : form.zero - 32;
  const q = Uint8Array.from({ length: n }, () => random.integer(values) + lowest);
  const scales = Float32Array.from({ length: blocks }, () => size * (1 + random.next()));
  const mins = hasMin ? scales.map((s) => -s * middle * (0.9 + 0.2 * random.next())) : null;
  return { rows: m.rows, cols: m.cols, ...form, q, scales, mins };
}

/** A source whose matrices are all of one block form; norms stay fp32. */
function blockSource(base: WeightSource, form: typeof forms[number][1], hasMin: boolean): WeightSource {
  return {
    ...base,
    storedAs: "test",
    model: async (name) => {
      const m = await base.model(name);
      return name === "embedding" ? randomBlocks(m, form, hasMin, 1) : m;
    },
    async layer(index, name) {
      const m = await base.layer(index, name);
      return m.rows === 1 ? m : randomBlocks(m, form, hasMin, 100 * index + name.length + name.charCodeAt(0));
    },
    form: () => ({ ...form, hasMins: hasMin }),
  };
}

async function relativeError(spec: ArchSpec, source: WeightSource, precision: Precision, numbers: WeightSource) {
  const want = (await referenceLogits(spec, numbers, someIds)).flat();
  const { graph, weights, externalData } = await buildInMemory(spec, spec, precision, source);
  assert.ok(weights.bytes > 0);
  const info = { name: "test", vocabSize: spec.vocabSize, contextLength: spec.contextLength };
  const model = modelOf(
    info as ModelInfo,
    spec,
    (kind) => openSession(graph(kind), { threads: 1, externalData }),
  );
  const { data } = await model.logits(someIds);
  await model.close();
  return Math.sqrt(want.reduce((s, v, i) => s + (v - data[i]) ** 2, 0) / want.reduce((s, v) => s + v * v, 0));
}

for (const [names, form, hasMin] of forms) {
  Deno.test(`a stored ${names} model runs as its dequantised numbers, up to int8 activations`, async () => {
    const spec = tinySpec();
    const source = blockSource(randomWeights(spec, 1), form, hasMin);
    const error = await relativeError(spec, source, "stored", source);
    // 0.010 to 0.016; values that are not centred around 0 would give up to 0.05.
    assert.ok(error < 0.025, `relative error ${error}`);
  });
}

for (const bits of [4, 8] as const) {
  Deno.test(`precision int${bits} runs the numbers of its own quantisation`, async () => {
    const spec = tinySpec();
    const exact = randomWeights(spec, 2);
    const rounded = (m: Matrix) => "values" in m && m.rows > 1 ? quantise(m.values, m.rows, m.cols, bits) : m;
    const numbers: WeightSource = {
      ...exact,
      model: async (name) => rounded(await exact.model(name)),
      layer: async (index, name) => rounded(await exact.layer(index, name)),
    };
    const error = await relativeError(spec, exact, `int${bits}`, numbers);
    assert.ok(error < 0.1, `relative error ${error}`);
  });
}
