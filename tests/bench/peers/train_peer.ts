/** Training steps of ours in a process of its own, as a peer. Arguments: spec and batch as JSON, threads. */
import type { ArchSpec } from "../../../lib/arch/spec.ts";
import { readCounters } from "../../../lib/model/counters.ts";
import { TextLineStream } from "../../../lib/model/lines.ts";
import type { TrainState } from "../../../lib/train/checkpoint.ts";
import { initialParameters } from "../../../lib/train/parameters.ts";
import type { StepShape } from "../../../lib/train/train_graph.ts";
import { ADAM_DEFAULTS, Trainer } from "../../../lib/train/trainer.ts";

const { spec, shape } = JSON.parse(Deno.args[0]) as { spec: ArchSpec; shape: StepShape };
const say = (message: unknown) => console.log(JSON.stringify(message));
const zeros = (n: number) => new Float32Array(n);

const trainer = await Trainer.open(spec, shape, ADAM_DEFAULTS, Number(Deno.args[1]));
const parameters = await initialParameters(spec, 0), n = parameters.length;
let state: TrainState = {
  ...{ step: 0, steps: 0, losses: [], seconds: 0 },
  ...{ parameters, momentum: zeros(n), variance: zeros(n) },
};
say({ id: -1, result: { versions: {} } });
for await (const line of Deno.stdin.readable.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())) {
  const { id, params } = JSON.parse(line) as {
    id: number;
    /** [steps][sequences][tokens] */
    params: { ids: number[][][]; targets: number[][][]; rates: number[] };
  };
  const rows = Int32Array.from({ length: shape.rows }, (_, i) => i);
  const batches = params.ids.map((ids, i) => {
    return { ids: Int32Array.from(ids.flat()), rows, targets: Int32Array.from(params.targets[i].flat()) };
  });
  const before = readCounters().cpuTimeMs!, start = performance.now();
  state = await trainer.steps(state, batches, params.rates);
  const ms = performance.now() - start, cpuMs = readCounters().cpuTimeMs! - before;
  say({ id, result: { losses: state.losses.slice(-batches.length), ms, cpuMs } });
}
