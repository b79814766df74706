/**
 * Whether recurrent models decode in constant memory and time: `deno task bench:recurrent`. Bytes of the states after a
 * short and a long context, and a fit of a token's time against the context, beside attention of the same size (10 M
 * parameters, random weights, fp32). Wants a quiet machine. An argument is the number of threads.
 */
import type { ArchSpec, LayerSpec } from "../../lib/arch/spec.ts";
import { kvCacheBytes, parameterCount } from "../../lib/cost/bytes.ts";
import { runChunk } from "../../lib/model/decode.ts";
import type { LanguageModel } from "../../lib/model/language_model.ts";
import { openModel } from "../../lib/model/open_model.ts";
import { prefill } from "../../lib/model/prefill.ts";
import { physicalCores } from "../../lib/model/session.ts";
import type { Estimate } from "../../lib/stats/estimate.ts";
import { seededRandom } from "../../lib/stats/random.ts";
import { fitScaling, type ScalingSample } from "../../lib/stats/scaling_fit.ts";
import { median } from "../../lib/stats/summary.ts";
import { graphsOf } from "../model/own_graphs.ts";

const threads = Number(Deno.args[0] ?? physicalCores());
const CONTEXTS = [128, 512, 1024, 2048, 4096], BLOCKS = 6, REPEATS = 5, TURNS = 33;

const many = (count: number, layer: LayerSpec) => new Array<LayerSpec>(count).fill(layer);
const specs: Record<string, LayerSpec[]> = {
  "attention": many(6, {
    mixer: { kind: "attention", heads: 6, kvHeads: 3, headDim: 64 },
    channel: { kind: "swiglu", intermediateSize: 1024 },
  }),
  "gated DeltaNet": many(6, {
    mixer: {
      ...{ kind: "linear", rule: "gated_delta", decay: "mamba", convolution: 4 },
      ...{ heads: 6, keyDim: 64, valueDim: 64 },
    },
    channel: { kind: "swiglu", intermediateSize: 832 },
  }),
  "Mamba-2": many(11, {
    mixer: { kind: "mamba2", heads: 12, headDim: 64, stateDim: 64 },
    channel: { kind: "none" },
  }),
};

function specOf(name: string): ArchSpec {
  return {
    name,
    vocabSize: 258,
    hiddenSize: 384,
    contextLength: 8192,
    layers: specs[name],
    norm: { kind: "rmsnorm", epsilon: 1e-5 },
    position: { kind: "rope", theta: 10000 },
    tiedHead: true,
  };
}

/** Ms a token of decoding behind so many tokens, once for each context in random order, REPEATS times. */
async function* decodeTimes(model: LanguageModel, seed: number): AsyncGenerator<Omit<ScalingSample, "block">> {
  const random = seededRandom(seed), ids = Array.from({ length: Math.max(...CONTEXTS) }, () => random.integer(256));
  const states = new Map<number, Awaited<ReturnType<typeof prefill>>[0]["caches"]>();
  for (const length of CONTEXTS) states.set(length, (await prefill(graphsOf(model), [ids.slice(0, length)]))[0].caches);
  const run = async (length: number, turns: number) => {
    const start = performance.now(), caches = states.get(length)!;
    await runChunk(graphsOf(model), { ids: [[7]], lengths: [length], caches }, { turns, keepCaches: false });
    return performance.now() - start;
  };
  for (let repeat = -1; repeat < REPEATS; repeat++) {
    for (const length of random.shuffle(CONTEXTS)) {
      // The difference leaves out what a run costs at its start: the states are copied into the graph.
      const once = await run(length, 1), value = (await run(length, TURNS) - once) / (TURNS - 1);
      if (repeat >= 0) yield { length, value };
    }
  }
}

const samples = new Map<string, ScalingSample[]>(Object.keys(specs).map((name) => [name, []]));
for (let block = 0; block < BLOCKS; block++) {
  for (const name of seededRandom(block).shuffle(Object.keys(specs))) {
    const model = await openModel({ ref: specOf(name), seed: 1 }, { threads });
    for await (const sample of decodeTimes(model, block)) samples.get(name)!.push({ block, ...sample });
    await model.close();
  }
}
const interval = ({ point, low, high }: Estimate, scale = 1) =>
  `${(point * scale).toFixed(3)} [${(low! * scale).toFixed(3)}, ${(high! * scale).toFixed(3)}]`;
for (const [name, all] of samples) {
  const spec = specOf(name), [a, b] = fitScaling(all, 1).coefficients;
  const speed = (context: number) => 1000 / median(all.filter((s) => s.length === context).map((s) => s.value));
  const bytes = (context: number) => `${(kvCacheBytes(spec, context) / 2 ** 20).toFixed(2)} MiB`;
  console.log(
    `${name}, ${(parameterCount(spec) / 1e6).toFixed(2)} M: ${interval(a)} ms a token and ${
      interval(b, 1000)
    } ms for ` +
      `each 1,000 tokens of context; ${speed(128).toFixed(0)} tok/s at 128, ${speed(4096).toFixed(0)} at 4,096; ` +
      `states ${bytes(128)} at 128, ${bytes(4096)} at 4,096`,
  );
}
