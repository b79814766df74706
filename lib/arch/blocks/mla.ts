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
  keyUp: PackedLinear[];
  valueUp: PackedLinear[];
  o: PackedLinear;
};

export function mla(spec: ArchSpec, mixer: MlaSpec): Block<PackedMla> {
  const { heads, queryRank, kvRank, nopeDim, ropeDim, valueDim } = mixer;
  const { scale = (nopeDim + ropeDim) ** -0.5 } = mixer;
  const D = spec.hiddenSize, { epsilon } = spec.norm, queries = heads * (nopeDim + ropeDim);
  const cached = kvRank + ropeDim;
  return {
    parameters: [
      ...(queryRank === undefined
        ? [matrix("q", queries, D)]
        : [matrix("qDown", queryRank, D), vector("qDownNorm", queryRank), matrix("qUp", queries, queryRank)]),
      matrix("kvDown", cached, D),
      vector("kvNorm", kvRank),
      matrix("kvUp", heads * (nopeDim + valueDim), kvRank),
      matrix("o", D, heads * valueDim),
    ],
    states: [{ name: "latent", dims: [1, "slots", cached], type: "float32" }],
    async pack(read, packer) {
      const down = await read("kvDown"), isCompressed = queryRank !== undefined;
      const first = isCompressed ? await read("qDown") : byPart(await read("q"));
      return {
        qkvDown: await packer.linear("qkvDown", concatRows([first, down])),
        queryNorm: isCompressed ? await packer.vector("qDownNorm", await read("qDownNorm")) : null,
        queryUp: isCompressed ? await packer.linear("qUp", byPart(await read("qUp"))) : null,
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
      const [nope, rope] = nodes.split(full, [heads * nopeDim, heads * ropeDim]);
      const split = (part: string, size: number) => nodes.reshape(part, [0, 0, heads, size]);
      const absorbed = split(byHead(nodes, nope, weights.keyUp), kvRank);
      const queriesByToken = g.node("Concat", [absorbed, split(rotated(place, rope, heads), ropeDim)], { axis: 3 });

      const latents = attended(place, queriesByToken, cache);
      return nodes.linear(byHead(nodes, latents, weights.valueUp), weights.o);
    },
  };

  /** Rows of the queries' matrix with the parts of all heads without positions in front of those with them. */
  function byPart(m: Matrix): Matrix {
    const all = Array.from({ length: queries }, (_, i) => i),
      isNope = (row: number) => row % (nopeDim + ropeDim) < nopeDim;
    return permuteRows(m, [...all.filter(isNope), ...all.filter((row) => !isNope(row))]);
  }

  /** The two factors of each head, which `kvUp` has below one another. */
  async function absorbed(read: ReadParameter, packer: Packer): Promise<Pick<PackedMla, "keyUp" | "valueUp">> {
    const up = await read("kvUp"), keyUp: PackedLinear[] = [], valueUp: PackedLinear[] = [];
    const rows = (first: number, count: number) => permuteRows(up, Array.from({ length: count }, (_, i) => first + i));
    for (let head = 0; head < heads; head++) {
      const start = head * (nopeDim + valueDim), key = dequantise(rows(start, nopeDim));
      const turned = { rows: kvRank, cols: nopeDim, values: transpose(key, nopeDim, kvRank) };
      keyUp.push(await packer.linear(`keyUp.${head}`, turned));
      valueUp.push(await packer.linear(`valueUp.${head}`, rows(start + nopeDim, valueDim)));
    }
    return { keyUp, valueUp };
  }

  function rotated({ nodes, inputs, rope }: Place, x: string, count: number): string {
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

  /** Queries [batch, tokens, heads, kvRank + ropeDim] over the cache: [batch, tokens, heads * kvRank]. */
  function attended({ nodes, inputs }: Place, query: string, cache: string): string {
    const { g } = nodes;
    const total = () => nodes.once("total_slots", () => g.node("Shape", [inputs.bias({})], { start: 3, end: 4 }));
    const withTotal = (before: string[]) => g.node("Concat", [...before, total()], { axis: 0 });
    const tokens = g.node("Shape", [query], { start: 0, end: 3 });
    const bias = nodes.once("bias_by_token", () => g.node("Transpose", [inputs.bias({})], { perm: [0, 2, 1, 3] }));

    // The heads' queries are rows of one product with the cache.
    const rows = nodes.reshape(query, [0, 1, -1, cached]);
    const scores = g.node("FusedMatMul", [rows, cache], { transB: 1, alpha: { float: scale } }, { domain: MS });
    const byToken = g.node("Reshape", [scores, withTotal([tokens])]);
    const p = g.node("Softmax", [g.node("Add", [byToken, bias])], { axis: -1 });
    const flat = g.node("Reshape", [p, nodes.once("rows_by_slot", () => withTotal([nodes.int64([0, 1, -1])]))]);
    // The cache as it is, rotated keys and all: a cut would copy it.
    const [latents] = nodes.split(g.node("MatMul", [flat, cache]), [kvRank, ropeDim]);
    return nodes.reshape(latents, [0, -1, heads * kvRank]);
  }
}

/** Batch, 0 and slot of each new token, int64 [batch, tokens, 3]: where it stands in a state with one head. */
function places({ nodes, inputs }: Place): string {
  const { g, root } = nodes;
  return nodes.once("places", () => {
    const scalar = (value: number) => root.constant(`i64s_${value}`, "int64", [], [value]);
    const shape = g.node("Shape", [inputs.ids]);
    const batch = g.node("Squeeze", [g.node("Shape", [inputs.ids], { start: 0, end: 1 })]);
    const row = g.node("Unsqueeze", [g.node("Range", [scalar(0), batch, scalar(1)]), nodes.int64([1])]);
    const parts = [row, scalar(0), inputs.slots()];
    const column = (x: string) => g.node("Unsqueeze", [g.node("Expand", [x, shape]), nodes.int64([2])]);
    return g.node("Concat", parts.map(column), { axis: 2 });
  });
}

/** One product for each head: [batch, tokens, heads * inputs] -> [batch, tokens, heads * outputs]. */
function byHead(nodes: Nodes, x: string, products: PackedLinear[]): string {
  const parts = products.map(() => nodes.g.fresh("head"));
  nodes.g.node("Split", [x], { axis: 2, num_outputs: products.length }, { outputs: parts });
  return nodes.g.node("Concat", parts.map((part, head) => nodes.linear(part, products[head])), { axis: 2 });
}
