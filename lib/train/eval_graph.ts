/**
 * The trainable form without a way back: how well a batch is predicted.
 *
 * Inputs: `parameters` float [count]; `ids` int64 [batch * tokens]; `rows` and `targets` int64 [rows].
 * Outputs: `loss` float [], the mean of -ln p in nats; `correct` float [], the share of rows whose target is the most
 * probable; `logits` float [rows, vocabSize].
 */
import type { ArchSpec } from "../arch/spec.ts";
import { DATA_TYPES, GraphBuilder } from "../onnx/graph_builder.ts";
import { emitForward } from "./forward.ts";
import { crossEntropy } from "./loss.ts";
import { Ops } from "./ops.ts";
import type { ParameterPlan } from "./parameters.ts";
import { splitParameters, type StepShape } from "./train_graph.ts";

export function evalGraph(spec: ArchSpec, plan: ParameterPlan, shape: StepShape): GraphBuilder {
  const g = new GraphBuilder("eval"), ops = new Ops(g, g, { recording: false });
  const input = (name: string, type: "float32" | "int64", dims: number[]) => ({
    name: g.input(name, type, dims),
    dims,
  });
  const named = splitParameters(ops, plan, input("parameters", "float32", [plan.count]));
  const ids = input("ids", "int64", [shape.batch * shape.tokens]), rows = input("rows", "int64", [shape.rows]);
  const targets = input("targets", "int64", [shape.rows]);
  const logits = emitForward(ops, spec, shape, (name) => named.get(name)!, ids, rows);
  const loss = crossEntropy(ops, logits, targets);
  const best = g.node("ArgMax", [logits.name], { axis: 1, keepdims: 0 });
  const equal = g.node("Cast", [g.node("Equal", [best, targets.name])], { to: DATA_TYPES.float32 });
  g.output(g.node("Identity", [loss.name], {}, { outputs: ["loss"] }), "float32", []);
  g.output(g.node("ReduceMean", [equal], { keepdims: 0 }, { outputs: ["correct"] }), "float32", []);
  g.output(g.node("Identity", [logits.name], {}, { outputs: ["logits"] }), "float32", [shape.rows, spec.vocabSize]);
  return g;
}
