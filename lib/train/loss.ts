/** What training makes small. */
import type { Ops, Tensor } from "./ops.ts";

/**
 * The mean of -ln p(target) over rows, in nats.
 *
 * @param logits float32 [rows, vocabulary].
 * @param targets int64 [rows].
 */
export function crossEntropy(ops: Ops, logits: Tensor, targets: Tensor): Tensor {
  const out = ops.silent(), [rows] = logits.dims;
  const [logs] = out.emit("LogSoftmax", [logits], [logits.dims], { attributes: { axis: 1 } });
  const picked = [logs, out.reshape(targets, [rows, 1])];
  const [chosen] = out.emit("GatherElements", picked, [[rows, 1]], { attributes: { axis: 1 } });
  const loss = out.mul(out.reduceSum(chosen, [0, 1]), out.scalar(-1 / rows));
  ops.record({ op: "CrossEntropy", inputs: [logits, targets], outputs: [loss, logs], attributes: {}, data: [] });
  return loss;
}
