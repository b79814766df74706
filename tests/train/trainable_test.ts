import assert from "node:assert/strict";
import type { ArchSpec } from "../../lib/arch/spec.ts";
import { stepFlops } from "../../lib/train/budget.ts";
import { checkTrainable } from "../../lib/train/trainable.ts";
import { trainModel } from "../../lib/train/train_model.ts";
import {
  alibi,
  channelGated,
  channelGatedDelta,
  compressed,
  full,
  groupedMamba2,
  groupedMixture,
  mixture,
  tinySpec,
} from "./specs.ts";

const SPECS: Record<string, ArchSpec> = {
  "ALiBi and exact GELU": tinySpec([alibi], {}, { channel: { kind: "gelu_erf", intermediateSize: 48 } }),
  "latent attention and a mixture of experts": tinySpec([compressed], {}, {
    channel: { ...mixture, shared: { intermediateSize: 12, gated: true } },
  }),
  "attention and experts in groups": tinySpec([full], {}, { channel: groupedMixture }),
  "Mamba-2": tinySpec([groupedMamba2], {}, { channel: { kind: "none" } }),
  "linear attention with a decay for each channel": tinySpec([channelGated, channelGatedDelta]),
};

for (const [name, spec] of Object.entries(SPECS)) {
  Deno.test(`a model trains: ${name}`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      const { losses } = await trainModel({ ...spec, vocabSize: 16 }, {
        task: { kind: "mqar", vocabSize: 16, tokens: 24, pairs: 2 },
        learningRate: 1e-2,
        batch: 8,
        tokens: 40 * 8 * 24,
        seed: 1,
        folder,
      });
      const mean = (part: number[]) => part.reduce((a, b) => a + b) / part.length;
      const before = mean(losses.slice(0, 10)), after = mean(losses.slice(-10));
      assert.ok(after < 0.9 * before, `loss ${before}, then ${after}`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("a mixture's budget counts the experts that a token goes to, though all of them work on it", () => {
  const layer = (experts: number) =>
    stepFlops(tinySpec([full], {}, { channel: { ...mixture, experts } }), { batch: 1, tokens: 8, rows: 8 });
  // four more experts: four more rows of the router, 32 wide
  assert.equal(layer(8) - layer(4), 3 * 8 * 2 * 4 * 32);
});

Deno.test("what has no trainable form is refused, naming the part and what there is", () => {
  const mixer = tinySpec([full, { kind: "rwkv6", heads: 2, headDim: 16 }]);
  assert.throws(() => checkTrainable(mixer), {
    name: "TypeError",
    message: 'Cannot train "tiny": layers[1].mixer.kind "rwkv6" has no trainable form in this version; there are: ' +
      "attention, mla, linear, mamba2, convolution",
  });
  const channel = tinySpec([full], {}, { channel: { kind: "rwkv", intermediateSize: 48 } });
  assert.throws(
    () => checkTrainable(channel),
    /layers\[0\]\.channel\.kind "rwkv" .* there are: swiglu, geglu, gelu, gelu_erf, relu, relu2, moe, none$/,
  );
});
