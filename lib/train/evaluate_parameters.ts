/** How well parameters predict a task's test sequences. */
import type { ArchSpec } from "../arch/spec.ts";
import { floats, int64s, openSession } from "../model/session.ts";
import { evalGraph } from "./eval_graph.ts";
import { planParameters } from "./parameters.ts";
import { stepRandom, type TrainingTask } from "./tasks/task.ts";

/** Sequences of a test: the same for every model and seed. */
const TEST_SEQUENCES = 256, TEST_BATCH = 32;
/** Seed of the test's sequences; those of training are steps from 1 on. */
const TEST_SEED = -1;

export interface TestScore {
  /** Mean of -ln p over the predicted tokens, in nats. */
  loss: number;
  /** Share of them whose most probable token is the right one. */
  accuracy: number;
  /** loss / ln 2: bits per byte where tokens are bytes. */
  bits: number;
  sequences: number;
}

export async function evaluateParameters(
  spec: ArchSpec,
  parameters: Float32Array,
  task: TrainingTask,
  threads: number,
): Promise<TestScore> {
  const plan = planParameters(spec), rows = TEST_BATCH * task.rows;
  const model = evalGraph(spec, plan, { batch: TEST_BATCH, tokens: task.tokens, rows }).model();
  const session = await openSession(model, { provider: "cpu", threads });
  const batches = TEST_SEQUENCES / TEST_BATCH;
  let loss = 0, accuracy = 0;
  for (let i = 0; i < batches; i++) {
    const batch = task.testBatch(stepRandom(TEST_SEED, i), TEST_BATCH);
    const out = await session.run({
      parameters: floats(parameters, [plan.count]),
      ids: int64s(batch.ids, [batch.ids.length]),
      rows: int64s(batch.rows, [rows]),
      targets: int64s(batch.targets, [rows]),
    }, ["loss", "correct"]);
    loss += Number(out.loss.data[0]) / batches;
    accuracy += Number(out.correct.data[0]) / batches;
  }
  await session.release();
  return { loss, accuracy, bits: loss / Math.LN2, sequences: TEST_SEQUENCES };
}
