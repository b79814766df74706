import assert from "node:assert/strict";
import { parseArguments } from "./arguments.ts";
import { ratioOf } from "./result.ts";
import { type Contestant, type RoundSample, runRounds } from "./rounds.ts";

const WORKS = ["decode-fp32", "decode-int4", "prefill"];
const read = (...args: string[]) => parseArguments(args, WORKS, "data");

Deno.test("bench:peers takes works in full or by their first word, and all when none is named", () => {
  assert.deepEqual(read("decode", "--rounds", "6").works, ["decode-fp32", "decode-int4"]);
  assert.deepEqual(read("prefill", "decode-int4").works, ["decode-int4", "prefill"]);
  assert.deepEqual(read().works, WORKS);
  assert.equal(read("--rounds=4").rounds, 4);
});

Deno.test("bench:peers refuses bad arguments and lists what there is", () => {
  assert.throws(() => read("decod"), /Unknown work "decod"; there are: decode-fp32, decode-int4, prefill/);
  assert.throws(() => read("--round", "3"), /Unknown option "--round"; there are:[\s\S]*--rounds/);
  assert.throws(() => read("--rounds", "1"), /--rounds must be an integer of at least 2, got "1"/);
  assert.throws(() => read("--rounds"), /--rounds needs a value/);
});

Deno.test("a contestant that fails is named with its reason, and the others go on", async () => {
  let open = 0;
  const contestant = (name: string, value: number, failsIn?: number): Contestant => ({
    name,
    open() {
      open++;
      return Promise.resolve({
        pid: -1,
        versions: {},
        measure: (round) =>
          round === failsIn ? Promise.reject(new Error("out of memory")) : Promise.resolve({ value, raw: 0 }),
        close: () => Promise.resolve(void open--),
      });
    },
  });
  const all = [contestant("ours", 2), contestant("theirs", 1), contestant("weak", 1, 2)];
  const { samples, missing } = await runRounds(all, { rounds: 4, blocks: 2, seed: 0 });
  assert.deepEqual(missing, [{ name: "weak", reason: "out of memory" }]);
  assert.equal(samples.length, 4 + 4 + 2);
  assert.deepEqual(samples.filter((s) => s.name === "ours").map((s) => s.block), [0, 0, 1, 1]);
  assert.equal(open, 0);
});

Deno.test("a goal beyond the limit becomes a share of the limit", () => {
  const samples = [0, 1, 2].flatMap((round): RoundSample[] =>
    Object.entries({ ours: 9.5, theirs: 8, limit: 10 }).map(([name, value]) => ({
      name,
      value,
      raw: 0,
      block: round,
      round,
    }))
  );
  const goal = { ours: "ours", against: "theirs", least: 1.3 };
  assert.equal(ratioOf(samples, goal)!.goal, "missed");
  const eased = ratioOf(samples, { ...goal, orShareOf: { limit: "limit", share: 0.9 } })!;
  assert.ok(Math.abs(eased.wanted! - 1.125) < 1e-12); // 0.9 x 10 / 8
  assert.equal(eased.goal, "met"); // 9.5 / 8 = 1.1875
  assert.equal(ratioOf(samples, { ...goal, against: "absent" }), null);
});
