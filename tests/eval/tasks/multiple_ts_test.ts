import assert from "node:assert/strict";
import { FieldError } from "../../../lib/eval/fields.ts";
import { multipleTs } from "../../../lib/eval/tasks/multiple_ts.ts";
import { loadDataset } from "../../../lib/store/dataset.ts";
import { sharedFolder } from "../../shared.ts";

const row = { name: "X_0", prompt: "function f(): number {\n", tests: "test();" };

Deno.test("multiple-ts leaves the prompt as it is and puts the tests behind the completion", () => {
  const { prompt, program, id } = multipleTs.problem(row);
  assert.deepEqual([prompt, id], ["function f(): number {\n", "X_0"]);
  assert.deepEqual(program("  return 1;\n}"), {
    language: "typescript",
    code: "function f(): number {\n  return 1;\n}\ntest();",
  });
});

Deno.test("multiple-ts takes MultiPL-E's stop words, and refuses a row with others", () => {
  const stops = ["\nfunction ", "\n/*", "\n//", "\nclass"];
  assert.deepEqual(multipleTs.truncations[multipleTs.truncation], stops);
  assert.equal(multipleTs.problem({ ...row, stop_tokens: stops }).prompt, row.prompt);
  assert.throws(() => multipleTs.problem({ ...row, stop_tokens: ["\nfn "] }), (error) => {
    assert.ok(error instanceof FieldError);
    assert.match(error.message, /field "stop_tokens" must be .* got \["\\nfn "\]/);
    return true;
  });
  assert.throws(() => multipleTs.problem({ prompt: "x" }), /field "tests" must be text, it is missing/);
});

const folder = sharedFolder("datasets/multipl-e");
Deno.test("multiple-ts reads every row of MultiPL-E's file", { ignore: !folder }, async () => {
  const rows = await loadDataset(`${folder}/humaneval-ts.jsonl.gz`);
  assert.equal(rows.length, 159);
  for (const row of rows) {
    const { prompt, program } = multipleTs.problem(row);
    assert.ok(program("}").code.startsWith(prompt + "}\n"));
    // the prompts are of the newer version: every line before the function is a comment
    const lines = prompt.split("\n"), start = lines.findIndex((line) => line.startsWith("function "));
    assert.ok(start > 0 && lines.slice(0, start).every((line) => line.startsWith("//")), String(row.name));
  }
});
