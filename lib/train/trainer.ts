/** Steps of training on one open session: the state goes in, the state after so many steps comes out. */
import type { ArchSpec } from "../arch/spec.ts";
import { floats, int64s, openSession, type Session } from "../model/session.ts";
import type { TrainState } from "./checkpoint.ts";
import { size } from "./ops.ts";
import { type ParameterPlan, planParameters } from "./parameters.ts";
import type { Batch } from "./tasks/task.ts";
import { adamSchedule, type AdamWOptions, type StepShape, TRAIN_FETCHES, trainGraph } from "./train_graph.ts";

/** The loss or the gradient was no longer a number. */
export class NotFiniteError extends Error {
  override name = "NotFiniteError";
  constructor(readonly step: number, readonly what: string) {
    super(`the ${what} is not finite at step ${step}`);
  }
}

export const ADAM_DEFAULTS: Required<AdamWOptions> = {
  beta1: 0.9,
  beta2: 0.98,
  epsilon: 1e-8,
  weightDecay: 0.01,
  clip: 1,
};

export class Trainer {
  private constructor(
    readonly plan: ParameterPlan,
    readonly shape: StepShape,
    readonly adam: Required<AdamWOptions>,
    readonly session: Session,
    readonly decays: Float32Array,
  ) {}

  static async open(spec: ArchSpec, shape: StepShape, adam: Required<AdamWOptions>, threads: number): Promise<Trainer> {
    const plan = planParameters(spec), decays = new Float32Array(plan.count);
    for (const p of plan.parameters) if (p.decays) decays.fill(1, p.offset, p.offset + size(p.dims));
    const model = trainGraph(spec, plan, shape, adam).model();
    return new Trainer(plan, shape, adam, await openSession(model, { provider: "cpu", threads }), decays);
  }

  /**
   * As many steps as there are batches, in one run of the graph.
   *
   * @param rates Learning rate of each step.
   * @returns The state after them; the one that came in is as it was.
   * @throws {NotFiniteError} If a loss or a gradient is not finite.
   */
  async steps(state: TrainState, batches: Batch[], rates: number[]): Promise<TrainState> {
    const { plan, shape, session } = this, n = batches.length;
    const start = performance.now();
    const joined = (of: keyof Batch, width: number) => {
      const all = new Int32Array(n * width);
      batches.forEach((batch, i) => all.set(batch[of], i * width));
      return int64s(all, [n, width]);
    };
    const schedule = adamSchedule(rates, state.step + 1, this.adam);
    const out = await session.run({
      parameters: floats(state.parameters, [plan.count]),
      momentum: floats(state.momentum, [plan.count]),
      variance: floats(state.variance, [plan.count]),
      decays: floats(this.decays, [plan.count]),
      ids: joined("ids", shape.batch * shape.tokens),
      rows: joined("rows", shape.rows),
      targets: joined("targets", shape.rows),
      rate: floats(schedule.rate, [n]),
      step_size: floats(schedule.step_size, [n]),
      correction: floats(schedule.correction, [n]),
      steps: int64s([n], []),
    }, TRAIN_FETCHES);
    const values = (name: typeof TRAIN_FETCHES[number]) => out[name].data as Float32Array;
    for (const [name, what] of [["losses", "loss"], ["norms", "gradient"]] as const) {
      const bad = values(name).findIndex((x) => !Number.isFinite(x));
      if (bad >= 0) throw new NotFiniteError(state.step + 1 + bad, what);
    }
    return {
      step: state.step + n,
      steps: state.steps,
      parameters: values("parameters_out"),
      momentum: values("momentum_out"),
      variance: values("variance_out"),
      losses: [...state.losses, ...values("losses")],
      seconds: state.seconds + (performance.now() - start) / 1000,
    };
  }

  release(): Promise<void> {
    return this.session.release();
  }
}
