/**
 * Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434): what a token leaves in the cache is one small vector, the
 * normed latent and a rotated key that all heads share.
 *
 * In the absorbed form (section 2.1.2 there): keys and values of the heads are never made. A query without positions is
 * multiplied by its head's key matrix instead, so that its product with the latents is the score, and the weighted sum
 * of latents by its head's value matrix. To the cache this is attention with one key-value head, whose value is a part of
 * its key.
 */
import { MS } from "../../onnx/graph_builder.ts";
import type { Nodes } from "../nodes.ts";
import { type PackedLinear, type PackedTensor, type Packer, transpose } from "../packer.ts";
import { concatRows, dequantise, type Matrix, permuteRows } from "../quant_blocks.ts";
import type { ArchSpec, MlaSpec } from "../spec.ts";
import { type Block, matrix, type Place, type ReadParameter, vector } from "./block.ts";

type PackedMla = {
  /** [query; latent; rotated key], the query compressed where there is a queryRank. */
  qkvDown: PackedLinear;
  queryNorm: PackedTensor | null;
  queryUp: PackedLinear | null;
  kvNorm: PackedTensor;
  /** Of each head: the key matrix's transpose, nopeDim -> kvRank, and the value matrix, kvRank -> valueDim. */
  keyUp: HeadMatrices;
  valueUp: HeadMatrices;
  o: PackedLinear;
};

/** A matrix for each head; small ones are one tensor, float32 [heads, inputs, outputs]. */
type HeadMatrices = PackedTensor | PackedLinear[];

/**
 * Weights of a head's matrix below which it stays in fp32: an operator of its own takes longer than they do. Heads of
 * 32 x 128 in int4: 1.15 ms a token instead of 1.46 (8 layers, 8 heads each); of 128 x 512: 3.4 instead of 2.2.
 */
const SMALL_HEAD = 2 ** 14;

export function mla(spec: ArchSpec, mixer: MlaSpec): Block<PackedMla> {
  const { heads, queryRank, kvRank, nopeDim, ropeDim, valueDim } = mixer;
  const { scale = (nopeDim + ropeDim) ** -0.5 } = mixer;
  const D = spec.hiddenSize, { epsilon } = spec.norm, headDim = nopeDim + ropeDim, queries = heads * headDim;
  const cached = kvRank + ropeDim, isSmall = kvRank * Math.max(nopeDim, valueDim) < SMALL_HEAD;
  return {
    parameters: [
      ...(queryRank === undefined
        ? [matrix("q", queries, D)]
        : [matrix("qDown", queryRank, D), vector("qDownNorm", queryRank), matrix("qUp", queries, queryRank)]),
      matrix("kvDown", cached, D),
      vector("kvNorm", kvRank),
      { ...matrix("kvUp", heads * (nopeDim + valueDim), kvRank), ...(isSmall ? { role: "exact" } : {}) },
      matrix("o", D, heads * valueDim),
    ],
    states: [{ name: "latent", dims: [1, "slots", cached], type: "float32" }],
    async pack(read, packer) {
      const isCompressed = queryRank !== undefined, first = await read(isCompressed ? "qDown" : "q");
      return {
        qkvDown: await packer.linear("qkvDown", concatRows([first, await read("kvDown")])),
        queryNorm: isCompressed ? await packer.vector("qDownNorm", await read("qDownNorm")) : null,
        queryUp: isCompressed ? await packer.linear("qUp", await read("qUp")) : null,
        kvNorm: await packer.vector("kvNorm", await read("kvNorm")),
        ...await absorbed(read, packer),
        o: await packer.linear("o", await read("o")),
      };
    },
    emit(place, weights, x) {
      const { nodes } = place, { g } = nodes;
      const first = queryRank ?? queries;
      const [query, compressed, sharedKey] = nodes.split(nodes.linear(x, weights.qkvDown), [first, kvRank, ropeDim]);
      const latent = nodes.rmsNorm(compressed, weights.kvNorm, epsilon);
      const fresh = g.node("Concat", [latent, rotated(place, sharedKey, 1)], { axis: 2 });
      const cache = grown(place, fresh);

      const full = weights.queryUp
        ? nodes.linear(nodes.rmsNorm(query, weights.queryNorm!, epsilon), weights.queryUp)
        : query;
      const byHead = g.node("Transpose", [nodes.reshape(full, [0, 0, heads, headDim])], { perm: [0, 2, 1, 3] });
      const [nope, rope] = nodes.split(byHead, [nopeDim, ropeDim]);
      const absorbed = g.node("Concat", [eachHead(nodes, nope, weights.keyUp), rotated(place, rope)], { axis: 3 });
      const values = eachHead(nodes, attended(place, absorbed, cache), weights.valueUp);
      const perToken = nodes.reshape(g.node("Transpose", [values], { perm: [0, 2, 1, 3] }), [0, 0, heads * valueDim]);
      return nodes.linear(perToken, weights.o);
    },
  };

  /** The two factors of each head, which `kvUp` has below one another. */
  async function absorbed(read: ReadParameter, packer: Packer): Promise<Pick<PackedMla, "keyUp" | "valueUp">> {
    const up = await read("kvUp"), each = Array.from({ length: heads }, (_, h) => h * (nopeDim + valueDim));
    const rows = (first: number, count: number) => permuteRows(up, Array.from({ length: count }, (_, i) => first + i));
    const keys = each.map((start): Matrix => {
      const values = transpose(dequantise(rows(start, nopeDim)), nopeDim, kvRank);
      return { rows: kvRank, cols: nopeDim, values };
    });
    const pack = isSmall ? stackHeads : packHeads;
    return {
      keyUp: await pack(packer, "keyUp", keys),
      valueUp: await pack(packer, "valueUp", each.map((start) => rows(start + nopeDim, valueDim))),
    };
  }

  /** Of the shared key [batch, tokens, ropeDim], or of queries [batch, heads, tokens, ropeDim]. */
  function rotated({ nodes, inputs, rope }: Place, x: string, count = 0): string {
    const { cos, sin } = rope()!;
    return nodes.g.node("RotaryEmbedding", [x, inputs.positions(), cos, sin], { num_heads: count }, { domain: MS });
  }

  /** The layer's state with the new tokens in it, [batch, 1, slots, kvRank + ropeDim]. */
  function grown(place: Place, fresh: string): string {
    const { nodes, inputs, layer } = place, { g } = nodes, { past, present } = inputs.state(layer, "latent");
    const longer = g.node("Concat", [past, g.node("Unsqueeze", [fresh, nodes.int64([1])])], { axis: 2 });
    // Where rows differ in length, a shorter one's tokens belong further to the front.
    return g.node("ScatterND", [longer, places(place), fresh], {}, { outputs: [present] });
  }

  /** Queries [batch, heads, tokens, kvRank + ropeDim] over the cache: [batch, heads, tokens, kvRank]. */
  function attended({ nodes, inputs }: Place, query: string, cache: string): string {
    const { g } = nodes, shape = g.node("Shape", [query], { start: 0, end: 3 });
    const total = nodes.once("total", () => g.node("Shape", [inputs.bias({})], { start: 3, end: 4 }));
    const flat = nodes.once("one_head", () => g.node("Concat", [nodes.int64([0, 1, -1]), total], { axis: 0 }));
    const heads = (last: string) => g.node("Concat", [shape, last], { axis: 0 });

    // All heads' queries are rows of one product with the cache.
    const rows = nodes.reshape(query, [0, 1, -1, cached]);
    const products = g.node("FusedMatMul", [rows, cache], { transB: 1, alpha: { float: scale } }, { domain: MS });
    const scores = g.node("Add", [g.node("Reshape", [products, heads(total)]), inputs.bias({})]);
    const p = g.node("Reshape", [g.node("Softmax", [scores], { axis: -1 }), flat]);
    // The cache as it is, rotated keys and all: a cut would copy it.
    const [latents] = nodes.split(g.node("MatMul", [p, cache]), [kvRank, ropeDim]);
    return g.node("Reshape", [latents, heads(nodes.int64([kvRank]))]);
  }
}

/** Batch, 0 and slot of each new token, int64 [batch, tokens, 3]: where it stands in a state with one head. */
function places({ nodes, inputs }: Place): string {
  const { g, root } = nodes;
  return nodes.once("places", () => {
    const scalar = (value: number) => root.literal("int64", [], [value]);
    const shape = g.node("Shape", [inputs.ids]);
    const batch = g.node("Squeeze", [g.node("Shape", [inputs.ids], { start: 0, end: 1 })]);
    const row = g.node("Unsqueeze", [g.node("Range", [scalar(0), batch, scalar(1)]), nodes.int64([1])]);
    const parts = [row, scalar(0), inputs.slots()];
    const column = (x: string) => g.node("Unsqueeze", [g.node("Expand", [x, shape]), nodes.int64([2])]);
    return g.node("Concat", parts.map(column), { axis: 2 });
  });
}

function stackHeads(packer: Packer, name: string, matrices: Matrix[]): Promise<PackedTensor> {
  const { rows, cols } = matrices[0], all = new Float32Array(matrices.length * rows * cols);
  matrices.forEach((m, head) => all.set(transpose(dequantise(m), rows, cols), head * rows * cols));
  return packer.tensor(name, "float32", [matrices.length, cols, rows], all);
}

async function packHeads(packer: Packer, name: string, matrices: Matrix[]): Promise<PackedLinear[]> {
  const packed: PackedLinear[] = [];
  for (const [head, m] of matrices.entries()) packed.push(await packer.linear(`${name}.${head}`, m));
  return packed;
}

/** Each head times its matrix: [batch, heads, tokens, inputs] -> [batch, heads, tokens, outputs]. */
function eachHead(nodes: Nodes, x: string, matrices: HeadMatrices): string {
  const { g } = nodes;
  if (!Array.isArray(matrices)) return g.node("MatMul", [x, nodes.weight(matrices)]);
  const parts = matrices.map(() => g.fresh("head"));
  g.node("Split", [x], { axis: 1, num_outputs: parts.length }, { outputs: parts });
  return g.node("Concat", parts.map((part, head) => nodes.linear(part, matrices[head], 4)), { axis: 1 });
}
