import assert from "node:assert/strict";
import { FieldError } from "../../../lib/eval/fields.ts";
import { sha256 } from "../../../lib/eval/hashes.ts";
import { humaneval } from "../../../lib/eval/tasks/humaneval.ts";
import { loadDataset } from "../../../lib/store/dataset.ts";

const row = { task_id: "X/0", prompt: "def f():\n", entry_point: "f", test: "def check(c):\n    assert c() == 1\n" };

Deno.test("humaneval leaves the prompt as it is and puts the tests behind the completion", () => {
  const { prompt, program, id } = humaneval.problem(row);
  assert.deepEqual([prompt, id], ["def f():\n", "X/0"]);
  assert.deepEqual(program("    return 1"), {
    language: "python",
    code: "def f():\n    return 1\ndef check(c):\n    assert c() == 1\n\ncheck(f)",
  });
});

Deno.test("humaneval names the field that a row lacks", () => {
  for (const field of ["prompt", "test", "entry_point"]) {
    assert.throws(() => humaneval.problem({ ...row, [field]: 1 }), (error) => {
      assert.ok(error instanceof FieldError);
      assert.match(error.message, new RegExp(`field "${field}" must be text, got 1`));
      return true;
    });
  }
});

Deno.test("humaneval's first prompt and target have lm-eval's hashes", async () => {
  const [first] = await loadDataset("humaneval", { limit: 1 });
  assert.equal(
    sha256(humaneval.problem(first).prompt),
    "00b2e074e127a6a9d1376278bef732933760ab706057ec755a8c2642217b557a",
  );
  const target = `${first.test}\ncheck(${first.entry_point})`;
  assert.equal(sha256(target), "d7de8bac324e281816668aa93fb171c16f9f833f74ec6e32ee7b551875e65daa");
  assert.ok(humaneval.problem(first).program("").code.endsWith("\n" + target));
});

Deno.test("humaneval's stop words cut alike in turn, as lm-eval does, and at the first of them", () => {
  const pieces = [..."\n#c", "\nclass", "\ndef", "\nif", "\nprint", "\n@", "\n```", "\n", " x", "def main(", "class"];
  let state = 1;
  const next = (n: number) => (state = state * 48271 % 0x7fffffff) % n;
  for (const rule of ["lm-eval", "bigcode"]) {
    const stops = humaneval.truncations[rule];
    for (let i = 0; i < 2000; i++) {
      const text = Array.from({ length: 6 }, () => pieces[next(pieces.length)]).join("");
      const inTurn = stops.reduce((rest, stop) => rest.split(stop)[0], text);
      const first = Math.min(text.length, ...stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0));
      assert.equal(text.slice(0, first), inTurn);
    }
  }
});
