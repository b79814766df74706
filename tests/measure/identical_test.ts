import assert from "node:assert/strict";
import { resolveModels } from "../../lib/arch/resolve_models.ts";
import { identicalModels } from "../../lib/measure/identical.ts";
import { measureScaling, scalingOf } from "../../lib/measure/scaling.ts";
import { seededRandom } from "../../lib/stats/random.ts";
import { crossoverSentence } from "../../lib/view/crossover_sentence.ts";
import { fakeHosts, tinySpec } from "./fake_host.ts";

const spec = tinySpec("one");

Deno.test("identicalModels() groups what is the same model, however it is written", async () => {
  const models = await resolveModels({
    plain: spec,
    wrapped: { ref: spec },
    defaults: { ref: structuredClone(spec), precision: "fp32", seed: 0 },
    other: { ref: spec, seed: 1 },
    int8: { ref: spec, precision: "int8" },
    int8Again: { precision: "int8", ref: spec },
    threads: { ref: spec, threads: 1 },
    edited: { ref: spec, edits: [{ window: 16 }] },
  });
  assert.deepEqual(identicalModels(models), [["plain", "wrapped", "defaults"], ["int8", "int8Again"]]);
  const asked = await resolveModels({ a: spec, b: { ref: spec, precision: "int4" } }, { precision: "int8" });
  assert.deepEqual(identicalModels(asked), [["a", "b"]]);
});

Deno.test("identical models cross nowhere, whatever the noise, and the sentence says how much there is", async () => {
  const random = seededRandom(4), fake = fakeHosts();
  const start: typeof fake.start = async (ref, options) => {
    // Each process is faster or slower by some percent, more so for long prompts.
    const host = await fake.start(ref, options), tilt = 0.05 * random.normal();
    return {
      ...host,
      async generateRuns(request) {
        const S = "tokens" in request.prompt ? request.prompt.tokens : request.prompt.ids.length;
        return (await host.generateRuns(request)).map((sample) => {
          const slower = 1 + tilt * (S / 128 - 1), firstTokenMs = sample.startMs + (5 + 0.1 * S) * slower;
          return { ...sample, firstTokenMs, endMs: firstTokenMs + 2 * slower * (request.newTokens - 1) };
        });
      },
    };
  };
  const scaling = await measureScaling({ a: spec, b: { ref: spec } }, {
    lengths: [32, 64, 128, 256],
    blocks: 3,
    start,
  });
  assert.deepEqual(scaling.rounds.identical, [["a", "b", "a (A/A twin)"]]);
  for (const found of scaling.crossovers) {
    assert.equal(found.crossover.kind, "indistinguishable");
    assert.deepEqual([found.crossover.crossings, found.crossover.told], [[], []]);
    assert.match(
      crossoverSentence(found),
      /^By time .*, a and (b|a \(A\/A twin\)) are the same model and cross nowhere: what differs, up to \d+\.\d %, is noise\.$/,
    );
  }
  // What was saved before names of identical models were kept still knows the twin.
  const { identical: _, ...older } = scaling.rounds;
  const twins = scalingOf(older).crossovers.filter((c) => c.second === scaling.twin);
  assert.ok(twins.length === 2 && twins.every((c) => c.identical));
});
