// Every sort of tokenizer.json against PyPI tokenizers (tests/cases/tokenizers/README.md).
import assert from "node:assert/strict";
import { join } from "node:path";
import type { LanguageModel } from "../../lib/model/language_model.ts";
import { openModel } from "../../lib/model/open_model.ts";
import manifest from "../cases/tokenizers/manifest.json" with { type: "json" };

const folder = join(import.meta.dirname!, "..", "cases", "tokenizers");

interface Expected {
  texts: { text: string; ids: number[]; decoded: string; decodedWithSpecial?: string }[];
}

async function withModel(name: string, use: (model: LanguageModel, expected: Expected) => Promise<void>) {
  const ref = { ref: join(folder, "model"), tokenizer: join(folder, `${name}.json`) };
  const model = await openModel(ref, { graphs: [], threads: 1 });
  try {
    await use(model, JSON.parse(await Deno.readTextFile(join(folder, `${name}.expected.json`))));
  } finally {
    await model.close();
  }
}

for (const { name, about } of manifest.cases) {
  Deno.test(`${name} (${about}): ids and texts are those of the Rust library`, () =>
    withModel(name, async ({ tokenizer }, { texts }) => {
      const encoded = await tokenizer.encodeBatch(texts.map(({ text }) => text));
      for (const [i, { text, ids, decoded, decodedWithSpecial }] of texts.entries()) {
        assert.deepEqual(encoded[i], ids, JSON.stringify(text));
        assert.deepEqual(await tokenizer.encode(text), ids, JSON.stringify(text));
        assert.equal(await tokenizer.decode(ids), decoded);
        assert.equal(await tokenizer.decode(ids, { specialTokens: true }), decodedWithSpecial ?? decoded);
      }
    }));

  Deno.test(`${name}: a text cut anywhere into a prompt and a continuation is whole again`, () =>
    withModel(name, async ({ tokenizer }, { texts }) => {
      // A long one: the prompt is decoded from near its end only.
      const long = texts.flatMap(({ ids }) => ids).slice(0, 120);
      for (const ids of [...texts.slice(0, 20).map(({ ids }) => ids), long]) {
        const whole = await tokenizer.decode(ids);
        for (let cut = 0; cut <= ids.length; cut += ids === long ? 7 : 1) {
          const prompt = await tokenizer.decode(ids.slice(0, cut));
          const continued = await tokenizer.decode(ids.slice(cut), { after: ids.slice(0, cut) });
          // Of a character that is cut, the continuation has all.
          const before = whole.startsWith(prompt) ? prompt : whole.slice(0, whole.length - continued.length);
          assert.ok(prompt.startsWith(before.replace(/\ufffd+$/, "")), `${JSON.stringify(prompt)} at ${cut}`);
          assert.equal(before + continued, whole);
        }
      }
    }));
}

for (const name of ["bytelevel-regex", "many-splits", "sp-prepend-bytes", "unigram-bytes"]) {
  Deno.test(`${name}: texts of 200,000 characters are encoded and decoded`, () =>
    withModel(name, async ({ tokenizer }) => {
      const texts = ["a", " ", "7", "ab "].map((unit) => unit.repeat(200_000 / unit.length));
      for (const [i, ids] of (await tokenizer.encodeBatch(texts)).entries()) {
        assert.equal((await tokenizer.decode(ids)).trimEnd(), texts[i].trimEnd());
      }
    }));
}

for (
  const name of ["sp-prepend-bytes", "sp-split-previous-bytes", "metaspace-first", "unigram-bytes", "wordpiece-uncased"]
) {
  Deno.test(`${name}: generated text continues its prompt, also in a stream`, () =>
    withModel(name, async (model, { texts }) => {
      for (const { ids: prompt } of texts.filter(({ ids }) => ids.length > 3 && ids.length < 40).slice(0, 3)) {
        const options = { maxNewTokens: 40, temperature: 1, ignoreEos: true };
        const [{ ids, text }] = await model.generate(prompt, options);
        const before = await model.tokenizer.decode(prompt), whole = await model.tokenizer.decode([...prompt, ...ids]);
        // A prompt's last bytes may be shown otherwise with those that follow.
        const shared = [...before].findIndex((char, i) => char !== [...whole][i]);
        assert.equal(text, [...whole].slice(shared < 0 ? [...before].length : shared).join(""));
        for (const chunk of [1, 3, 16]) {
          const pieces: string[] = [];
          for await (const piece of model.stream(prompt, { ...options, chunk })) pieces.push(piece);
          assert.equal(pieces.join(""), text, `chunks of ${chunk}`);
        }
        const stop = [text.slice(20, 23)], [stopped] = await model.generate(prompt, { ...options, stop });
        assert.equal(stopped.text, text.slice(0, text.indexOf(stop[0])));
      }
    }));
}
