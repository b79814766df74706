/** Steps of training against PyTorch: the same small Llama, first weights, batches and optimiser. */
import { mkdir } from "node:fs/promises";
import type { ArchSpec, AttentionSpec } from "../../../../lib/arch/spec.ts";
import { median } from "../../../../lib/stats/summary.ts";
import { cacheDir } from "../../../../lib/store/paths.ts";
import { stepFlops } from "../../../../lib/train/budget.ts";
import { saveWeights } from "../../../../lib/train/checkpoint.ts";
import { initialParameters, planParameters } from "../../../../lib/train/parameters.ts";
import { learningRateAt } from "../../../../lib/train/schedule.ts";
import { openTask } from "../../../../lib/train/tasks/open_task.ts";
import { stepRandom, type TrainingTask } from "../../../../lib/train/tasks/task.ts";
import { ADAM_DEFAULTS } from "../../../../lib/train/trainer.ts";
import { peer } from "../contestants.ts";
import { installPython, script, THREADS, venvPython } from "../environment.ts";
import type { BenchModel } from "../models.ts";
import type { PeerProcess } from "../peer_process.ts";
import type { RoundSample } from "../rounds.ts";
import { of, type Work } from "../work.ts";

const mixer: AttentionSpec = { kind: "attention", heads: 4, kvHeads: 2, headDim: 64 };
const spec: ArchSpec = {
  name: "llama sibling",
  vocabSize: 258,
  hiddenSize: 256,
  contextLength: 128,
  layers: new Array(4).fill({ mixer, channel: { kind: "swiglu", intermediateSize: 768 } }),
  norm: { kind: "rmsnorm", epsilon: 1e-5 },
  position: { kind: "rope", theta: 10000 },
  tiedHead: true,
};
const MINE = "Archbench", TORCH = "PyTorch";
/** Steps of a sample; one before it is not counted. Schedules are of as many as a block of two rounds has. */
const STEPS = 9, BATCH = 16, RATE = 1e-3, SCHEDULE = 20;
/** Losses are compared over the first so many steps, and must agree to so much. */
const COMPARED = 20, LOSS_DISTANCE = 1e-3;

interface Steps {
  /** Of all steps of this process so far, in nats. */
  losses: number[];
  ms: number;
  cpuMs: number;
}

/** One who trains: where each process stands is kept here, since a new one starts at the first step. */
function contestant(model: BenchModel, name: string, task: TrainingTask, command: () => Promise<string[]>) {
  const losses = new WeakMap<PeerProcess, number[]>();
  const steps = async (p: PeerProcess, count: number): Promise<Steps> => {
    const before = losses.get(p) ?? [];
    const numbers = Array.from({ length: count }, (_, i) => before.length + i + 1);
    const batches = numbers.map((step) => task.trainBatch(stepRandom(0, step), BATCH));
    const answer = await p.call<Steps>("steps", {
      ids: batches.map(({ ids }) => inRows(ids, task.tokens)),
      targets: batches.map(({ targets }) => inRows(targets, task.tokens)),
      rates: numbers.map((step) => learningRateAt(step, SCHEDULE, RATE)),
    });
    const all = [...before, ...answer.losses];
    losses.set(p, all);
    return { ...answer, losses: all };
  };
  return peer(model, name, command, {
    warmUp: (p) => steps(p, 1),
    measure: async (p) => {
      const raw = await steps(p, STEPS);
      return { value: 1000 * STEPS / raw.ms, raw };
    },
  });
}

export const train: Work = {
  name: "train",
  title: () => "training steps of a small Llama on bytes of text, 16 x 128 tokens, fp32",
  unit: "steps/s",
  async plan({ model, rounds = 12, blocks = 6 }) {
    const task = await openTask({ kind: "text", tokens: spec.contextLength });
    const shape = { batch: BATCH, tokens: task.tokens, rows: BATCH * task.rows };
    const torch = async () => {
      await installPython();
      const weights = cacheDir("peers", "train.safetensors"), { heads, kvHeads, headDim } = mixer;
      await mkdir(cacheDir("peers"), { recursive: true });
      await saveWeights(weights, planParameters(spec), await initialParameters(spec, 0));
      const architecture = {
        ...{ heads, kvHeads, headDim, layers: spec.layers.length, tokens: spec.contextLength },
        ...{ epsilon: spec.norm.epsilon, theta: 10000, adam: ADAM_DEFAULTS },
      };
      return [venvPython, script("torch_trainer.py"), weights, JSON.stringify(architecture), String(THREADS)];
    };
    const own = [Deno.execPath(), "run", "-A", "--quiet", script("train_peer.ts"), JSON.stringify({ spec, shape })];
    const mine = contestant(model, MINE, task, () => Promise.resolve([...own, String(THREADS)]));
    return {
      rounds,
      blocks,
      contestants: [mine, contestant(model, TORCH, task, torch)],
      goals: [{ ours: MINE, against: TORCH, least: 1 }],
      checks: (samples) => {
        const [a, b] = [longest(samples, MINE), longest(samples, TORCH)], n = Math.min(COMPARED, a.length, b.length);
        if (n === 0) return [];
        const largest = Math.max(...a.slice(0, n).map((loss, i) => Math.abs(loss - b[i])));
        const detail = `losses of the first ${n} steps to ${largest.toExponential(1)} nats`;
        return [{ what: `${TORCH} against ${MINE}`, ok: largest <= LOSS_DISTANCE, detail }];
      },
      facts: (samples) => {
        const flops = stepFlops(spec, shape), { count } = planParameters(spec);
        const rates = [MINE, TORCH].flatMap((name) => {
          const all = of(samples, name);
          if (!all.length) return [];
          const cpu = median(all.map((s) => STEPS * 1000 / (s.raw as Steps).cpuMs));
          return [
            `${name} ${(median(all.map((s) => s.value)) * flops / 1e9).toFixed(0)} GFLOP/s, ${
              cpu.toFixed(1)
            } steps a second of processor time`,
          ];
        });
        return [
          `${count.toLocaleString("en")} parameters, ${(flops / 1e9).toFixed(1)} GFLOP a step: ${rates.join("; ")}`,
        ];
      },
    };
  },
};

/** [sequences][tokens] */
function inRows(values: Int32Array, width: number): number[][] {
  return Array.from({ length: BATCH }, (_, i) => [...values.subarray(i * width, (i + 1) * width)]);
}

/** The losses of a contestant's longest run. */
function longest(samples: RoundSample[], name: string): number[] {
  const runs = of(samples, name).map((s) => (s.raw as Steps).losses);
  return runs.reduce((a, b) => b.length > a.length ? b : a, []);
}
