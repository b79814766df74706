import assert from "node:assert/strict";
import { join } from "node:path";
import { openModel } from "../../lib/model/open_model.ts";
import { openSafetensors } from "../../lib/arch/safetensors.ts";
import { checkBudget, stepFlops } from "../../lib/train/budget.ts";
import { learningRateAt } from "../../lib/train/schedule.ts";
import { trainModel, type TrainOptions } from "../../lib/train/train_model.ts";
import { full, plain, tinySpec } from "./specs.ts";

const spec = tinySpec([plain], { vocabSize: 16 }, { channel: { kind: "none" } });
const task = { kind: "mqar" as const, vocabSize: 16, tokens: 16, pairs: 2 };
const options = { task, learningRate: 1e-2, batch: 8, tokens: 40 * 8 * 16, seed: 1 };

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("training makes the loss smaller, and its weights are a model like any other", () =>
  inFolder(async (folder) => {
    const trained = await trainModel(spec, { ...options, folder });
    assert.equal(trained.steps, 40);
    assert.equal(trained.losses.length, 40);
    const mean = (losses: number[]) => losses.reduce((a, b) => a + b) / losses.length;
    assert.ok(mean(trained.losses.slice(-10)) < 0.95 * mean(trained.losses.slice(0, 10)));
    assert.ok(trained.test.loss < mean(trained.losses.slice(0, 10)));
    const model = await openModel(trained.ref, { provider: "cpu", threads: 1 });
    const [{ logLikelihood }] = await model.score([{ contextIds: [1, 2], continuationIds: [3] }]);
    await model.close();
    assert.ok(Number.isFinite(logLikelihood));
  }));

Deno.test("a run that was killed goes on where it was, on the same curve, bit for bit", () =>
  inFolder(async (folder) => {
    const whole = await trainModel(spec, { ...options, folder: join(folder, "whole") });
    const script = join(import.meta.dirname!, "train_child.ts"), killed = join(folder, "killed");
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", script, JSON.stringify({ spec, options: { ...options, folder: killed } })],
      stdout: "null",
    }).spawn();
    assert.equal((await child.status).signal, "SIGKILL");
    const { step } = await stepOf(join(killed, "checkpoint.safetensors"));
    assert.ok(step > 0 && step < 40, `killed at step ${step}`);
    let first = 0;
    const reported: number[] = [];
    const resumed = await trainModel(spec, {
      ...options,
      folder: killed,
      onProgress: ({ step, losses }) => {
        first ||= step;
        reported.push(...losses);
      },
    });
    assert.ok(first > step);
    assert.deepEqual(reported, whole.losses); // with those that the killed run had kept
    assert.deepEqual(resumed.losses, whole.losses);
    assert.deepEqual(await Deno.readFile(resumed.weights), await Deno.readFile(whole.weights));
  }));

async function stepOf(path: string): Promise<{ step: number }> {
  const { tensors } = await openSafetensors(path);
  return { step: tensors.get("losses")!.shape[0] };
}

Deno.test("a loss that is no number stops the run, says so, and keeps the last good state", () =>
  inFolder(async (folder) => {
    await assert.rejects(
      trainModel(spec, { ...options, learningRate: 1e38, folder }),
      /Training "tiny" stopped: the (loss|gradient) is not finite at step \d+ of 40, .* try a smaller learning rate/,
    );
    const { tensors } = await openSafetensors(join(folder, "checkpoint.safetensors"));
    assert.ok(tensors.has("parameters"));
  }));

Deno.test("a checkpoint of another run is refused, naming what differs", () =>
  inFolder(async (folder) => {
    await trainModel(spec, { ...options, tokens: 2 * 8 * 16, folder });
    const other = tinySpec([full], { vocabSize: 16 });
    await assert.rejects(trainModel(other, { ...options, folder }), /another run \(another spec, budget\)/);
  }));

Deno.test("bad options are refused before any work", async () => {
  const refused = (changes: Partial<TrainOptions>, message: RegExp, of = spec) =>
    assert.rejects(trainModel(of, { ...options, folder: "/nowhere", ...changes }), message);
  await refused({ learningRate: 0 }, /learningRate must be a number above 0, got 0/);
  await refused({ learningRate: NaN }, /learningRate must be a number above 0, got NaN/);
  await refused({ seed: 0.5 }, /seed must be an integer >= 0, got 0.5/);
  await refused({ batch: 0 }, /batch must be an integer >= 1, got 0/);
  await refused({ tokens: 127 }, /a budget of 127 tokens is too small, one step of 8 x 16 tokens takes 128/);
  await refused({ tokens: undefined }, /one of tokens, flops and seconds, got none of them/);
  await refused({ tokens: -1 }, /tokens must be a number above 0 and at most 1000000000000000, got -1/);
  await refused({ flops: 1e9 }, /one of tokens, flops and seconds, got tokens and flops/);
  await refused(
    { task: { ...task, vocabSize: 64 } },
    /ids up to 63, its vocabSize is 16; set vocabSize to at least 64/,
  );
  await refused({ task: { ...task, tokens: 128 } }, /sequences of 128 tokens, its contextLength is 64/);
  const rwkv = tinySpec([full, { kind: "rwkv6", heads: 2, headDim: 16 }], { vocabSize: 16 });
  await refused({}, /layers\[1\]\.mixer\.kind "rwkv6" has no trainable form in this version/, rwkv);
});

Deno.test("budgets: FLOPs of a step are three times those of its forward pass", () => {
  // plain: q, k, v, o, outputGate 32 x 32 each; two heads' states read and written, 4 * 16 * 16 each, a token
  const perToken = 2 * 5 * 32 * 32 + 2 * 4 * 16 * 16;
  const head = 2 * 6 * 32 * 16;
  assert.equal(stepFlops(spec, { batch: 3, tokens: 16, rows: 6 }), 3 * (3 * 16 * perToken + head));
  assert.equal(checkBudget({ seconds: 3 }), "seconds");
});

Deno.test("the learning rate rises over a tenth of the steps and falls to a tenth of its peak", () => {
  const rates = Array.from({ length: 100 }, (_, i) => learningRateAt(i + 1, 100, 1));
  assert.ok(Math.abs(rates[0] - 0.1) < 1e-12 && rates[9] === 1);
  assert.ok(Math.abs(rates[54] - 0.55) < 1e-12); // half way down
  assert.ok(Math.abs(rates[99] - 0.1) < 1e-12);
  assert.ok(Number.isFinite(learningRateAt(1, 1, 1)));
});
