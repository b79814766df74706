/**
 * RWKV-6's time mix (Peng et al. 2024, arXiv 2404.05892, section 4.2): gated linear attention that reads its state
 * before a token is in it.
 */
import { MS } from "../../onnx/graph_builder.ts";
import { type PackedLinear, type PackedTensor, transpose } from "../packer.ts";
import { dequantise } from "../quant_blocks.ts";
import type { ArchSpec, Rwkv6Spec } from "../spec.ts";
import { type Block, exact, matrix, type Place, vector } from "./block.ts";
import { emitSilu } from "./silu.ts";
import { emitMix, emitShiftedBy, emitTokenBefore, shiftState } from "./token_shift.ts";

/** Of the norm of each head: 1e-5 times the square of what the authors' training divides heads by, 8 in all sizes. */
const HEAD_NORM_EPSILON = 1e-5 * 8 ** 2;

/** What the five shares of the token before are for, in this order: decay, key, value, receptance, gate. */
const MIXES = 5;

type PackedRwkv6 = {
  shiftMix: PackedTensor;
  mixDown: PackedLinear;
  /** [5][1][mixRank][hiddenSize]; the batch goes into the second axis. */
  mixUp: PackedTensor;
  /** [5][1][1][hiddenSize] */
  mix: PackedTensor;
  r: PackedLinear;
  k: PackedLinear;
  v: PackedLinear;
  gate: PackedLinear;
  decayDown: PackedLinear;
  decayUp: PackedLinear;
  decayBias: PackedTensor;
  bonus: PackedTensor;
  /** [1][heads][headDim] each. */
  norm: PackedTensor;
  normBias: PackedTensor;
  o: PackedLinear;
};

/**
 * The fused operator updates a state and then reads it. So it is fed the keys, values and decays of the token before:
 * its state is then the one that a token must read, and what the token reads of itself, (r * bonus * k) v, is added
 * behind it. The last token's key, value and decay wait in a state of their own until the next token comes.
 */
export function rwkv6(spec: ArchSpec, mixer: Rwkv6Spec): Block<PackedRwkv6> {
  const { heads, headDim, mixRank = 32, decayRank = 64 } = mixer, D = spec.hiddenSize;
  return {
    parameters: [
      vector("shiftMix", D, "fraction"),
      matrix("mixDown", MIXES * mixRank, D),
      exact("mixUp", MIXES * D, mixRank),
      { ...vector("mix", D, "fraction"), rows: MIXES },
      matrix("r", D, D),
      matrix("k", D, D),
      matrix("v", D, D),
      matrix("outputGate", D, D),
      matrix("decayDown", decayRank, D),
      exact("decayUp", D, decayRank),
      vector("decayBias", D, "decay_rate"),
      { ...vector("bonus", headDim, "fraction"), rows: heads },
      vector("norm", D),
      vector("normBias", D, "zeros"),
      matrix("o", D, D),
    ],
    states: [
      { name: "state", dims: [heads, headDim, headDim], type: "float32" },
      shiftState("shift", D),
      shiftState("pending", 3 * D),
    ],
    async pack(read, packer) {
      const tensor = async (name: string, dims: number[]) =>
        packer.tensor(name, "float32", dims, dequantise(await read(name)));
      const up = dequantise(await read("mixUp")), size = D * mixRank, mixUp = new Float32Array(MIXES * size);
      for (let at = 0; at < mixUp.length; at += size) mixUp.set(transpose(up.subarray(at, at + size), D, mixRank), at);
      return {
        shiftMix: await packer.vector("shiftMix", await read("shiftMix")),
        mixDown: await packer.linear("mixDown", await read("mixDown")),
        mixUp: await packer.tensor("mixUp", "float32", [MIXES, 1, mixRank, D], mixUp),
        mix: await tensor("mix", [MIXES, 1, 1, D]),
        r: await packer.linear("r", await read("r")),
        k: await packer.linear("k", await read("k")),
        v: await packer.linear("v", await read("v")),
        gate: await packer.linear("outputGate", await read("outputGate")),
        decayDown: await packer.linear("decayDown", await read("decayDown")),
        decayUp: await packer.dense("decayUp", await read("decayUp")),
        decayBias: await packer.vector("decayBias", await read("decayBias")),
        bonus: await packer.vector("bonus", await read("bonus")),
        norm: await tensor("norm", [1, heads, headDim]),
        normBias: await tensor("normBias", [1, heads, headDim]),
        o: await packer.linear("o", await read("o")),
      };
    },
    emit(place, weights, x) {
      const { nodes, inputs, layer } = place, { g } = nodes;
      const [forDecay, forK, forV, forR, forGate] = mixed(place, weights, x);
      const decay = logDecay(place, weights, forDecay);
      const k = nodes.linear(forK, weights.k), v = nodes.linear(forV, weights.v);
      const pending = emitTokenBefore(place, "pending", g.node("Concat", [k, v, decay], { axis: -1 }));
      const [kBefore, vBefore, decayBefore] = nodes.split(pending, [D, D, D]);
      const r = nodes.linear(forR, weights.r);
      const { past, present } = inputs.state(layer, "state"), read = g.fresh("read");
      g.node("LinearAttention", [r, kBefore, vBefore, past, decayBefore], {
        q_num_heads: heads,
        kv_num_heads: heads,
        update_rule: "gated",
        scale: { float: 1 },
      }, { domain: MS, outputs: [read, present] });
      const all = g.node("Add", [read, ofItself(place, weights, r, k, v)]);
      const gate = emitSilu(nodes, nodes.linear(forGate, weights.gate));
      return nodes.linear(g.node("Mul", [normed(place, weights, all), gate]), weights.o);
    },
  };

  /** x with a share of the token before, once for each of `MIXES`: what the share is depends on x itself. */
  function mixed(place: Place, { shiftMix, mixDown, mixUp, mix }: PackedRwkv6, x: string): string[] {
    const { nodes } = place, { g } = nodes;
    const shiftedBy = emitShiftedBy(place, "shift", x);
    const inner = g.node("Tanh", [nodes.linear(emitMix(place, x, shiftedBy, shiftMix), mixDown)]);
    const apart = g.node("Transpose", [nodes.reshape(inner, [0, 0, MIXES, mixRank])], { perm: [2, 0, 1, 3] });
    const shares = g.node("Add", [g.node("MatMul", [apart, nodes.weight(mixUp)]), nodes.weight(mix)]);
    const all = g.node("Add", [x, g.node("Mul", [shiftedBy, shares])]); // [5, batch, tokens, hiddenSize]
    return nodes.split(all, new Array(MIXES).fill(1), 0).map((one) => g.node("Squeeze", [one, nodes.int64([0])]));
  }

  /** ln of the decay of each channel, -exp(bias + W2 tanh(W1 x)). */
  function logDecay({ nodes }: Place, { decayDown, decayUp, decayBias }: PackedRwkv6, x: string): string {
    const { g } = nodes, inner = g.node("Tanh", [nodes.linear(x, decayDown)]);
    return g.node("Neg", [g.node("Exp", [nodes.affine(inner, decayUp, decayBias)])]);
  }

  /** What a token reads of itself: (r * bonus * k) v in each head. */
  function ofItself({ nodes }: Place, { bonus }: PackedRwkv6, r: string, k: string, v: string): string {
    const { g } = nodes, byHead = (value: string) => nodes.reshape(value, [0, 0, heads, headDim]);
    const products = byHead(g.node("Mul", [g.node("Mul", [r, k]), nodes.weight(bonus)]));
    const weight = g.node("ReduceSum", [products, nodes.int64([-1])], { keepdims: 1 });
    return nodes.reshape(g.node("Mul", [byHead(v), weight]), [0, 0, D]);
  }

  /** LayerNorm of each head, with weights of its own: the operator takes them for the last two of three axes. */
  function normed({ nodes }: Place, { norm, normBias }: PackedRwkv6, value: string): string {
    const { g } = nodes, operands = [nodes.weight(norm), nodes.weight(normBias)];
    const byHead = nodes.reshape(value, [-1, heads, headDim]);
    const attributes = { axis: -1, epsilon: { float: HEAD_NORM_EPSILON } };
    return g.node("Reshape", [
      g.node("LayerNormalization", [byHead, ...operands], attributes),
      g.node("Shape", [value]),
    ]);
  }
}
