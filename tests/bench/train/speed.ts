/** Steps against PyTorch: the same architecture, weights, batches and optimiser, turn by turn. */
import { join } from "node:path";
import { existsSync } from "node:fs";
import type { ArchSpec, AttentionSpec } from "../../../lib/arch/spec.ts";
import { readCounters, resetPeak } from "../../../lib/model/counters.ts";
import { exponentialInterval } from "../../../lib/stats/mean_interval.ts";
import { seededRandom } from "../../../lib/stats/random.ts";
import { cacheDir } from "../../../lib/store/paths.ts";
import { stepFlops } from "../../../lib/train/budget.ts";
import { saveWeights, type TrainState } from "../../../lib/train/checkpoint.ts";
import { initialParameters, planParameters } from "../../../lib/train/parameters.ts";
import { learningRateAt } from "../../../lib/train/schedule.ts";
import { openTask } from "../../../lib/train/tasks/open_task.ts";
import { stepRandom } from "../../../lib/train/tasks/task.ts";
import { ADAM_DEFAULTS, Trainer } from "../../../lib/train/trainer.ts";
import { peakMb, PeerProcess } from "../peers/peer_process.ts";

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
const STEPS = 5, BATCH = 16, RATE = 1e-3;

/**
 * Prints the speed of each of `rounds` rounds of 5 steps, and how far the losses of the first 20 steps are apart. Beside
 * the time that passed stands the processor time, which other work on the machine disturbs less.
 */
export async function speedAgainstTorch(rounds: number, threads: number): Promise<void> {
  const python = cacheDir("peers", "venv", "bin", "python");
  if (!existsSync(python)) {
    console.log("not run: PyTorch is not there; npx deno@2.8.1 task bench:peers installs it");
    return;
  }
  const task = await openTask({ kind: "text", tokens: spec.contextLength });
  const folder = await Deno.makeTempDir();
  const plan = planParameters(spec), parameters = await initialParameters(spec, 0), n = plan.count;
  const weights = join(folder, "weights.safetensors");
  await saveWeights(weights, plan, parameters);
  const { heads, kvHeads, headDim } = mixer;
  const torch = await PeerProcess.start("PyTorch", [
    python,
    join(import.meta.dirname!, "torch_trainer.py"),
    weights,
    JSON.stringify({
      ...{ heads, kvHeads, headDim, layers: spec.layers.length, tokens: spec.contextLength },
      ...{ epsilon: spec.norm.epsilon, theta: 10000, adam: ADAM_DEFAULTS },
    }),
    String(threads),
  ]);
  const before = resetPeak().residentBytes;
  const shape = { batch: BATCH, tokens: task.tokens, rows: BATCH * task.rows };
  const trainer = await Trainer.open(spec, shape, ADAM_DEFAULTS, threads);
  const total = STEPS * (rounds + 1);
  let state: TrainState = {
    ...{ step: 0, steps: total, parameters, momentum: new Float32Array(n), variance: new Float32Array(n) },
    ...{ losses: [], seconds: 0 },
  };
  const torchLosses: number[] = [], logs: number[] = [], cpuLogs: number[] = [], random = seededRandom(1);
  for (let round = 0; round <= rounds; round++) {
    const numbers = Array.from({ length: STEPS }, (_, i) => round * STEPS + i + 1);
    const batches = numbers.map((step) => task.trainBatch(stepRandom(0, step), BATCH));
    const rates = numbers.map((step) => learningRateAt(step, total, RATE));
    let own = { ms: 0, cpuMs: 0 }, their = own;
    const ours = async () => {
      const start = performance.now(), cpu = readCounters().cpuTimeMs!;
      state = await trainer.steps(state, batches, rates);
      own = { ms: performance.now() - start, cpuMs: readCounters().cpuTimeMs! - cpu };
    };
    const theirs = async () => {
      const rows = (of: "ids" | "targets") => batches.map((b) => byRow(b[of], task.tokens));
      const request = { ids: rows("ids"), targets: rows("targets"), rates };
      const answer = await torch.call<{ losses: number[]; ms: number; cpuMs: number }>("steps", request);
      torchLosses.push(...answer.losses);
      their = answer;
    };
    for (const turn of random.next() < 0.5 ? [ours, theirs] : [theirs, ours]) await turn();
    if (round === 0) continue; // both are still warming up
    logs.push(Math.log(their.ms / own.ms));
    cpuLogs.push(Math.log(their.cpuMs / own.cpuMs));
    const rate = (ms: number) => (1000 * STEPS / ms).toFixed(2);
    console.log(
      `round ${round}: ${rate(own.ms)} steps/s, PyTorch ${rate(their.ms)}; of processor time ${rate(own.cpuMs)} and ${
        rate(their.cpuMs)
      } steps/s`,
    );
  }
  const differences = torchLosses.slice(0, 20).map((loss, i) => Math.abs(loss - state.losses[i]));
  console.log(
    `${n} parameters, ${BATCH} x ${task.tokens} tokens a step, ${threads} threads, PyTorch ${torch.versions.torch}`,
  );
  console.log(`losses of steps 1, 10, 20: ${[0, 9, 19].map((i) => state.losses[i].toFixed(4)).join(", ")}`);
  console.log(`PyTorch's:                 ${[0, 9, 19].map((i) => torchLosses[i].toFixed(4)).join(", ")}`);
  console.log(`largest difference over the first 20 steps: ${Math.max(...differences).toExponential(1)} nats`);
  for (const [what, ratios] of [["time", logs], ["processor time", cpuLogs]] as const) {
    const { point, low, high } = exponentialInterval(ratios);
    console.log(`speed-up over PyTorch, ${what}: ${point.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`);
  }
  console.log(`FLOPs of a step: ${(stepFlops(spec, shape) / 1e9).toFixed(2)} G`);
  const ourMb = Math.round((readCounters().peakResidentBytes - before) / 1e6);
  console.log(
    `peak memory: ${ourMb} MB above what the process held before; PyTorch's whole process ${await peakMb(
      torch.pid,
    )} MB`,
  );
  await trainer.release();
  await torch.close();
  await Deno.remove(folder, { recursive: true });
}

function byRow(values: Int32Array, width: number): number[][] {
  return Array.from({ length: values.length / width }, (_, i) => [...values.subarray(i * width, (i + 1) * width)]);
}
