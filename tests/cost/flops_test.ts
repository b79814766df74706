import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attentionPairs } from "../../lib/cost/attention_pairs.ts";
import { estimateFlops, estimateLayerFlops, specFlops, specLayerFlops } from "../../lib/cost/flops.ts";
import { exportModel } from "../../lib/model/export.ts";
import { tinySpec } from "../model/tiny_spec.ts";
import golden from "../golden/flops_smollm2.json" with { type: "json" };
import { smollm2, windowed } from "./smollm2_spec.ts";

Deno.test("dense FLOPs equal torch's FlopCounterMode on SmolLM2-135M, exactly", () => {
  for (const c of golden.cases) {
    const logits = c.logits as "all" | "last" | undefined;
    const got = c.past === undefined
      ? specFlops(smollm2, { promptTokens: c.tokens, batch: c.batch, logits, convention: "dense" }).prefill
      : specFlops(smollm2, { promptTokens: c.past, newTokens: 2, batch: c.batch, convention: "dense" }).decode;
    assert.equal(got, c.flops, JSON.stringify(c));
  }
});

Deno.test("causal FLOPs equal the published closed forms, and are the default with the last logit", () => {
  const { closed_form: want } = golden;
  assert.equal(specFlops(smollm2, { promptTokens: 512, logits: "all" }).prefill, want.prefill_512_causal_all_logits);
  assert.equal(specFlops(smollm2, { promptTokens: 512 }).prefill, want.prefill_512_causal_last_logit);
  assert.equal(specFlops(smollm2, { promptTokens: 512, newTokens: 2 }).decode, want.decode_at_past_512);
});

Deno.test("attentionPairs() counts what a brute-force mask lets through", () => {
  for (let past = 0; past < 7; past++) {
    for (let tokens = 1; tokens < 7; tokens++) {
      for (const window of [1, 2, 3, 5, 20, undefined]) {
        let pairs = 0;
        for (let q = past; q < past + tokens; q++) {
          for (let k = 0; k <= q; k++) if (window === undefined || q - k < window) pairs++;
        }
        assert.equal(attentionPairs(tokens, past, window), pairs, `past ${past}, tokens ${tokens}, window ${window}`);
      }
    }
  }
});

Deno.test("decode has newTokens - 1 steps, each behind one more token", () => {
  const { prefill, decode, total } = specFlops(smollm2, { promptTokens: 5, newTokens: 4, batch: 2 });
  const steps = [5, 6, 7].map((past) =>
    specLayerFlops(smollm2, { tokens: 1, past, batch: 2 }).reduce((a, b) => a + b) + 2 * 2 * 576 * 49152
  );
  assert.equal(decode, steps[0] + steps[1] + steps[2]);
  assert.equal(total, prefill + decode);
  assert.equal(specFlops(smollm2, { promptTokens: 5 }).decode, 0);
});

Deno.test("a window saves attention in the causal convention only", () => {
  const at = (spec = smollm2, convention: "causal" | "dense" | "executed" = "causal") =>
    specFlops(spec, { promptTokens: 512, convention }).prefill;
  assert.equal(at() - at(windowed(128)), 30 * 4 * 9 * 64 * (attentionPairs(512, 0) - attentionPairs(512, 0, 128)));
  assert.equal(at(windowed(128), "dense"), at(smollm2, "dense"));
  assert.equal(at(windowed(128), "executed"), at(smollm2, "executed"));
});

Deno.test("executed FLOPs are the dense ones and a few per cent of element-wise work", () => {
  const dense = specFlops(smollm2, { promptTokens: 64, convention: "dense" }).prefill;
  const executed = specFlops(smollm2, { promptTokens: 64, convention: "executed" }).prefill;
  // By hand, a layer: 16 T D + 5 * 9 T^2 + 3 T 1536 + 3 T 64 * 12, and 7 T D before the head.
  const layer = 16 * 64 * 576 + 5 * 9 * 64 ** 2 + 3 * 64 * 1536 + 3 * 64 * 64 * 12;
  assert.equal(executed - dense, 30 * layer + 7 * 64 * 576);
});

Deno.test("estimateFlops() and estimateLayerFlops() take a reference with edits", async () => {
  const ref = { ref: smollm2, edits: [{ keepLayers: [0, 1, 2] }] };
  assert.equal((await estimateLayerFlops(ref, { tokens: 64 })).length, 3);
  const whole = await estimateFlops(smollm2, { promptTokens: 64 }),
    three = await estimateFlops(ref, { promptTokens: 64 });
  const head = 2 * 576 * 49152;
  assert.equal((three.prefill - head) * 10, whole.prefill - head);
});

Deno.test("a count that is no count is named", () => {
  assert.throws(() => specFlops(smollm2, { promptTokens: 0 }), /promptTokens must be an integer >= 1, got 0/);
  assert.throws(() => specFlops(smollm2, { promptTokens: 5, newTokens: 1.5 }), /newTokens.*1.5/);
  assert.throws(() => specLayerFlops(smollm2, { tokens: 4, past: -1 }), /past.*-1/);
  assert.throws(
    () => specFlops(smollm2, { promptTokens: 5, convention: "all" as "dense" }),
    /"all"; there are: dense, causal, executed/,
  );
});

Deno.test("estimateFlops() and estimateLayerFlops() count the graph of any .onnx file", async () => {
  const folder = await mkdtemp(join(tmpdir(), "flops-"));
  try {
    const spec = tinySpec({}, 8), graph = join(folder, "onnx", "model.onnx");
    await exportModel(spec, folder); // its head runs on every row
    for (const convention of ["dense", "causal"] as const) {
      const options = { promptTokens: 20, newTokens: 5, logits: "all", convention } as const;
      assert.deepEqual(await estimateFlops(graph, options), await estimateFlops(spec, options));
      const pass = { tokens: 6, past: 20, convention };
      assert.deepEqual(await estimateLayerFlops(graph, pass), await estimateLayerFlops(spec, pass));
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
