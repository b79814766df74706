import assert from "node:assert/strict";
import { mqar } from "../../lib/train/tasks/mqar.ts";
import { openTask } from "../../lib/train/tasks/open_task.ts";
import { selectiveCopy } from "../../lib/train/tasks/selective_copy.ts";
import { stepRandom, type TaskSpec } from "../../lib/train/tasks/task.ts";
import { type Corpus, pythonLibrary, pythonTexts, textTask } from "../../lib/train/tasks/text.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const corpus: Corpus = { name: "a text", train: bytes("abcdefghij".repeat(9)), test: bytes("klmnopqrst".repeat(3)) };

Deno.test("MQAR asks for every key once, after its pair, and the value is its own", () => {
  const task = mqar({ vocabSize: 40, tokens: 36, pairs: 5 });
  const { ids, rows, targets } = task.trainBatch(stepRandom(1, 1), 20);
  for (let s = 0; s < 20; s++) {
    const sequence = [...ids.subarray(s * 36, (s + 1) * 36)];
    const values = new Map(Array.from({ length: 5 }, (_, i) => [sequence[2 * i], sequence[2 * i + 1]]));
    assert.equal(values.size, 5);
    const asked = [...rows.subarray(s * 5, (s + 1) * 5)].map((row) => row - s * 36);
    assert.equal(new Set(asked).size, 5);
    assert.ok(asked.every((at) => at >= 10 && at < 36));
    assert.deepEqual(asked.map((at) => values.get(sequence[at])), [...targets.subarray(s * 5, (s + 1) * 5)]);
    assert.ok([...values].every(([key, value]) => key < 20 && value >= 20 && value < 40));
  }
});

Deno.test("MQAR with rewrites tells some keys a second value, which alone is right", () => {
  const task = mqar({ vocabSize: 40, tokens: 36, pairs: 5, rewrites: 3 });
  assert.equal(task.chance, 1 / 8);
  const { ids, rows, targets } = task.testBatch(stepRandom(1, 1), 20);
  for (let s = 0; s < 20; s++) {
    const sequence = [...ids.subarray(s * 36, (s + 1) * 36)];
    const told = Array.from({ length: 8 }, (_, i) => [sequence[2 * i], sequence[2 * i + 1]] as const);
    assert.equal(new Set(told.slice(0, 5).map(([key]) => key)).size, 5);
    assert.equal(new Set(told.slice(5).map(([key]) => key)).size, 3);
    const last = new Map(told), asked = [...rows.subarray(s * 5, (s + 1) * 5)].map((row) => row - s * 36);
    assert.equal(last.size, 5);
    assert.ok(asked.every((at) => at >= 16 && at < 36));
    assert.deepEqual(asked.map((at) => last.get(sequence[at])), [...targets.subarray(s * 5, (s + 1) * 5)]);
  }
});

Deno.test("selective copying wants the data tokens in order, whatever the noise between them", () => {
  const task = selectiveCopy({ vocabSize: 10, noiseTokens: 12, copies: 4 });
  const { ids, rows, targets } = task.trainBatch(stepRandom(1, 1), 20);
  for (let s = 0; s < 20; s++) {
    const sequence = [...ids.subarray(s * 16, (s + 1) * 16)];
    assert.deepEqual(sequence.filter((id) => id > 1), [...targets.subarray(s * 4, (s + 1) * 4)]);
    assert.deepEqual([...rows.subarray(s * 4, (s + 1) * 4)], [12, 13, 14, 15].map((at) => s * 16 + at));
    assert.deepEqual(sequence.slice(12), [1, 1, 1, 1]);
  }
});

Deno.test("text: each byte of a piece is predicted from those before it, and the test never shows a training file", () => {
  const task = textTask({ tokens: 8 }, corpus);
  const { ids, rows, targets } = task.trainBatch(stepRandom(1, 1), 3);
  assert.deepEqual([...rows], Array.from({ length: 24 }, (_, i) => i));
  for (let s = 0; s < 3; s++) {
    const [id, target] = [ids, targets].map((all) =>
      new TextDecoder().decode(Uint8Array.from(all).subarray(8 * s, 8 * s + 8))
    );
    assert.equal(ids[8 * s], 256); // the tokenizer's first token
    assert.equal(target.slice(0, 7), id.slice(1));
    assert.match(target, /^[a-j]{8}$/);
  }
  assert.ok(task.testBatch(stepRandom(1, 1), 3).targets.every((id) => id >= 107 && id <= 116)); // k to t
});

Deno.test("text: chance is what the training text's frequencies of bytes give", () => {
  // Each of the test's bytes was never seen in 90 bytes: counted once of 90 + 256.
  assert.ok(Math.abs(textTask({ tokens: 8 }, corpus).chance - Math.log2(346)) < 1e-9);
});

Deno.test("Python's standard library is found, with its licence, and split by file", async () => {
  const { name, train, test } = await pythonLibrary();
  assert.match(name, /^Python 3\.\d+\.\d+\S*'s standard library \(PSF licence\)$/);
  assert.ok(train.length > 1e6 && test.length > 1e5 && test.length < train.length / 4);
});

Deno.test("pythonTexts() gives whole lines of files that training never sees", async () => {
  const texts = await pythonTexts({ maxBytes: 200, limit: 50 });
  assert.equal(texts.length, 50);
  const { train, test } = await pythonLibrary();
  const [seen, unseen] = [train, test].map((text) => new TextDecoder().decode(text));
  for (const { text } of texts) {
    assert.ok(bytes(text).length <= 200 && text.trim() !== "" && text.endsWith("\n"));
    assert.ok(unseen.includes(text));
  }
  assert.ok(texts.filter(({ text }) => seen.includes(text)).length <= 2); // lines that many files have
  await assert.rejects(pythonTexts({ limit: 0 }), /limit must be an integer >= 1, got 0/);
});

Deno.test("a step's batch depends on seed and step alone", () => {
  const task = mqar({});
  const batch = (seed: number, step: number) => task.trainBatch(stepRandom(seed, step), 4).ids;
  assert.deepEqual(batch(1, 7), batch(1, 7));
  assert.notDeepEqual(batch(1, 7), batch(1, 8));
  assert.notDeepEqual(batch(1, 7), batch(2, 7));
});

Deno.test("tasks that cannot be are refused in words", async () => {
  const refused = async (task: unknown, message: RegExp) => {
    await assert.rejects(async () => await openTask(task as TaskSpec), (error: Error) => message.test(error.message));
  };
  await refused({ kind: "mqar", tokens: 64, pairs: 17 }, /17 pairs and 17 questions need 68 tokens, got 64/);
  await refused({ kind: "mqar", vocabSize: 8, pairs: 5 }, /5 pairs need 5 keys, vocabSize 8 has 4/);
  await refused({ kind: "mqar", rewrites: 9 }, /rewrites must be at most the pairs, 8, got 9/);
  await refused({ kind: "mqar", rewrites: -1 }, /rewrites must be an integer >= 0, got -1/);
  await refused({ kind: "mqar", pairs: 0 }, /pairs must be an integer >= 1, got 0/);
  await refused({ kind: "selective_copy", vocabSize: 3 }, /vocabSize must be at least 4, got 3/);
  await refused({ kind: "selective_copy", noiseTokens: 3 }, /8 copies do not fit 3 noiseTokens/);
  await refused({ kind: "recall" }, /Unknown task "recall"; there are: mqar, selective_copy, text/);
  const empty = { name: "nothing", train: new Uint8Array(), test: new Uint8Array() };
  assert.throws(() => textTask({}, empty), /the train part of nothing has 0 bytes, a piece needs 128/);
});
