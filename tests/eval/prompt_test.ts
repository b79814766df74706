import assert from "node:assert/strict";
import { FieldError } from "../../lib/eval/fields.ts";
import { choicePrompt } from "../../lib/eval/prompt.ts";
import { hellaswag, preprocess } from "../../lib/eval/tasks/hellaswag.ts";
import { mmlu } from "../../lib/eval/tasks/mmlu.ts";
import { MMLU_GROUPS, MMLU_SUBJECTS } from "../../lib/eval/tasks/mmlu_subjects.ts";
import { bitsPerByte } from "../../lib/eval/tasks/bits_per_byte.ts";

const capital = {
  question: " What is the capital of France? ",
  subject: "world_geography",
  choices: ["Rome", " Paris"],
  answer: 1,
};

Deno.test("preprocess() strips first, so a text that starts with a mark keeps a leading space", () => {
  assert.equal(preprocess("[header] How to [title] Begin [step] now\n"), " How to. Begin now");
  assert.equal(preprocess("a    b"), "a  b"); // one pass over pairs, as str.replace
  assert.equal(preprocess("a [b\nc] d"), "a [b\nc] d"); // a dot does not match a newline
  assert.equal(preprocess("a [b\rc] d"), "a d"); // but a carriage return
});

Deno.test("mmlu shows description, worked examples and question as lm-eval", () => {
  const example = { question: "1 + 1?", subject: "world_geography", choices: ["2", "3"], answer: 0 };
  const prompt = choicePrompt(mmlu, capital, [example]);
  assert.equal(
    prompt.context,
    "The following are multiple choice questions (with answers) about world geography.\n\n" +
      "1 + 1?\nA. 2\nB. 3\nAnswer: A\n\n" +
      "What is the capital of France?\nA. Rome\nB.  Paris\nAnswer:",
  );
  assert.deepEqual(prompt.continuations, [" A", " B"]);
  assert.equal(prompt.gold, 1);
});

Deno.test("mmlu takes a whole prompt as it is and scores the choices themselves", () => {
  const prompt = choicePrompt(mmlu, { prompt: "The capital of France is", choices: ["Rome", "Paris"], answer: "B" });
  assert.deepEqual(prompt, {
    context: "The capital of France is",
    continuations: [" Rome", " Paris"],
    choices: ["Rome", "Paris"],
    gold: 1,
    cluster: undefined,
  });
  const gold = (answer: unknown) => mmlu.doc({ prompt: "?", choices: ["B", "A"], answer }).gold;
  assert.equal(gold("A"), 1); // the choice's own text wins over the letter
  assert.equal(gold(0), 0);
  assert.equal(gold("1"), 1);
});

Deno.test("mmlu has 57 subjects in groups of 19, 13, 12 and 13", () => {
  assert.deepEqual(Object.values(MMLU_GROUPS).map((g) => g.length), [19, 13, 12, 13]);
  assert.equal(new Set(MMLU_SUBJECTS).size, 57);
});

Deno.test("a missing or wrong field is named with what was there", () => {
  const row = { activity_label: "Roof", ctx_a: "A man", ctx_b: "he", endings: ["a", "b"], label: "1" };
  assert.equal(hellaswag.doc(row).query, "Roof: A man He");
  const without = (field: string, value?: unknown) => () => hellaswag.doc({ ...row, [field]: value });
  assert.throws(without("ctx_b"), new FieldError('field "ctx_b" must be text, it is missing'));
  assert.throws(
    without("endings", "a"),
    new FieldError('field "endings" must be a list of two or more texts, got "a"'),
  );
  assert.throws(without("label", "2"), new FieldError('field "label" must be an index from 0 to 1, got "2"'));
  assert.throws(without("label", 1.5), /got 1.5/);
  assert.throws(
    () => mmlu.doc({ ...capital, answer: "C" }),
    /field "answer" must be an index, a letter or one of the choices, got "C"/,
  );
  assert.throws(() => choicePrompt(hellaswag, { ...row, endings: ["a", "[step]"] }), /choice 1 is empty/);
  assert.throws(() => bitsPerByte.text({ text: "" }), /"text" must not be empty/);
});

Deno.test("bits_per_byte reads a text, or HellaSwag's context with its right ending", () => {
  assert.equal(bitsPerByte.text({ text: "plain" }), "plain");
  const row = { activity_label: "Roof", ctx_a: "A man", ctx_b: "he", endings: ["a.", "falls."], label: "1" };
  assert.equal(bitsPerByte.text(row), "Roof: A man He falls.");
});
