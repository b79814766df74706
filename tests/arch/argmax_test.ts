import assert from "node:assert/strict";
import { emitArgmax } from "../../lib/arch/argmax.ts";
import { floats, openSession } from "../../lib/model/session.ts";
import { GraphBuilder } from "../../lib/onnx/graph_builder.ts";

/** The index of the largest value of each row, by the graph. */
async function argmax(rows: number[][]): Promise<number[]> {
  const g = new GraphBuilder("argmax"), count = rows[0].length;
  g.input("values", "float32", ["rows", count]);
  g.node("Identity", [emitArgmax(g, g, "values", count)], {}, { outputs: ["index"] });
  g.output("index", "int64", ["rows"]);
  const session = await openSession(g.model(), { threads: 1 });
  const { index } = await session.run({ values: floats(rows.flat(), [rows.length, count]) }, ["index"]);
  await session.release();
  return Array.from(index.data as BigInt64Array, Number);
}

/** So many different values, of which the largest stands at `place`. */
const peak = (count: number, place: number) =>
  Array.from({ length: count }, (_, i) => i === place ? 2 : Math.cos(7 * i) - 1);

Deno.test("emitArgmax() finds the largest at every place, of counts with and without divisors", async () => {
  for (const count of [1, 2, 7, 12, 36, 97, 258]) {
    const places = Array.from({ length: count }, (_, i) => i);
    assert.deepEqual(await argmax(places.map((place) => peak(count, place))), places, `${count} values`);
  }
});

Deno.test("emitArgmax() gives the first of equal values, in one piece or in two, and bears infinities", async () => {
  const equalAt = (...places: number[]) => Array.from({ length: 12 }, (_, i) => places.includes(i) ? 1 : 0); // 3 x 4
  const lowest = new Array(12).fill(-Infinity);
  assert.deepEqual(
    await argmax([equalAt(1, 2), equalAt(2, 5), equalAt(3, 4, 11), equalAt(), lowest, lowest.with(9, -1)]),
    [1, 2, 3, 0, 0, 9],
  );
  assert.deepEqual(await argmax([lowest.with(4, Infinity).with(8, Infinity)]), [4]);
});
