import assert from "node:assert/strict";
import { openTokenizer } from "../../lib/model/tokenizer.ts";
import { WrittenRow } from "../../lib/model/written_row.ts";

/** As Llama 2's: SentencePiece with a space in front of every text, and bytes for what the vocabulary lacks. */
const pieces = [
  "<s>",
  "\u2581def",
  "\u2581f",
  "(",
  "x",
  ")",
  ":",
  "\u2581\u2581\u2581",
  "\u2581return",
  "\u2581x",
  "\u2581",
  "b",
];
const bytes = Array.from({ length: 256 }, (_, b) => `<0x${b.toString(16).toUpperCase().padStart(2, "0")}>`);
const all = [...pieces, ...bytes];
const id = (piece: string) => all.indexOf(piece);
const byte = (value: number) => pieces.length + value;
const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false };
const llama2 = () => ({
  tokenizer: {
    added_tokens: [{ id: 0, content: "<s>", special: true, ...flags }],
    normalizer: {
      type: "Sequence",
      normalizers: [{ type: "Prepend", prepend: "\u2581" }, {
        type: "Replace",
        pattern: { String: " " },
        content: "\u2581",
      }],
    },
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: "\u2581" }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
        { type: "Strip", content: " ", start: 1, stop: 0 },
      ],
    },
    model: {
      type: "BPE",
      vocab: Object.fromEntries(all.map((piece, i) => [piece, i])),
      merges: [],
      byte_fallback: true,
    },
  },
  bosId: 0,
  eosId: null,
  endIds: [],
  addsBos: true,
});

const tokenizer = openTokenizer(llama2);
/** `def f(x):` and a line break, which is a byte. */
const prompt = [id("<s>"), ...["\u2581def", "\u2581f", "(", "x", ")", ":"].map(id), byte(10)];
const indented = ["\u2581\u2581\u2581", "\u2581return", "\u2581x"].map(id);

Deno.test("a continuation keeps the space that it starts with, and its indentation", async () => {
  assert.equal(await tokenizer.decode(prompt), "def f(x):\n");
  assert.equal(await tokenizer.decode(indented), "   return x", "alone, its first space is the prompt's mark");
  assert.equal(await tokenizer.decode(indented, { after: prompt }), "    return x");
  assert.equal(await tokenizer.decode(indented, { after: [id("<s>")] }), "   return x", "a text's own start");
  assert.equal(await tokenizer.decode(indented, { after: new Array(100).fill(id("\u2581")) }), "    return x");
});

Deno.test("of a character that is cut, the continuation has all", async () => {
  const e = [...new TextEncoder().encode("é\u{1f642}")].map(byte);
  for (let cut = 0; cut < e.length; cut++) {
    const text = await tokenizer.decode(e.slice(cut), { after: [id("x"), ...e.slice(0, cut)] });
    // A run of bytes that is not UTF-8 up to its end is all replacement characters.
    assert.equal(text, cut === 2 ? "\u{1f642}" : "é\u{1f642}", `behind ${cut} bytes`);
  }
});

/** A row's text after each chunk, and at its end. */
async function written(ids: number[], chunk: number, stop: string[] = []) {
  const row = new WrittenRow(tokenizer, prompt, { maxNewTokens: ids.length, endIds: [], stop });
  const lasting: string[] = [];
  for (let at = 0; at < ids.length && !row.finishReason; at += chunk) {
    await row.extend(ids.slice(at, at + chunk), []);
    lasting.push(await row.lastingText());
  }
  return { text: await row.text(), lasting, ids: row.ids };
}

Deno.test("a row's text is the same in any chunks, and what has lasted stays", async () => {
  const ids = [
    ...indented,
    byte(0xc3),
    byte(0xa9),
    id("x"),
    byte(0xe2),
    byte(0x28),
    0,
    9999,
    byte(0xa1),
    id("b"),
    ...indented,
  ];
  const text = "    return xéx\ufffd\ufffd\ufffdb    return x";
  for (const chunk of [1, 2, 3, 5, 100]) {
    const row = await written(ids, chunk);
    assert.equal(row.text, text, `chunks of ${chunk}`);
    for (const part of row.lasting) assert.ok(text.startsWith(part), `${JSON.stringify(part)} in chunks of ${chunk}`);
  }
});

Deno.test("a stop string ends a row at the token that completes it, in any chunks", async () => {
  const ids = [...indented, byte(10), byte(10), byte(0xff), id("b"), id("b")];
  for (const chunk of [1, 2, 3, 5, 100]) {
    assert.deepEqual((await written(ids, chunk, ["bb"])).text, "    return x\ufffd\ufffd\ufffd");
    const line = await written(ids, chunk, ["nothing", "x\n"]);
    assert.deepEqual([line.text, line.ids], ["    return ", ids.slice(0, 4)], `chunks of ${chunk}`);
  }
});
