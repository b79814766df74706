/** Where the decay of a gated linear attention comes from: parts of its block, whose nodes give the decay's logarithm. */
import { MS } from "../../onnx/graph_builder.ts";
import type { PackedLinear, PackedTensor, Packer } from "../packer.ts";
import { dequantise, permuteRows } from "../quant_blocks.ts";
import type { ArchSpec, LinearAttentionSpec } from "../spec.ts";
import { exact, matrix, type PackedPart, type Parameter, type Place, type ReadParameter, vector } from "./block.ts";

export interface Decay<P extends PackedPart = PackedPart> {
  readonly parameters: Parameter[];
  pack(read: ReadParameter, packer: Packer): Promise<P>;
  /** From float32 [batch, tokens, hiddenSize]: [batch, tokens, heads], or [batch, tokens, heads * keyDim]. */
  emit(at: Place, weights: P, x: string): string;
}

/** The decay of a mixer with a gated rule. */
export function decayOf(spec: ArchSpec, mixer: LinearAttentionSpec): Decay {
  switch (mixer.decay!) {
    case "mamba":
      return mambaDecay(spec, mixer);
    case "retnet":
      return retnetDecay(mixer);
    case "channel":
      return channelDecay(spec, mixer);
  }
}

type PackedMambaDecay = { decay: PackedLinear; decayBias: PackedTensor; decayScale: PackedTensor };

/** -exp(aLog) softplus(W x + dtBias) for each head (Mamba-2, gated DeltaNet). */
function mambaDecay({ hiddenSize: D }: ArchSpec, { heads }: LinearAttentionSpec): Decay<PackedMambaDecay> {
  return {
    parameters: [matrix("decay", heads, D), vector("dtBias", heads, "time_step"), vector("aLog", heads, "decay")],
    async pack(read, packer) {
      const scale = dequantise(await read("aLog")).map((a) => -Math.exp(a));
      return {
        decay: await packer.linear("decay", await read("decay")),
        decayBias: await packer.vector("decayBias", await read("dtBias")),
        decayScale: await packer.tensor("decayScale", "float32", [heads], scale),
      };
    },
    emit: ({ nodes }, weights, x) => scaledSoftplus(nodes, nodes.linear(x, weights.decay), weights),
  };
}

/** ln(1 - 2^(-5 - h)) for head h (arXiv 2307.08621, equation 8). */
export function retnetDecays(heads: number): number[] {
  return Array.from({ length: heads }, (_, h) => Math.log1p(-(2 ** (-5 - h))));
}

function retnetDecay({ heads }: LinearAttentionSpec): Decay<Record<never, never>> {
  return {
    parameters: [],
    pack: () => Promise.resolve({}),
    emit({ nodes }, _, x) {
      const { g, root } = nodes;
      const decay = root.literal("float32", [heads], retnetDecays(heads));
      const shape = g.node("Concat", [g.node("Shape", [x], { start: 0, end: 2 }), nodes.int64([heads])], { axis: 0 });
      return g.node("Expand", [decay, shape]);
    },
  };
}

/** GLA's rank of the channels' decays, and the root that it takes of them (arXiv 2312.06635, section 4.4). */
const RANK = 16, ROOT = 16;

type PackedChannelDecay = { down: PackedLinear; up: PackedLinear; decayBias: PackedTensor; decayScale: PackedTensor };

/**
 * ln sigmoid(z) / 16 with z = W2 W1 x + b, for each channel of the key; heads that share a key share its decays. Packed
 * with the signs turned, since ln sigmoid(z) = -softplus(-z).
 */
function channelDecay(
  { hiddenSize: D }: ArchSpec,
  { heads, keyHeads = heads, keyDim }: LinearAttentionSpec,
): Decay<PackedChannelDecay> {
  const keys = keyHeads * keyDim, width = heads * keyDim;
  const channelOf = Array.from({ length: width }, (_, i) => {
    const head = Math.floor(i / keyDim);
    return Math.floor(head * keyHeads / heads) * keyDim + i % keyDim;
  });
  return {
    parameters: [
      matrix("decayDown", RANK, D),
      exact("decayUp", keys, RANK),
      vector("decayBias", keys, "zeros"),
    ],
    async pack(read, packer) {
      const up = dequantise(permuteRows(await read("decayUp"), channelOf)).map((w) => -w);
      const bias = dequantise(await read("decayBias"));
      const tensor = (name: string, values: Float32Array) => packer.tensor(name, "float32", [width], values);
      return {
        down: await packer.linear("decayDown", await read("decayDown")),
        up: await packer.dense("decayUp", { rows: width, cols: RANK, values: up }),
        decayBias: await tensor("decayBias", Float32Array.from(channelOf, (c) => -bias[c])),
        decayScale: await tensor("decayScale", new Float32Array(width).fill(-1 / ROOT)),
      };
    },
    emit: ({ nodes }, weights, x) =>
      scaledSoftplus(nodes, nodes.linear(nodes.linear(x, weights.down), weights.up), weights),
  };
}

/** decayScale * softplus(rate + decayBias), in one node. */
function scaledSoftplus(
  nodes: Place["nodes"],
  rate: string,
  { decayBias, decayScale }: { decayBias: PackedTensor; decayScale: PackedTensor },
): string {
  const operands = [rate, nodes.weight(decayBias), nodes.weight(decayScale)];
  return nodes.g.node("LinearAttentionGate", operands, {}, { domain: MS });
}
