/** Mamba-2 (Dao and Gu 2024, arXiv 2405.21060): its recurrence is gated linear attention, with C, B, dt x for q, k, v. */
import { MS } from "../../onnx/graph_builder.ts";
import type { PackedLinear, PackedTensor } from "../packer.ts";
import { dequantise } from "../quant_blocks.ts";
import type { ArchSpec, Mamba2Spec } from "../spec.ts";
import { type Block, convolution, matrix, vector } from "./block.ts";
import { convolutionState, emitCausalConv, packKernel } from "./causal_conv.ts";
import { emitSilu } from "./silu.ts";

type PackedMamba2 = {
  z: PackedLinear;
  xbc: PackedLinear;
  dt: PackedLinear;
  convolution: PackedTensor;
  convolutionBias: PackedTensor;
  dtBias: PackedTensor;
  /** -exp(aLog) */
  a: PackedTensor;
  /** The skip of each head, once for each of its channels. */
  skip: PackedTensor;
  norm: PackedTensor;
  o: PackedLinear;
};

export function mamba2(spec: ArchSpec, mixer: Mamba2Spec): Block<PackedMamba2> {
  const { heads, headDim, stateDim, groups = 1, convolution: taps = 4, timeStepLimit } = mixer;
  const D = spec.hiddenSize, inner = heads * headDim, shared = groups * stateDim, channels = inner + 2 * shared;
  return {
    parameters: [
      matrix("z", inner, D),
      matrix("xbc", channels, D),
      matrix("dt", heads, D),
      convolution("convolution", channels, taps),
      vector("convolutionBias", channels, "zeros"),
      vector("dtBias", heads, "time_step"),
      vector("aLog", heads, "decay"),
      vector("skip", heads),
      vector("norm", inner),
      matrix("o", D, inner),
    ],
    states: [{ name: "state", dims: [heads, stateDim, headDim], type: "float32" }, convolutionState(channels, taps)],
    async pack(read, packer) {
      const a = dequantise(await read("aLog")).map((v) => -Math.exp(v));
      const skip = dequantise(await read("skip"));
      const perChannel = Float32Array.from({ length: inner }, (_, i) => skip[Math.floor(i / headDim)]);
      return {
        z: await packer.linear("z", await read("z")),
        xbc: await packer.linear("xbc", await read("xbc")),
        dt: await packer.linear("dt", await read("dt")),
        convolution: await packKernel(read, packer),
        convolutionBias: await packer.vector("convolutionBias", await read("convolutionBias")),
        dtBias: await packer.vector("dtBias", await read("dtBias")),
        a: await packer.tensor("a", "float32", [heads], a),
        skip: await packer.tensor("skip", "float32", [inner], perChannel),
        norm: await packer.vector("norm", await read("norm")),
        o: await packer.linear("o", await read("o")),
      };
    },
    emit(place, weights, hidden) {
      const { nodes, inputs, layer } = place, { g } = nodes;
      const projected = nodes.linear(hidden, weights.xbc);
      const xbc = emitSilu(nodes, emitCausalConv(place, projected, weights.convolution, weights.convolutionBias));
      const [x, b, c] = nodes.split(xbc, [inner, shared, shared]);
      const dt = timeStep(nodes.affine(hidden, weights.dt, weights.dtBias));
      const decay = g.node("Mul", [dt, nodes.weight(weights.a)]);
      const steps = nodes.reshape(dt, [0, 0, heads, 1]), byHead = nodes.reshape(x, [0, 0, heads, headDim]);
      const value = nodes.reshape(g.node("Mul", [byHead, steps]), [0, 0, inner]);
      const { past, present } = inputs.state(layer, "state"), read = g.fresh("read");
      g.node("LinearAttention", [c, b, value, past, decay], {
        q_num_heads: groups,
        kv_num_heads: heads,
        update_rule: "gated",
        scale: { float: 1 },
      }, { domain: MS, outputs: [read, present] });
      const mixed = g.node("Add", [read, g.node("Mul", [x, nodes.weight(weights.skip)])]);
      const gate = emitSilu(nodes, nodes.linear(hidden, weights.z));
      return nodes.linear(normed(g.node("Mul", [mixed, gate])), weights.o);

      function timeStep(raw: string): string {
        const step = g.node("Softplus", [raw]);
        if (!timeStepLimit) return step;
        const [low, high] = timeStepLimit;
        return g.node("Clip", [step, nodes.float(low), nodes.float(high)]);
      }

      /** The mean of squares is over a group of heads, the weight has all of them. */
      function normed(value: string): string {
        if (groups === 1) return nodes.rmsNorm(value, weights.norm, spec.norm.epsilon);
        const size = inner / groups, weight = new Array<number>(size).fill(1);
        // named as the weight in whose place it stands, so that costs find the layer
        const ones = nodes.root.constant(`layers.${layer}.ones`, "float32", [size], weight);
        const byGroup = nodes.reshape(value, [0, 0, groups, size]);
        const attributes = { axis: -1, epsilon: { float: spec.norm.epsilon } };
        const unit = g.node("SimplifiedLayerNormalization", [byGroup, ones], attributes);
        return g.node("Mul", [nodes.reshape(unit, [0, 0, inner]), nodes.weight(weights.norm)]);
      }
    },
  };
}
