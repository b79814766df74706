import assert from "node:assert/strict";
import { join } from "node:path";
import type { ArchSpec } from "../../lib/arch/spec.ts";
import { openModel } from "../../lib/model/open_model.ts";
import { floats, int64s, openSession } from "../../lib/model/session.ts";
import { evalGraph } from "../../lib/train/eval_graph.ts";
import { initialParameters, planParameters } from "../../lib/train/parameters.ts";
import { namedTensors, writeSafetensors } from "../../lib/train/safetensors_file.ts";
import {
  alibi,
  channelGated,
  channelGatedDelta,
  compressed,
  delta,
  full,
  gated,
  gatedDelta,
  groupedMamba2,
  groupedMixture,
  latent,
  mamba2,
  mixture,
  plain,
  shortConvolution,
  tinySpec,
  windowed,
} from "./specs.ts";

const SPECS: Record<string, ArchSpec> = {
  "attention with grouped heads and rotary positions": tinySpec([full, full]),
  "a sliding window with a sink": tinySpec([windowed, full]),
  "norms of queries and keys, biases, soft caps, an output gate": tinySpec([{
    ...full,
    qkNorm: "head",
    qkvBias: true,
    outputBias: true,
    softcap: 3,
    outputGate: true,
  }, { ...full, qkNorm: "full" }], { logitSoftcap: 5, embeddingScale: 2 }),
  "plain linear attention": tinySpec([plain, plain]),
  "the delta rule with a short convolution": tinySpec([delta, delta]),
  "a fixed decay with rotary positions": tinySpec([gated, { ...gated, outputGate: false }]),
  "gated DeltaNet with shared keys": tinySpec([gatedDelta, gatedDelta]),
  "a gated short convolution": tinySpec([shortConvolution, full]),
  "ALiBi, with a soft cap, and in a window with a sink": tinySpec([{ ...alibi, softcap: 3 }, windowed], {
    position: { kind: "alibi" },
  }),
  "latent attention, with plain and with compressed queries": tinySpec([latent, { ...compressed, scale: 0.7 }]),
  "Mamba-2, with one group and with several, and with limits of the time step": tinySpec([mamba2, groupedMamba2]),
  "a decay for each channel": tinySpec([channelGated, { ...channelGated, keyHeads: 1, convolution: 4 }]),
  "gated DeltaNet with a decay for each channel": tinySpec([channelGatedDelta, channelGatedDelta]),
  "a hybrid with an untied head": tinySpec([gatedDelta, windowed], { tiedHead: false }),
  "GPT-2's norms, positions and MLP": tinySpec([full, full], {
    norm: { kind: "layernorm", epsilon: 1e-5 },
    position: { kind: "learned" },
    headBias: true,
  }, { channel: { kind: "gelu", intermediateSize: 48, bias: true } }),
  "an MLP with exact GELU": tinySpec([full], {}, { channel: { kind: "gelu_erf", intermediateSize: 48, bias: true } }),
  "a mixture of experts whose weights sum to 1": tinySpec([full, full], {}, { channel: mixture }),
  "a mixture of experts beside a shared one": tinySpec([full], {}, {
    channel: { ...mixture, topK: 1, normalise: false, shared: { intermediateSize: 20 } },
  }),
  "experts of the best groups, with a scale, beside a gated shared one": tinySpec([full], {}, {
    channel: { ...groupedMixture, shared: { intermediateSize: 20, gated: true } },
  }),
  "norms after the blocks": tinySpec([full], {}, {
    placement: "post",
    channel: { kind: "relu2", intermediateSize: 48 },
  }),
  "norms around the blocks": tinySpec([full], {}, {
    placement: "sandwich",
    channel: { kind: "geglu", intermediateSize: 48 },
  }),
  "parallel blocks": tinySpec([full], {}, { placement: "parallel" }),
  "parallel blocks with one norm": tinySpec([full], {}, {
    placement: "parallel_shared",
    channel: { kind: "relu", intermediateSize: 48 },
  }),
  "layers without a channel mixer": tinySpec([delta, full], {}, { channel: { kind: "none" } }),
};

for (const [name, spec] of Object.entries(SPECS)) {
  Deno.test(`the trainable form gives the fused form's probabilities: ${name}`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      const plan = planParameters(spec), parameters = await initialParameters(spec, 3);
      // Weights of norms and biases differ from 1 and 0, so that a wrong place shows.
      plan.parameters.filter((p) => p.dims.length === 1 && !/dtBias|aLog/.test(p.name)).forEach(({ offset, dims }) => {
        for (let i = 0; i < dims[0]; i++) parameters[offset + i] += 0.2 * Math.sin(offset + i);
      });
      const weights = join(folder, "weights.safetensors");
      await writeSafetensors(weights, namedTensors(plan, parameters));

      const tokens = 41, ids = Array.from({ length: tokens + 1 }, (_, i) => (i * 97 + 13) % 256);
      const shape = { batch: 1, tokens, rows: tokens };
      const session = await openSession(evalGraph(spec, plan, shape).model(), { provider: "cpu", threads: 1 });
      const every = Array.from({ length: tokens }, (_, i) => i);
      const { logits } = await session.run({
        parameters: floats(parameters, [plan.count]),
        ids: int64s(ids.slice(0, tokens), [tokens]),
        rows: int64s(every, [tokens]),
        targets: int64s(ids.slice(1), [tokens]),
      }, ["logits"]);
      await session.release();
      const trained = every.map((row) => logProbability(logits.data as Float32Array, row, ids[row + 1]));

      const model = await openModel({ ref: spec, weights, tokenizer: "bytes" }, { threads: 1, provider: "cpu" });
      const fused = await model.score(every.map((row) => ({
        contextIds: ids.slice(0, row + 1),
        continuationIds: [ids[row + 1]],
      })));
      await model.close();
      const errors = fused.map(({ logLikelihood }, row) => Math.abs(logLikelihood - trained[row]));
      assert.ok(Math.max(...errors) < 1e-4, `largest difference in ln p: ${Math.max(...errors)}`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

function logProbability(logits: Float32Array, row: number, id: number): number {
  const of = logits.subarray(row * 258, (row + 1) * 258), largest = Math.max(...of);
  return of[id] - largest - Math.log(of.reduce((sum, x) => sum + Math.exp(x - largest), 0));
}
