import assert from "node:assert/strict";
import {
  binEdges,
  bitsOf,
  byteSegments,
  bytesOfTokens,
  segmentRequests,
  tokensByBin,
  tokenSegments,
} from "../../../lib/compare/position/places.ts";

const whole = (from: number, to: number, bin: number) => ({ from, to, shares: [{ bin, share: 1 }] });
const score = (bits: number) => ({ logLikelihood: -bits * Math.LN2, isGreedy: false, tokens: 1 });

Deno.test("bins double up to the length, which ends the last one", () => {
  assert.deepEqual(binEdges("tokens", 2048), [0, 128, 256, 512, 1024, 2048]);
  assert.deepEqual(binEdges("bytes", 3000), [0, 512, 1024, 2048, 3000]);
  assert.deepEqual(binEdges("tokens", 128), [0, 128]);
  assert.deepEqual(binEdges("tokens", 5), [0, 5]);
});

Deno.test("tokens inside a bin are one segment, one over its end is its own and shared by its bytes", () => {
  // tokens of 2, 1, 3, 2 bytes in bins of 4 bytes: the third has 1 byte in the first bin and 2 in the second
  const segments = byteSegments([2, 3, 6, 8], [0, 4, 8]);
  const shared = { from: 2, to: 3, shares: [{ bin: 0, share: 1 / 3 }, { bin: 1, share: 2 / 3 }] };
  assert.deepEqual(segments, [whole(0, 2, 0), shared, whole(3, 4, 1)]);
  assert.deepEqual(bitsOf(segments, [score(5), score(3), score(2)], 2).map((b) => b.toFixed(9)), [
    "6.000000000",
    "4.000000000",
  ]);
});

Deno.test("a token over several bins gives to each; one that ends with a bin is inside it", () => {
  assert.deepEqual(byteSegments([1, 7, 8], [0, 2, 4, 8]), [
    whole(0, 1, 0),
    { from: 1, to: 2, shares: [{ bin: 0, share: 1 / 6 }, { bin: 1, share: 2 / 6 }, { bin: 2, share: 3 / 6 }] },
    whole(2, 3, 2),
  ]);
  assert.deepEqual(byteSegments([2, 4], [0, 2, 4]), [whole(0, 1, 0), whole(1, 2, 1)]);
});

Deno.test("tokens of one character stay together, empty ones go with the next, dropped ends with the last", () => {
  // an empty token, "é" and "ß" in two tokens each over the bin's end at byte 3
  const segments = byteSegments([0, 2, 2, 4, 4], [0, 3, 5]);
  assert.deepEqual(segments, [whole(0, 3, 0), {
    from: 3,
    to: 5,
    shares: [{ bin: 0, share: 1 / 3 }, { bin: 1, share: 2 / 3 }],
  }]);
});

Deno.test("every token is in one segment, whatever the tokens and bins", () => {
  for (let step = 1; step <= 7; step++) {
    const ends = Array.from({ length: 40 }, (_, i) => Math.floor((i + 1) * step / 2)), length = ends.at(-1)! + 1;
    const segments = byteSegments(ends, [0, 3, 10, 11, length]);
    assert.deepEqual(
      segments.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i)),
      ends.map((_, i) => i),
    );
    for (const { shares } of segments) {
      assert.ok(Math.abs(shares.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-12);
    }
  }
});

Deno.test("each request is the start of the next, and together they score every token once", () => {
  const requests = segmentRequests([7, 8, 9], [whole(0, 2, 0), whole(2, 3, 1)], 1);
  assert.deepEqual(requests, [
    { contextIds: [1], continuationIds: [7, 8] },
    { contextIds: [1, 7, 8], continuationIds: [9] },
  ]);
});

Deno.test("bins of tokens have their bytes, bins of bytes their tokens", () => {
  const ends = [2, 3, 6, 8];
  assert.deepEqual(tokenSegments([0, 1, 4]), [whole(0, 1, 0), whole(1, 4, 1)]);
  assert.deepEqual(bytesOfTokens(ends, [0, 1, 4]), [2, 6]);
  assert.deepEqual(tokensByBin({ ids: [], ends }, "bytes", [0, 4, 8]), [2, 4]);
  assert.deepEqual(tokensByBin({ ids: [], ends }, "tokens", [0, 1, 4]), [1, 4]);
});
