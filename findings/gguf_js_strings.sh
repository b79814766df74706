#!/bin/sh
# @huggingface/gguf 0.4.6 (npm): strings of a header lose a U+FEFF at their start, since they are decoded as if each were
# a text file. Two tokens of a vocabulary then have one text. Gemma 3's vocabulary has six such tokens. PyPI gguf 0.19.0,
# which writes the file here, reads them as they are.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check gguf==0.19.0
cd "$folder"
npm init -y >/dev/null
npm install --silent --ignore-scripts @huggingface/gguf@0.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import gguf
import numpy as np

writer = gguf.GGUFWriter("vocabulary.gguf", "llama")
writer.add_token_list(["//", "\ufeff//"])
writer.add_tensor("token_embd.weight", np.zeros((2, 32), np.float32))
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
field = gguf.GGUFReader("vocabulary.gguf").fields["tokenizer.ggml.tokens"]
print("PyPI gguf 0.19.0:", ascii(field.contents()))
PYTHON
cat >run.mjs <<'SCRIPT'
import { gguf } from "@huggingface/gguf";
const { metadata } = await gguf("vocabulary.gguf", { allowLocalFile: true });
const tokens = metadata["tokenizer.ggml.tokens"];
console.log("@huggingface/gguf 0.4.6:", JSON.stringify(tokens.map((t) => [...t].map((c) => c.codePointAt(0).toString(16)))));
if (tokens[0] !== "//" || tokens[1] !== "//") {
  console.error("this has changed");
  process.exit(1);
}
console.log("as described");
SCRIPT
node run.mjs
