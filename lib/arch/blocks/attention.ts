/** Softmax attention, whose core the graph gives: fused, or split over two caches. */
import { concatRows } from "../quant_blocks.ts";
import type { PackedLinear, PackedTensor } from "../packer.ts";
import type { ArchSpec, AttentionSpec } from "../spec.ts";
import { type AttentionOperands, type Block, matrix, type Parameter, vector } from "./block.ts";

type PackedAttention = {
  qkv: PackedLinear;
  qkvBias: PackedTensor | null;
  qNorm: PackedTensor | null;
  kNorm: PackedTensor | null;
  gate: PackedLinear | null;
  o: PackedLinear;
  oBias: PackedTensor | null;
};

export function attention(spec: ArchSpec, mixer: AttentionSpec): Block<PackedAttention> {
  const { heads, kvHeads, headDim, qkNorm, qkvBias = false, outputBias = false, outputGate = false } = mixer;
  const D = spec.hiddenSize, queries = heads * headDim, keys = kvHeads * headDim;
  const type = spec.kvCache === "int8" ? "int8" : "float32";
  return {
    parameters: [
      ...projections(),
      ...(qkvBias
        ? [vector("qBias", queries, "zeros"), vector("kBias", keys, "zeros"), vector("vBias", keys, "zeros")]
        : []),
      ...(outputBias ? [vector("oBias", D, "zeros")] : []),
      ...(qkNorm === "head" ? [vector("qNorm", headDim), vector("kNorm", headDim)] : []),
      ...(qkNorm === "full" ? [vector("qNorm", queries), vector("kNorm", keys)] : []),
      ...(outputGate ? [matrix("attentionGate", queries, D)] : []),
    ],
    states: [
      { name: "key", dims: [kvHeads, "slots", headDim], type },
      { name: "value", dims: [kvHeads, "slots", headDim], type },
    ],
    async pack(read, packer) {
      // One product for q, k and v: fewer, taller ones are faster.
      const qkv = concatRows([await read("q"), await read("k"), await read("v")]);
      const bias = async () =>
        packer.concat("qkvBias", [await read("qBias"), await read("kBias"), await read("vBias")]);
      return {
        qkv: await packer.linear("qkv", qkv),
        qkvBias: qkvBias ? await bias() : null,
        qNorm: qkNorm ? await packer.vector("qNorm", await read("qNorm")) : null,
        kNorm: qkNorm ? await packer.vector("kNorm", await read("kNorm")) : null,
        gate: outputGate ? await packer.linear("attentionGate", await read("attentionGate")) : null,
        o: await packer.linear("o", await read("o")),
        oBias: outputBias ? await packer.vector("oBias", await read("oBias")) : null,
      };
    },
    emit({ nodes, inputs, layer }, weights, x) {
      const { g } = nodes;
      const qkv = nodes.affine(x, weights.qkv, weights.qkvBias);
      const attended = inputs.attend(layer, qkNorm ? normed(qkv) : { query: qkv, key: "", value: "" });
      const gated = weights.gate
        ? g.node("Mul", [attended, g.node("Sigmoid", [nodes.linear(x, weights.gate)])])
        : attended;
      return nodes.affine(gated, weights.o, weights.oBias);

      /** Queries and keys apart from the values, each with its norm. */
      function normed(packed: string): AttentionOperands {
        const [q, k, value] = nodes.split(packed, [queries, keys, keys]);
        const epsilon = spec.norm.epsilon;
        const norm = (part: string, weight: PackedTensor) => {
          if (qkNorm === "full") return nodes.rmsNorm(part, weight, epsilon);
          const byHead = nodes.reshape(part, [0, 0, -1, headDim]);
          return nodes.reshape(nodes.rmsNorm(byHead, weight, epsilon), [0, 0, part === q ? queries : keys]);
        };
        return { query: norm(q, weights.qNorm!), key: norm(k, weights.kNorm!), value };
      }
    },
  };

  function projections(): Parameter[] {
    return [matrix("q", queries, D), matrix("k", keys, D), matrix("v", keys, D), matrix("o", D, queries)];
  }
}
