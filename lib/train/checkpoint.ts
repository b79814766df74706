/** A run's state on disk: one safetensors file, there only when whole, so that a killed run goes on where it was. */
import { openSafetensors, readTensor } from "../arch/safetensors.ts";
import type { ParameterPlan } from "./parameters.ts";
import { namedTensors, readMetadata, writeSafetensors } from "./safetensors_file.ts";

/** What a run carries from step to step. */
export interface TrainState {
  /** Steps done. */
  step: number;
  /** Steps that the run has in all; its schedule depends on it. */
  steps: number;
  parameters: Float32Array;
  momentum: Float32Array;
  variance: Float32Array;
  /** Mean loss of each step's batch before the step, in nats. */
  losses: number[];
  /** Time of the steps so far. */
  seconds: number;
}

/** @param description All that the run's numbers depend on. */
export async function saveCheckpoint(path: string, state: TrainState, description: unknown): Promise<void> {
  const { parameters, momentum, variance, losses, step, steps, seconds } = state, n = parameters.length;
  await writeSafetensors(path, [
    { name: "parameters", dims: [n], values: parameters },
    { name: "momentum", dims: [n], values: momentum },
    { name: "variance", dims: [n], values: variance },
    { name: "losses", dims: [losses.length], values: Float32Array.from(losses) },
  ], {
    description: JSON.stringify(description),
    step: String(step),
    steps: String(steps),
    seconds: String(seconds),
  });
}

/**
 * The state of a run that was begun before; null where none was.
 *
 * @throws {TypeError} If it belongs to another run, naming what differs.
 * @throws {SyntaxError} If the file is damaged.
 */
export async function loadCheckpoint(
  path: string,
  plan: ParameterPlan,
  description: Record<string, unknown>,
): Promise<TrainState | null> {
  let file;
  try {
    file = await openSafetensors(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  const metadata = await readMetadata(path);
  const stored = JSON.parse(String(metadata.description ?? "{}")) as Record<string, unknown>;
  const differing = Object.keys(description).filter((key) => {
    return JSON.stringify(stored[key]) !== JSON.stringify(description[key]);
  });
  if (differing.length) {
    throw new TypeError(
      `Cannot go on from ${path}: it is of another run (another ${differing.join(", ")}); pass another folder, or ` +
        `delete the file`,
    );
  }
  const [step, steps, seconds] = [metadata.step, metadata.steps, metadata.seconds].map(Number);
  const vectors = ["parameters", "momentum", "variance"] as const;
  for (const name of vectors) {
    if (file.tensors.get(name)?.shape[0] !== plan.count) {
      throw new SyntaxError(`Cannot go on from ${path}: ${name} has not the ${plan.count} numbers of the architecture`);
    }
  }
  const losses = [...await readTensor(file, "losses")];
  if (!Number.isSafeInteger(step) || !Number.isSafeInteger(steps) || losses.length !== step || step > steps) {
    throw new SyntaxError(`Cannot go on from ${path}: it has ${losses.length} losses at step ${step} of ${steps}`);
  }
  const [parameters, momentum, variance] = await Promise.all(vectors.map((name) => readTensor(file, name)));
  return { step, steps, seconds, losses, parameters, momentum, variance };
}

/** Write a run's parameters as a weights file, by our own names. */
export async function saveWeights(path: string, plan: ParameterPlan, parameters: Float32Array): Promise<void> {
  await writeSafetensors(path, namedTensors(plan, parameters));
}
