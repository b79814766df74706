/** What every edit means, by models that run: against formulas written out, on weights changed by hand. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { applyEdits } from "../../lib/arch/edits.ts";
import { dequantise, type Matrix } from "../../lib/arch/quant_blocks.ts";
import { randomWeights } from "../../lib/arch/random_weights.ts";
import { resolveSpec } from "../../lib/arch/resolve.ts";
import type { ArchEdit, ArchSpec } from "../../lib/arch/spec.ts";
import type { WeightSource } from "../../lib/arch/weight_source.ts";
import { openModel } from "../../lib/model/open_model.ts";
import { referenceLogits } from "./reference_decoder.ts";
import { someIds, tinySpec } from "./tiny_spec.ts";

const threads = 1, seed = 5, headDim = 16;

/** Logits of an edited model, by its score graph and by its generate graph's next token. */
async function editedLogits(spec: ArchSpec, edits: ArchEdit[], ids: number[]): Promise<number[][]> {
  const model = await openModel({ ref: spec, seed, edits }, { threads });
  try {
    const { data, dims: [tokens, vocab] } = await model.logits(ids);
    const rows = Array.from({ length: tokens }, (_, t) => [...data.subarray(t * vocab, (t + 1) * vocab)]);
    const [{ ids: [next] }] = await model.generate(ids, { maxNewTokens: 1, ignoreEos: true });
    const last = rows.at(-1)!;
    assert.equal(next, last.indexOf(Math.max(...last)), "the generate graph's token");
    return rows;
  } finally {
    await model.close();
  }
}

/** Random weights with some matrices of the layers changed in place, number by number. */
function byHand(spec: ArchSpec, change: (values: Float32Array, m: Matrix, name: string, layer: number) => void) {
  const source = randomWeights(spec, seed);
  return {
    ...source,
    async layer(index: number, name: string) {
      const m = await source.layer(index, name);
      const values = Float32Array.from(dequantise(m));
      change(values, m, name, index);
      return { rows: m.rows, cols: m.cols, values };
    },
  } satisfies WeightSource;
}

/** Every key and value head of the full model becomes its group's average. */
function averaged(spec: ArchSpec, heads: number, groups: number): WeightSource {
  return byHand(spec, (values, m, name) => {
    if (name !== "k" && name !== "v") return;
    const before = Float32Array.from(values), each = heads / groups;
    for (let head = 0; head < heads; head++) {
      const first = Math.floor(head / each) * each;
      for (let d = 0; d < headDim * m.cols; d++) {
        let sum = 0;
        for (let other = first; other < first + each; other++) sum += before[other * headDim * m.cols + d];
        values[head * headDim * m.cols + d] = sum / each;
      }
    }
  });
}

/** What some heads of a layer give is multiplied by 0. */
function silenced(spec: ArchSpec, drops: Record<number, number[]>): WeightSource {
  return byHand(spec, (values, m, name, layer) => {
    if (name !== "o") return;
    for (let row = 0; row < m.rows; row++) {
      for (const head of drops[layer] ?? []) {
        values.fill(0, row * m.cols + head * headDim, row * m.cols + (head + 1) * headDim);
      }
    }
  });
}

function assertClose(got: number[][], want: number[][], what: string): void {
  assert.deepEqual([got.length, got[0].length], [want.length, want[0].length]);
  const worst = Math.max(...got.flatMap((row, t) => row.map((v, i) => Math.abs(v - want[t][i]))));
  assert.ok(worst < 1e-4, `${what}: largest difference ${worst}`);
}

/** Four heads of keys and values for eight of queries. */
function manyHeads(): ArchSpec {
  const layer = {
    mixer: { kind: "attention" as const, heads: 8, kvHeads: 4, headDim },
    channel: { kind: "swiglu" as const, intermediateSize: 96 },
  };
  return tinySpec({ layers: [layer, layer, layer] });
}

for (const kvHeads of [1, 2, 4]) {
  Deno.test(`kvHeads ${kvHeads}: every query sees the average of the keys and values of its group`, async () => {
    const spec = manyHeads();
    const want = await referenceLogits(spec, averaged(spec, 4, kvHeads), someIds);
    assertClose(await editedLogits(spec, [{ kvHeads }], someIds), want, `${kvHeads} heads`);
  });
}

Deno.test("dropHeads: what the heads gave counts as 0, and keys that nobody reads go as well", async () => {
  const spec = manyHeads();
  // In layer 0 one head of each group, in layer 2 the whole second group.
  const drops = { 0: [0, 3, 5, 6], 2: [2, 3] };
  const edit: ArchEdit = { dropHeads: [{ layer: 0, heads: drops[0] }, { layer: 2, heads: drops[2] }] };
  const heads = applyEdits(spec, [edit]).layers.map(({ mixer }) =>
    mixer.kind === "attention" && [mixer.heads, mixer.kvHeads]
  );
  assert.deepEqual(heads, [[4, 4], [8, 4], [6, 3]]);
  assertClose(
    await editedLogits(spec, [edit], someIds),
    await referenceLogits(spec, silenced(spec, drops), someIds),
    "drops",
  );
});

Deno.test("vocabulary: the logits of the tokens that stay are those of the full model", async () => {
  const spec = tinySpec({ tiedHead: false });
  const full = await referenceLogits(spec, randomWeights(spec, seed), someIds);
  const kept = [...new Set(someIds)].reverse(), renumbered = someIds.map((id) => kept.indexOf(id));
  assertClose(
    await editedLogits(spec, [{ vocabulary: kept }], renumbered),
    full.map((row) => kept.map((id) => row[id])),
    "a list",
  );
  const low = someIds.filter((id) => id < 128);
  const want = await referenceLogits(tinySpec(), randomWeights(tinySpec(), seed), low);
  assertClose(
    await editedLogits(tinySpec(), [{ vocabulary: 128 }], low),
    want.map((row) => row.slice(0, 128)),
    "the first",
  );
});

Deno.test("tiedHead: the head is the embedding, and one that is untied gives the same logits", async () => {
  const untied = tinySpec({ tiedHead: false }), tied = tinySpec();
  const want = await referenceLogits(tied, randomWeights(untied, seed), someIds);
  assertClose(await editedLogits(untied, [{ tiedHead: true }], someIds), want, "tied");
  assertClose(await editedLogits(tied, [{ tiedHead: false }], someIds), want, "untied");
  assertClose(await editedLogits(untied, [{ tiedHead: true }, { tiedHead: false }], someIds), want, "tied and untied");
});

Deno.test("rope: NTK scaling by 4 is a base 4 ** (dims / (dims - 2)) times as large", async () => {
  const stretched = tinySpec({ position: { kind: "rope", theta: 10_000 * 4 ** (16 / 14) } });
  const want = await referenceLogits(stretched, randomWeights(tinySpec(), seed), someIds);
  assertClose(await editedLogits(tinySpec(), [{ rope: { kind: "ntk", factor: 4 } }], someIds), want, "NTK");
  const scaled = tinySpec({ position: { kind: "rope", theta: 10_000, scaling: { kind: "linear", factor: 4 } } });
  const plain = await referenceLogits(tinySpec(), randomWeights(tinySpec(), seed), someIds);
  assertClose(await editedLogits(scaled, [{ rope: null }], someIds), plain, "none");
});

for (const family of ["llama_linear", "llama_yarn", "llama3"]) {
  Deno.test(`rope: the scaling of ${family} on its weights gives the logits of transformers`, async () => {
    const folder = fileURLToPath(new URL(`../golden/families/${family}/`, import.meta.url));
    const golden = JSON.parse(await Deno.readTextFile(`${folder}golden.json`)) as {
      ids: number[][];
      logits: number[][];
    };
    const spec = await resolveSpec(folder);
    assert.ok(spec.position.kind === "rope" && spec.position.scaling);
    const { scaling, ...plain } = spec.position;
    const ref = { ref: { ...spec, position: plain }, weights: folder, edits: [{ rope: scaling }] };
    const model = await openModel(ref, { threads });
    try {
      const { data, dims: [tokens, vocab] } = await model.logits(golden.ids[0]);
      const rows = Array.from({ length: tokens }, (_, t) => [...data.subarray(t * vocab, (t + 1) * vocab)]);
      assertClose(rows, golden.logits, family);
    } finally {
      await model.close();
    }
  });
}

Deno.test("edits compose: layers, heads, tokens and a window in one model, by the layers' indexes as they are then", async () => {
  const spec = manyHeads();
  const edits: ArchEdit[] = [
    { keepLayers: [0, 2] },
    { kvHeads: 2 },
    { dropHeads: [{ layer: 1, heads: [0, 1, 2, 3] }] },
    { vocabulary: 200 },
    { keepLayers: [1] },
    { window: 6 },
    { vocabulary: 128 },
  ];
  const low = someIds.filter((id) => id < 128);
  const merged = averaged(spec, 4, 2), quiet = silenced(spec, { 2: [0, 1, 2, 3] });
  const both = {
    ...merged,
    layer: (index: number, name: string) => (name === "o" ? quiet : merged).layer(index, name),
  };
  const reference = applyEdits(spec, [{ keepLayers: [2] }, { window: 6 }]);
  const want = (await referenceLogits(reference, both, low)).map((row) => row.slice(0, 128));
  assertClose(await editedLogits(spec, edits, low), want, "all");
});
