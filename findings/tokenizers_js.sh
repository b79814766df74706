#!/bin/sh
# @huggingface/tokenizers 0.2.0 (npm, JavaScript, part of transformers.js) against tokenizers 0.23.2 (npm, binding of the
# Rust library that trained and ships these files): the same tokenizer.json gives other ids. The Rust library counts
# every Unicode digit (Digits), splits at U+0085 as white space (WhitespaceSplit) and takes U+FEFF for none (ByteLevel's
# own regex). With SmolLM2's tokenizer 86 of HellaSwag's 10,042 validation rows get other ids.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --ignore-scripts @huggingface/tokenizers@0.2.0 tokenizers@0.23.2
cat >run.mjs <<'SCRIPT'
import { Tokenizer as JavaScript } from "@huggingface/tokenizers";
import rust from "tokenizers";

const file = (tokens, preTokenizer) => ({
  version: "1.0", truncation: null, padding: null, added_tokens: [], normalizer: null,
  pre_tokenizer: preTokenizer, post_processor: null, decoder: null,
  model: { type: "WordLevel", vocab: Object.fromEntries(["?", ...tokens].map((t, id) => [t, id])), unk_token: "?" },
});
const THREE = "\u0663"; // ARABIC-INDIC DIGIT THREE
const bytes = { ...file([], { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true }) };
bytes.model = {
  type: "BPE", vocab: { "!": 0, "\u00ef": 1, "\u00bb": 2, "\u00bf": 3, "!\u00ef": 4 }, merges: [["!", "\u00ef"]],
  dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null,
  fuse_unk: false, byte_fallback: false, ignore_merges: false,
};
const cases = [
  ["Digits, one by one", file(["a", "a" + THREE, THREE], { type: "Digits", individual_digits: true }), "a" + THREE,
    [2], [1, 3]],
  ["WhitespaceSplit", file(["a", "b", "a\u0085b"], { type: "WhitespaceSplit" }), "a\u0085b", [3], [1, 2]],
  ["ByteLevel's regex", bytes, "!\ufeff", [0, 1, 2, 3], [4, 2, 3]],
];
let changed = false;
console.log("@huggingface/tokenizers 0.2.0, tokenizers 0.23.2");
for (const [name, json, text, js, rs] of cases) {
  const a = new JavaScript(json, {}).encode(text, { add_special_tokens: false }).ids;
  const encoding = await rust.Tokenizer.fromString(JSON.stringify(json)).encode(text, null, { addSpecialTokens: false });
  const b = [...encoding.getIds()];
  console.log(`${name}, ${JSON.stringify(text)}: JavaScript [${a}], Rust [${b}]`);
  changed ||= String(a) !== String(js) || String(b) !== String(rs);
}
if (changed) {
  console.error("this has changed");
  process.exit(1);
}
console.log("as described");
SCRIPT
node run.mjs
