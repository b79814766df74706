"""Bits of SmolLM2-135M in bins of a text's tokens, by transformers in float32: writes position_smollm2.json.

The text is read from the sources of Python's library in the npm package pyodide, the tokens and weights from the GGUF
file; all bits are of one forward pass over the whole text behind the token that stands before every text.
    pip install torch transformers gguf accelerate
    python tests/golden/position_smollm2.py node_modules/pyodide/python_stdlib.zip SmolLM2-135M-Instruct.Q4_1.gguf
"""
import hashlib
import json
import math
import sys
import zipfile
from pathlib import Path

import torch
import transformers

FILE, LINE = "argparse.py", 1200
EDGES = [0, 128, 256, 512, 1024]


def main():
    library, gguf = sys.argv[1:3]
    source = zipfile.ZipFile(library).read(FILE)
    text = "".join(source.decode().splitlines(keepends=True)[LINE - 1:])
    folder, name = str(Path(gguf).parent), Path(gguf).name
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, gguf_file=name)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32)
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    ids, ends = encoded["input_ids"][:EDGES[-1]], [end for _, end in encoded["offset_mapping"]][:EDGES[-1]]
    assert text[:ends[-1]].isascii()  # so characters are bytes
    with torch.no_grad():
        logits = model(torch.tensor([[tokenizer.bos_token_id, *ids[:-1]]])).logits[0]
    logprobs = logits.log_softmax(-1).gather(1, torch.tensor(ids)[:, None])[:, 0].double()
    bins = list(zip(EDGES, EDGES[1:]))
    golden = {
        "made": f"transformers {transformers.__version__}, torch {torch.__version__}, float32, from {name}",
        "file": FILE,
        "line": LINE,
        "sha256": hashlib.sha256(source).hexdigest(),
        "bos": tokenizer.bos_token_id,
        "ids": ids,
        "edges": EDGES,
        "bytes": [ends[to - 1] - (ends[start - 1] if start else 0) for start, to in bins],
        "bits": [round(-logprobs[start:to].sum().item() / math.log(2), 4) for start, to in bins],
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(golden) + "\n")


main()
