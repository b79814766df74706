import assert from "node:assert/strict";
import { FieldError } from "../../lib/eval/fields.ts";
import { choicePrompt } from "../../lib/eval/prompt.ts";
import { arcEasy } from "../../lib/eval/tasks/arc.ts";
import { boolq } from "../../lib/eval/tasks/boolq.ts";
import { hellaswag } from "../../lib/eval/tasks/hellaswag.ts";
import { lambadaOpenai } from "../../lib/eval/tasks/lambada_openai.ts";
import { mmlu } from "../../lib/eval/tasks/mmlu.ts";
import { piqa } from "../../lib/eval/tasks/piqa.ts";
import { sciq } from "../../lib/eval/tasks/sciq.ts";

const arc = { question: "Why?", choices: { text: ["a", "b", "c"], label: ["1", "2", "3"] }, answerKey: "3" };

Deno.test("arc finds the answer by its label, a letter or a digit, among three to five choices", () => {
  assert.deepEqual(arcEasy.doc(arc), { query: "Question: Why?\nAnswer:", choices: ["a", "b", "c"], gold: 2 });
  assert.throws(() => arcEasy.doc({ ...arc, answerKey: "C" }), /"answerKey" must be one of 1, 2, 3, got "C"/);
  assert.throws(() => arcEasy.doc({ ...arc, choices: ["a"] }), /"choices" must be an object, got \["a"\]/);
  assert.throws(
    () => arcEasy.doc({ ...arc, choices: { text: ["a", "b"], label: ["A", "B", "C"] } }),
    /a label for each text, got 3 and 2/,
  );
});

Deno.test("sciq puts the supporting text first, without space before it, and the right answer last", () => {
  const row = {
    question: "What?",
    support: " \n Some text. ",
    distractor1: "a",
    distractor2: "b",
    distractor3: "a",
    correct_answer: "d",
  };
  const { context, gold, choices } = choicePrompt(sciq, row); // two wrong choices may be the same
  assert.equal(context, "Some text. \nQuestion: What?\nAnswer:");
  assert.deepEqual([choices[gold], gold], ["d", 3]);
  assert.throws(() => choicePrompt(sciq, { ...row, distractor2: "d" }), /choices 1 and 3 are the same, "d"/);
});

Deno.test("boolq takes true and false, or a label, but not both", () => {
  const row = { passage: "P.", question: "is it" };
  assert.deepEqual(boolq.doc({ ...row, answer: true }), {
    query: "P.\nQuestion: is it?\nAnswer:",
    choices: ["no", "yes"],
    gold: 1,
  });
  assert.equal(boolq.doc({ ...row, label: 0 }).gold, 0);
  assert.throws(() => boolq.doc({ ...row, answer: "yes" }), /"answer" must be true or false, got "yes"/);
  assert.throws(() => boolq.doc({ ...row, answer: true, label: 0 }), /"answer" and "label" are both there/);
  assert.throws(() => boolq.doc(row), /"label" must be an index from 0 to 1, it is missing/);
});

Deno.test("lambada takes a text, or its last word apart, and cuts at single spaces", () => {
  const doc = { context: "a  b", continuation: " c." };
  assert.deepEqual(lambadaOpenai.doc({ text: "a  b c." }), doc);
  assert.deepEqual(lambadaOpenai.doc({ context: "a  b", continuation: "c." }), doc);
  assert.deepEqual(lambadaOpenai.doc({ context: "a b", continuation: "\nc" }), { context: "a", continuation: " b\nc" });
  assert.throws(() => lambadaOpenai.doc({ text: "word" }), FieldError);
  assert.throws(() => lambadaOpenai.doc({ text: "a b", context: "a" }), /"text" and "context" are both there/);
  assert.throws(() => lambadaOpenai.doc({ context: "a" }), /"continuation" must be text, it is missing/);
});

Deno.test("a choice that is there twice is no question; a label out of range neither; further fields do no harm", () => {
  const row = { goal: "g", sol1: "a", sol2: "b", label: 1, id: 7 };
  assert.equal(choicePrompt(piqa, row).gold, 1);
  assert.throws(() => choicePrompt(piqa, { ...row, sol2: "a" }), /choices 0 and 1 are the same, "a"/);
  assert.throws(() => choicePrompt(piqa, { ...row, label: 2 }), /"label" must be an index from 0 to 1, got 2/);
  const endings = { activity_label: "A", ctx_a: "b.", ctx_b: "", endings: ["x", "y", "y", "z"], label: 0 };
  assert.throws(() => choicePrompt(hellaswag, endings), /choices 1 and 2 are the same, "y"/);
  // upstream has such questions, and what is scored are the letters
  const letters = { question: "?", subject: "anatomy", choices: ["1", "1", "2", "3"], answer: 2 };
  assert.equal(choicePrompt(mmlu, letters).gold, 2);
  assert.throws(() => choicePrompt(mmlu, { prompt: "?", choices: ["1", "1"], answer: 0 }), /are the same, "1"/);
  assert.throws(() => choicePrompt(mmlu, { ...letters, prompt: "?" }), /"prompt" and "question" are both there/);
});
