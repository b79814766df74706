import assert from "node:assert/strict";
import { join } from "node:path";
import { endsOfFolder, endsOfGguf } from "../../lib/model/end_of_text.ts";
import { exportModel } from "../../lib/model/export.ts";
import type { LanguageModel } from "../../lib/model/language_model.ts";
import { openModel } from "../../lib/model/open_model.ts";
import { inTempFolder } from "../arch/temp_folder.ts";
import manifest from "../cases/folders/manifest.json" with { type: "json" };

const cases = join(import.meta.dirname!, "..", "cases");
const endOfTurn = join(cases, "gguf-models", "end-of-turn.gguf");

interface Ended {
  prompt: number[];
  maxNewTokens: number;
  ids: number[];
}

/** Of the case end-of-turn of cases/gguf-models: greedy ids as llama.cpp gives them. */
const TURNS: Ended[] = [
  { prompt: [54], maxNewTokens: 20, ids: [55, 56, 57, 58, 59] },
  { prompt: [60], maxNewTokens: 20, ids: [61] },
];
const folder = (name: string): [string, Ended[]] => [
  join(cases, "folders", name),
  manifest.cases.find((c) => c.name === name)!.generate!,
];

async function withModel(ref: Parameters<typeof openModel>[0], use: (model: LanguageModel) => Promise<void>) {
  await inTempFolder(async () => {
    const model = await openModel(ref, { threads: 1 });
    try {
      await use(model);
    } finally {
      await model.close();
    }
  });
}

for (const [path, ended] of [folder("eos-list"), folder("eos-list-in-config"), [endOfTurn, TURNS] as const]) {
  const name = path.slice(cases.length + 1);
  Deno.test(`${name}: every end of text ends it, alone, in batches of any chunk, in streams and for samples`, () =>
    withModel(path, async (model) => {
      for (const { prompt, maxNewTokens, ids } of ended) {
        const [alone] = await model.generate(prompt, { maxNewTokens });
        assert.deepEqual([alone.ids, alone.finishReason], [ids, "stop"]);
        for (const chunk of [1, 4, 64]) {
          const requests = [...ended, ...ended.toReversed()].map((e) => ({ prompt: e.prompt }));
          const all = await model.generateBatch(requests, { maxNewTokens, chunk, maxRows: 3, samples: 2 });
          const want = [...ended, ...ended.toReversed()].map((e) => Array(2).fill([e.ids, "stop"]));
          assert.deepEqual(
            all.map((one) => (one as typeof alone[]).map((g) => [g.ids, g.finishReason])),
            want,
            `chunks of ${chunk}`,
          );
        }
        const stream = model.stream(prompt, { maxNewTokens, chunk: 2 });
        let text = "", next = await stream.next();
        for (; !next.done; next = await stream.next()) text += next.value;
        assert.deepEqual([next.value.ids, next.value.finishReason, next.value.text], [ids, "stop", text]);

        const options = { maxNewTokens, ignoreEos: true };
        const [endless] = await model.generate(prompt, options);
        assert.deepEqual([endless.ids.length, endless.finishReason], [maxNewTokens, "length"]);
        assert.ok(!endless.ids.some((id) => model.tokenizer.endIds.includes(id)), "no end is chosen");
      }
    }));
}

Deno.test("a model ends where its own files say, whatever tokenizer it is opened with", async () => {
  const [eosList] = folder("eos-list");
  const endsOf = async (ref: Parameters<typeof openModel>[0]) => {
    let ends: readonly number[] = [];
    await withModel(ref, (model) => Promise.resolve(void (ends = model.tokenizer.endIds)));
    return ends;
  };
  await inTempFolder(async (temp) => {
    const json = join(temp, "tokenizer.json");
    await Deno.copyFile(join(eosList, "tokenizer.json"), json);
    assert.deepEqual(await endsOf(eosList), [60, 57]);
    assert.deepEqual(await endsOf({ ref: eosList, tokenizer: "bytes" }), [60, 57]);
    assert.deepEqual(await endsOf({ ref: eosList, tokenizer: json }), [60, 57]);
    assert.deepEqual(await endsOf({ ref: endOfTurn, tokenizer: json }), await endsOf(endOfTurn));
    assert.deepEqual(await endsOf({ ref: endOfTurn, tokenizer: eosList }), [60, 57], "its files name ends too");
    await Deno.writeTextFile(join(temp, "tokenizer_config.json"), JSON.stringify({ eos_token: "<|e|>" }));
    assert.deepEqual(await endsOf({ ref: endOfTurn, tokenizer: json }), await endsOf(endOfTurn));
  });
});

Deno.test("an exported model names all ends of text", async () => {
  const [eosList] = folder("eos-list"), [tied] = [join(cases, "folders", "tied")];
  await inTempFolder(async (temp) => {
    const read = async (name: string) => JSON.parse(await Deno.readTextFile(join(temp, "out", name)));
    for (const [ref, want] of [[eosList, [60, 57]], [tied, 60]] as const) {
      await exportModel(ref, join(temp, "out"));
      assert.deepEqual((await read("generation_config.json")).eos_token_id, want);
      assert.deepEqual((await read("config.json")).eos_token_id, want);
      assert.deepEqual((await read("genai_config.json")).model.eos_token_id, want);
      assert.equal((await read("genai_config.json")).model.pad_token_id, 60);
    }
  });
});

Deno.test("generation_config.json decides which tokens end a text, config.json where that names none", () => {
  const ends = (generation: object, config: object) =>
    endsOfFolder({
      folder: "m",
      "generation_config.json": { ...generation },
      "config.json": { ...config },
    });
  assert.deepEqual(ends({ eos_token_id: [7, 3, 7] }, { eos_token_id: 5 }), [7, 3]);
  assert.deepEqual(ends({ eos_token_id: 7 }, { eos_token_id: [7, 5] }), [7], "as in transformers, not both together");
  assert.deepEqual(ends({}, { eos_token_id: [5, 4] }), [5, 4]);
  assert.deepEqual(ends({ eos_token_id: null }, { eos_token_id: 5 }), [5]);
  assert.deepEqual(ends({}, { text_config: { eos_token_id: 9 } }), [9]);
  assert.deepEqual(ends({ eos_token_id: -1 }, { eos_token_id: null }), []);
  assert.deepEqual(ends({}, {}), []);
  assert.throws(() => ends({ eos_token_id: "7" }, {}), {
    name: "SyntaxError",
    message: /m\/generation_config\.json: eos_token_id is "7", not a token id or a list of them/,
  });
});

/** The sets that llama.cpp's `special_eog_ids` holds for such metadata, read off its rules one by one. */
const gguf: [string, string[], Record<string, unknown>, number[], string?][] = [
  ["keys, in any order of ids", ["a", "b", "c", "d"], { eos: 3, eot: 1, eom: 0 }, [3, 1, 0]],
  ["one token under two keys", ["a", "b"], { eos: 1, eot: 1 }, [1]],
  ["texts alone", ["a", "<|im_end|>", "<|endoftext|>", "<eos>"], {}, [1, 2, 3]],
  ["a key and texts", ["<|end_of_text|>", "<|eom_id|>", "<|eot_id|>", "x"], { eos: 2 }, [2, 0, 1]],
  ["Gemma 3", ["<pad>", "<eos>", "<bos>", "<end_of_turn>"], { eos: 1, eot: 3 }, [1, 3]],
  ["ids of 64 bits, and ids outside the vocabulary", ["a", "b"], { eos: 1n, eot: 7, eom: -1 }, [1]],
  ["tokens between files", ["<|fim_pad|>", "<|repo_name|>", "<|file_sep|>", "e"], { eos: 3 }, [3, 0, 1, 2]],
  ["a key of a token between files", ["<|fim_pad|>", "a", "e"], { eos: 2, fim_pad: 1 }, [2, 1]],
  ["gpt-oss, whose <|end|> ends a message", ["<|return|>", "<|call|>", "<|end|>", "<|endoftext|>"], { eos: 0 }, [
    0,
    1,
    3,
  ]],
  ["Solar", ["<|flush|>", "<|calls|>", "<|end|>"], {}, [0, 1]],
  ["Phi 3, whose <|end|> ends a turn", ["<|endoftext|>", "<|end|>", "<|user|>"], { eos: 0 }, [0, 1]],
  ["Gemma 4, which has </s> as a tag", ["</s>", "<|tool_response>", "<turn|>", "<eos>"], { eos: 3 }, [3, 1, 2]],
  ["no end at all", ["a", "b"], {}, []],
  ["SentencePiece without a key", ["<unk>", "<s>", "</s>", "a"], {}, [2], "llama"],
  ["SentencePiece whose key names no token", ["<unk>", "<s>", "x", "a"], { eos: 9 }, [2], "llama"],
  ["BPE without a key", Array.from("abcdefghijklmn"), { eot: 3 }, [11, 3], "gpt2"],
  ["BPE without a key and with few tokens", ["a", "b"], {}, [], "gpt2"],
];
for (const [what, tokens, keys, want, model] of gguf) {
  Deno.test(`the ends of a GGUF are llama.cpp's: ${what}`, () => {
    const ids = Object.fromEntries(Object.entries(keys).map(([key, id]) => [`tokenizer.ggml.${key}_token_id`, id]));
    assert.deepEqual(endsOfGguf({ "tokenizer.ggml.model": model, "tokenizer.ggml.tokens": tokens, ...ids }), want);
  });
}
