/**
 * Training as one plain ONNX graph: a Loop whose every turn is a step, forward, backward, clipping and AdamW.
 *
 * Inputs: `parameters`, `momentum`, `variance` float [count]; `decays` float [count], 1 where weight decay applies;
 * `ids` int64 [steps, batch * tokens]; `rows` and `targets` int64 [steps, rows]; `rate`, `step_size`, `correction` float
 * [steps], see `adamSchedule`; `steps` int64 [].
 * Outputs: the three vectors after the last step, `losses` and `norms` float [steps] (of the gradient, before clipping).
 */
import type { ArchSpec } from "../arch/spec.ts";
import { object, optional } from "../check/objects.ts";
import { quantity } from "../check/rules.ts";
import { GraphBuilder } from "../onnx/graph_builder.ts";
import { emitForward, type TrainShape } from "./forward.ts";
import { crossEntropy } from "./loss.ts";
import { Ops, size, type Tensor } from "./ops.ts";
import type { ParameterPlan } from "./parameters.ts";
import { gradients } from "./tape.ts";

/** Loshchilov and Hutter 2019 (arXiv 1711.05101), with clipping by the norm of the whole gradient. */
export interface AdamWOptions {
  /** Default 0.9. */
  beta1?: number;
  /** Default 0.98: runs here are short, so the squares must settle soon. */
  beta2?: number;
  /** Default 1e-8. */
  epsilon?: number;
  /** Default 0.01. */
  weightDecay?: number;
  /** Largest norm of the gradient. Default 1. */
  clip?: number;
}

const DECAY = quantity({ min: 0, below: 1 });
export const ADAM = object<AdamWOptions>({
  beta1: optional(DECAY),
  beta2: optional(DECAY),
  epsilon: optional(quantity({ above: 0 })),
  weightDecay: optional(quantity({ min: 0 })),
  clip: optional(quantity({ above: 0 })),
});

/** A batch's shape: `rows` tokens of it are predicted. */
export interface StepShape extends TrainShape {
  rows: number;
}

export const TRAIN_FETCHES = ["parameters_out", "momentum_out", "variance_out", "losses", "norms"] as const;

export function trainGraph(
  spec: ArchSpec,
  plan: ParameterPlan,
  shape: StepShape,
  adam: Required<AdamWOptions>,
): GraphBuilder {
  const root = new GraphBuilder("train"), n = plan.count;
  const vectors = ["parameters", "momentum", "variance"];
  for (const name of [...vectors, "decays"]) root.input(name, "float32", [n]);
  root.input("ids", "int64", ["steps", shape.batch * shape.tokens]);
  for (const name of ["rows", "targets"]) root.input(name, "int64", ["steps", shape.rows]);
  for (const name of ["rate", "step_size", "correction"]) root.input(name, "float32", ["steps"]);
  root.input("steps", "int64", []);
  root.node("Loop", ["steps", "", ...vectors], { body: { graph: stepGraph(root, spec, plan, shape, adam) } }, {
    outputs: [...TRAIN_FETCHES],
  });
  for (const name of TRAIN_FETCHES) root.output(name, "float32", [name === "losses" || name === "norms" ? "steps" : n]);
  return root;
}

function stepGraph(
  root: GraphBuilder,
  spec: ArchSpec,
  plan: ParameterPlan,
  shape: StepShape,
  adam: Required<AdamWOptions>,
): GraphBuilder {
  const g = new GraphBuilder("step", "step/"), ops = new Ops(root, g), out = ops.silent();
  const turn = { name: g.input("step/turn", "int64", []), dims: [] };
  g.input("step/go_on", "bool", []);
  const vector = (name: string): Tensor => ({
    name: g.input(`step/${name}`, "float32", [plan.count]),
    dims: [plan.count],
  });
  const parameters = vector("parameters"), momentum = vector("momentum"), variance = vector("variance");
  /** This turn's part of an input of the whole graph. */
  const ofTurn = (name: string, dims: number[]) => out.gather({ name, dims: [1, ...dims] }, turn);

  const named = splitParameters(out, plan, parameters);
  const ids = ofTurn("ids", [shape.batch * shape.tokens]);
  const rows = shape.rows === shape.batch * shape.tokens ? null : ofTurn("rows", [shape.rows]);
  const logits = emitForward(ops, spec, shape, (name) => named.get(name)!, ids, rows);
  const loss = crossEntropy(ops, logits, ofTurn("targets", [shape.rows]));
  const all = gradients(ops, loss, plan.parameters.map(({ name }) => named.get(name)!));
  const gradient = out.concat(all.map((part) => out.reshape(part, [size(part.dims)])), 0);

  const [squares] = out.emit("ReduceSumSquare", [gradient], [[]], { attributes: { keepdims: 0 } });
  const norm = out.unary("Sqrt", squares);
  const [factor] = out.emit("Min", [out.div(out.scalar(adam.clip), norm), out.scalar(1)], [[]]);
  const clipped = out.mul(gradient, factor);
  const blend = (old: Tensor, fresh: Tensor, beta: number) =>
    out.add(out.mul(old, out.scalar(beta)), out.mul(fresh, out.scalar(1 - beta)));
  const newMomentum = blend(momentum, clipped, adam.beta1);
  const newVariance = blend(variance, out.mul(clipped, clipped), adam.beta2);
  const root2 = out.add(out.mul(out.unary("Sqrt", newVariance), ofTurn("correction", [])), out.scalar(adam.epsilon));
  const update = out.mul(out.div(newMomentum, root2), ofTurn("step_size", []));
  const decay = out.mul(
    out.mul(parameters, { name: "decays", dims: [plan.count] }),
    out.mul(ofTurn("rate", []), out.scalar(adam.weightDecay)),
  );
  const newParameters = out.sub(parameters, out.add(update, decay));

  // The loop has no condition, but its body must give one.
  g.output(g.node("Identity", ["step/go_on"]), "bool", []);
  for (const { name } of [newParameters, newMomentum, newVariance]) g.output(name, "float32", [plan.count]);
  for (const { name } of [loss, norm]) g.output(name, "float32", []);
  return g;
}

/** The parameters by name, cut out of their vector. */
export function splitParameters(ops: Ops, plan: ParameterPlan, vector: Tensor): Map<string, Tensor> {
  const parts = ops.split(vector, plan.parameters.map(({ dims }) => size(dims)), 0);
  return new Map(plan.parameters.map(({ name, dims }, i) => [name, ops.reshape(parts[i], dims)]));
}

/** What a step's learning rate becomes: step size and correction of the squares, with Adam's bias corrections. */
export function adamSchedule(rates: number[], firstStep: number, { beta1, beta2 }: Required<AdamWOptions>) {
  return {
    rate: rates,
    step_size: rates.map((rate, i) => rate / (1 - beta1 ** (firstStep + i))),
    correction: rates.map((_, i) => (1 - beta2 ** (firstStep + i)) ** -0.5),
  };
}
