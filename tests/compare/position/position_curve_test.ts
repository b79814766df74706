import assert from "node:assert/strict";
import { PositionCurve } from "../../../lib/compare/position/curve.ts";
import { positionCurve, type PositionOptions } from "../../../lib/compare/position/position_curve.ts";
import { openModel } from "../../../lib/model/open_model.ts";
import { partialOf, requestStop, StopError } from "../../../lib/progress.ts";
import { FakeHost, fakeInfo } from "../../eval/fake_host.ts";
import { tinySpec } from "../../model/tiny_spec.ts";
import { withStore } from "../../store/with_store.ts";

const spec = tinySpec({ vocabSize: 258, contextLength: 600 });
const [a, b] = [{ ref: spec, seed: 1 }, { ref: spec, seed: 2 }];
const texts = ["one", "two", "three"].map((word) => Array.from({ length: 90 }, (_, i) => `${word} ${i} é`).join("\n"));

/** A host whose every token has so many nats. */
const fake = (nats: number, onCall: () => void = () => {}) => {
  const host = new FakeHost((request) => {
    onCall();
    return -nats * ("continuationIds" in request ? request.continuationIds.length : 1);
  });
  return Object.assign(host, { open: { info: { ...fakeInfo, contextLength: 600 } } });
};
const refuse = () => Promise.reject(new Error("opened"));

/** Bits of ids[from, to) behind all before them and BOS, from the logits of the whole text. */
async function bitsByHand(ref: typeof a, text: string, edges: number[]): Promise<number[]> {
  const model = await openModel(ref, { threads: 1, graphs: [] });
  const ids = [...new TextEncoder().encode(text)].slice(0, edges.at(-1));
  const { data, dims: [, vocab] } = await model.logits([256, ...ids.slice(0, -1)]);
  await model.close();
  const bits = ids.map((id, t) => {
    const row = data.subarray(t * vocab, (t + 1) * vocab), top = Math.max(...row);
    return (top + Math.log(row.reduce((sum, x) => sum + Math.exp(x - top), 0)) - row[id]) / Math.LN2;
  });
  return edges.slice(1).map((to, bin) => bits.slice(edges[bin], to).reduce((sum, x) => sum + x, 0));
}

Deno.test("bits of each bin are those of the logits of the whole text, in tokens and in bytes", async () => {
  const want = await bitsByHand(a, texts[1], [0, 128, 256, 512, 590]);
  const curve = await positionCurve({ a, b }, { texts, length: 590, threads: 1, store: null });
  assert.deepEqual([curve.raw.unit, curve.raw.edges], ["tokens", [0, 128, 256, 512, 590]]);
  curve.raw.models.a.bits[1].forEach((bits, bin) => assert.ok(Math.abs(bits / want[bin] - 1) < 1e-5, `${bits}`));
  assert.deepEqual(curve.raw.texts[1].bytes, [128, 128, 256, 78]);
  const inBytes = await positionCurve({ a }, { texts, length: 590, unit: "bytes", threads: 1, store: null });
  const all = want.reduce((sum, bits) => sum + bits, 0), got = inBytes.raw.models.a.bits[1];
  assert.ok(Math.abs(got.reduce((sum, bits) => sum + bits, 0) / all - 1) < 1e-5);
  assert.deepEqual(inBytes.raw.edges, [0, 512, 590]);
  assert.deepEqual(PositionCurve.fromJSON(JSON.parse(JSON.stringify(curve))), curve);
});

Deno.test("estimates are ratios of sums, differences are paired, and names keep their order behind the baseline", async () => {
  const start = (ref: unknown) => Promise.resolve(fake(ref === a ? 2 * Math.LN2 : 3 * Math.LN2));
  const curve = await positionCurve({ b, a }, { texts, length: 256, baseline: "a", start, store: null });
  assert.deepEqual(Object.keys(curve.curves), ["a", "b"]);
  for (const { bitsPerByte } of curve.curves.a) assert.ok(Math.abs(bitsPerByte.point - 2) < 1e-12);
  for (const { difference, verdict } of curve.differences.b) {
    assert.ok(Math.abs(difference.point - 1) < 1e-12 && difference.n === 3);
    assert.equal(verdict, "worse"); // every token of every text loses one bit: there is no spread
  }
});

Deno.test("what cannot be measured is refused before a host is started", async () => {
  const cases: [PositionOptions, Error["name"], RegExp][] = [
    [
      { length: 601, texts: texts.map((t) => t + t) },
      "RangeError",
      /601 tokens of a, more than its context of 600; pass length: 600/,
    ],
    [
      { length: 200, texts: [texts[0], "short"] },
      "RangeError",
      /at least 2 texts .* that reach 200 tokens, got 1; left out: text 1, it has 5 of 200 tokens/,
    ],
    [{ texts: [{ text: texts[0], source: "x" }, { text: texts[1], source: "x" }], length: 200 }, "RangeError", /got 1/],
    [{ baseline: "c" }, "RangeError", /baseline "c" is none of the models/],
    [{ length: 0 }, "RangeError", /length/],
  ];
  for (const [options, name, message] of cases) {
    await assert.rejects(positionCurve({ a, b }, { ...options, start: refuse, store: null }), { name, message });
  }
  await assert.rejects(positionCurve({}, { start: refuse }), /there are no models/);
});

Deno.test("models of different tokenizers are compared by bytes, and not by tokens", async () => {
  const smol = { ref: "smollm2-135m", edits: [{ vocabulary: 2000 }] };
  const options = { texts, length: 500, start: () => Promise.resolve(fake(1)), store: null };
  const curve = await positionCurve({ a, smol }, options);
  assert.equal(curve.raw.unit, "bytes");
  const [tokens] = curve.raw.models.smol.tokens, [bytes] = curve.raw.models.a.tokens;
  assert.ok(bytes[0] === 500 && tokens[0] < 500);
  await assert.rejects(positionCurve({ a, smol }, { ...options, unit: "tokens" }), {
    name: "TypeError",
    message: /smol and a read a text as different tokens/,
  });
});

Deno.test("what is kept is not measured again, also after a stop, and a partial curve has what was finished", () =>
  withStore(async (store) => {
    let calls = 0;
    const start = (ref: unknown) => Promise.resolve(fake(1, () => ref === b && ++calls === 3 && requestStop()));
    const error = await positionCurve({ a, b }, { texts, length: 256, start, store }).catch((e) => e);
    assert.ok(error instanceof StopError, String(error));
    const partial = partialOf<PositionCurve>(error)!;
    assert.deepEqual(Object.keys(partial.curves), ["a", "b"]);
    assert.equal(partial.raw.texts.length, 2);
    let started = 0;
    const again = (ref: unknown) => (started++, assert.equal(ref, b), Promise.resolve(fake(1)));
    const curve = await positionCurve({ a, b }, { texts, length: 256, start: again, store });
    assert.deepEqual([started, curve.raw.texts.length], [1, 3]);
    assert.deepEqual(Object.values(curve.raw.models).map((m) => m.environment.reused), [3, 2]);
    const whole = await positionCurve({ a, b }, { texts, length: 256, start: refuse, store });
    assert.deepEqual(whole.curves, curve.curves);
  }));

Deno.test("places past the tokens that a model was made for are marked, though an edit says that it reads more", async () => {
  const longer = { ref: spec, edits: [{ rope: null, contextLength: 2000 }] };
  const options = { texts: texts.map((t) => t + t), length: 1024, start: () => Promise.resolve(fake(1)), store: null };
  const { curves, raw } = await positionCurve({ longer }, options);
  assert.deepEqual([raw.models.longer.trainedTokens, curves.longer.map((bin) => bin.beyondTrained)], [600, [
    false,
    false,
    false,
    true,
  ]]);
});

Deno.test("a saved curve of another version is refused", () => {
  assert.throws(() => PositionCurve.fromJSON({ version: 2 }), /expected version 1 .* got version 2/);
  assert.throws(() => PositionCurve.fromJSON(null), TypeError);
});
