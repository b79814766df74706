/** Gradients against finite differences along a random direction. */
import { GraphBuilder } from "../../lib/onnx/graph_builder.ts";
import { floats, openSession } from "../../lib/model/session.ts";
import { seededRandom } from "../../lib/stats/random.ts";
import { Ops, size, type Tensor } from "../../lib/train/ops.ts";
import { gradients } from "../../lib/train/tape.ts";

export interface RuleCase {
  shapes: number[][];
  apply(ops: Ops, ...inputs: Tensor[]): Tensor;
}

/** The gradient times a direction, and the central difference of the loss along it; the loss weights every output. */
export async function directionalError({ shapes, apply }: RuleCase, seed: number) {
  const random = seededRandom(seed), normals = (n: number) => Array.from({ length: n }, () => random.normal());
  const g = new GraphBuilder("case"), ops = new Ops(g, g);
  const inputs = shapes.map((dims, i) => ({ name: g.input(`x${i}`, "float32", dims), dims }));
  const y = apply(ops, ...inputs);
  const weighted = ops.mul(y, ops.constant(normals(size(y.dims)), [...y.dims]));
  const loss = ops.reduceSum(ops.reshape(weighted, [size(y.dims)]), [0]);
  g.output(loss.name, "float32", []);
  const found = gradients(ops, loss, inputs);
  const distinct = new Map(found.map(({ name, dims }) => [name, dims])); // both terms of a sum have one gradient
  distinct.forEach((dims, name) => g.output(name, "float32", [...dims]));

  const session = await openSession(g.model(), { provider: "cpu", threads: 1 });
  const at = shapes.map((dims) => normals(size(dims))), along = shapes.map((dims) => normals(size(dims)));
  const run = async (step: number) => {
    const feeds = Object.fromEntries(
      shapes.map((dims, i) => [`x${i}`, floats(at[i].map((x, j) => x + step * along[i][j]), dims)]),
    );
    return await session.run(feeds, [loss.name, ...distinct.keys()]);
  };
  const value = async (step: number) => Number((await run(step))[loss.name].data[0]);
  const h = 2e-3, here = await run(0);
  const gradient = found.reduce((sum, { name }, i) => {
    const values = here[name].data as Float32Array;
    return sum + along[i].reduce((s, d, j) => s + d * values[j], 0);
  }, 0);
  const difference = (await value(h) - await value(-h)) / (2 * h);
  await session.release();
  return { gradient, difference };
}
