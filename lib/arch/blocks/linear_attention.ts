/** Linear attention with a state for each head: plain, gated, and with the delta rule. */
import { MS } from "../../onnx/graph_builder.ts";
import type { PackedLinear, PackedTensor } from "../packer.ts";
import { concatRows } from "../quant_blocks.ts";
import type { ArchSpec, LinearAttentionSpec } from "../spec.ts";
import { type Block, convolution, matrix, type PackedPart, type Place, vector } from "./block.ts";
import { convolutionState, emitCausalConv, packKernel } from "./causal_conv.ts";
import { decayOf } from "./decay.ts";
import { emitSilu } from "./silu.ts";

/** Added to the sum of squares when queries and keys are scaled to length 1, as Qwen3-Next does. */
export const LENGTH_EPSILON = 1e-6;

type PackedLinearAttention = PackedPart & {
  qkv: PackedLinear;
  convolution: PackedTensor | null;
  beta: PackedLinear | null;
  gate: PackedLinear | null;
  norm: PackedTensor;
  o: PackedLinear;
};

export function linearAttention(spec: ArchSpec, mixer: LinearAttentionSpec): Block<PackedLinearAttention> {
  const { rule, heads, keyHeads = heads, keyDim, valueDim, convolution: taps, outputGate = true } = mixer;
  const D = spec.hiddenSize, keys = keyHeads * keyDim, values = heads * valueDim, channels = 2 * keys + values;
  const isDelta = rule === "delta" || rule === "gated_delta", { normalise = isDelta } = mixer;
  const decay = rule === "gated" || rule === "gated_delta" ? decayOf(spec, mixer) : null;
  return {
    parameters: [
      matrix("q", keys, D),
      matrix("k", keys, D),
      matrix("v", values, D),
      ...(taps ? [convolution("convolution", channels, taps)] : []),
      ...(decay ? decay.parameters : []),
      ...(isDelta ? [matrix("beta", heads, D)] : []),
      ...(outputGate ? [matrix("outputGate", values, D)] : []),
      vector("norm", valueDim),
      matrix("o", D, values),
    ],
    states: [
      { name: "state", dims: [heads, keyDim, valueDim], type: "float32" },
      ...(taps ? [convolutionState(channels, taps)] : []),
    ],
    pack: async (read, packer) => ({
      qkv: await packer.linear("qkv", concatRows([await read("q"), await read("k"), await read("v")])),
      convolution: taps ? await packKernel(read, packer) : null,
      ...(decay ? await decay.pack(read, packer) : {}),
      beta: isDelta ? await packer.linear("beta", await read("beta")) : null,
      gate: outputGate ? await packer.linear("outputGate", await read("outputGate")) : null,
      norm: await packer.vector("norm", await read("norm")),
      o: await packer.linear("o", await read("o")),
    }),
    emit(place, weights, x) {
      const { nodes, inputs, layer } = place, { g } = nodes;
      const projected = nodes.linear(x, weights.qkv);
      const qkv = weights.convolution
        ? emitSilu(nodes, emitCausalConv(place, projected, weights.convolution))
        : projected;
      const operands = [...queriesKeysValues(place, qkv), inputs.state(layer, "state").past];
      if (decay) operands.push(decay.emit(place, weights, x));
      if (weights.beta) operands.push(...(decay ? [] : [""]), g.node("Sigmoid", [nodes.linear(x, weights.beta)]));
      const attributes = { q_num_heads: keyHeads, kv_num_heads: heads, update_rule: rule }; // scale: keyDim ** -0.5
      const outputs = [g.fresh("mixed"), inputs.state(layer, "state").present];
      const mixed = g.node("LinearAttention", operands, attributes, { domain: MS, outputs });
      return nodes.linear(normed(place, weights, mixed, x), weights.o);
    },
  };

  /** [batch, tokens, keyHeads * keyDim] twice, and [batch, tokens, heads * valueDim]. */
  function queriesKeysValues({ nodes, inputs, layer, rope }: Place, qkv: string): string[] {
    const { g } = nodes, tables = rope();
    if (!normalise && !tables) return nodes.split(qkv, [keys, keys, values]);
    let [qk, v] = nodes.split(qkv, [2 * keys, values]);
    if (normalise) {
      // x rsqrt(sum(x^2) + e) as an RMSNorm: its mean is the sum over keyDim, so e and the weight are too.
      const weight = new Array<number>(keyDim).fill(keyDim ** -0.5);
      // named as the weight in whose place it stands, so that costs find the layer
      const unit = nodes.root.constant(`layers.${layer}.unit`, "float32", [keyDim], weight);
      const attributes = { axis: -1, epsilon: { float: LENGTH_EPSILON / keyDim } };
      const byHead = nodes.reshape(qk, [0, 0, 2 * keyHeads, keyDim]);
      qk = nodes.reshape(g.node("SimplifiedLayerNormalization", [byHead, unit], attributes), [0, 0, 2 * keys]);
    }
    if (tables) {
      const dims = mixer.position?.kind === "rope" ? mixer.position.dims ?? keyDim : keyDim;
      const attributes = { num_heads: 2 * keyHeads, rotary_embedding_dim: dims };
      qk = g.node("RotaryEmbedding", [qk, inputs.positions(), tables.cos, tables.sin], attributes, { domain: MS });
    }
    return [...nodes.split(qk, [keys, keys]), v];
  }

  /** The norm of each head, times silu of the gate. */
  function normed({ nodes }: Place, { norm, gate }: PackedLinearAttention, mixed: string, x: string): string {
    // Apart: the operator GatedRMSNorm takes 60 times as long on the CPU (512 tokens of 6 heads of 64).
    const byHead = nodes.rmsNorm(nodes.reshape(mixed, [0, 0, heads, valueDim]), norm, spec.norm.epsilon);
    const all = nodes.reshape(byHead, [0, 0, values]);
    return gate ? nodes.g.node("Mul", [all, emitSilu(nodes, nodes.linear(x, gate))]) : all;
  }
}
