#!/bin/sh
# transformers 5.24.0 (PyPI): where a folder has a tokenizer.json, add_bos_token of its tokenizer_config.json is not
# heard. Without a step in tokenizer.json that puts BOS in front (TemplateProcessing) texts are read without BOS, though
# the configuration says true. The same word as an argument of from_pretrained is heard. Nothing is raised or logged, and
# what stands on transformers goes along: lm-eval 0.4.13 (HFLM) gave a tiny random model the same ids, and scored without
# BOS; that takes torch and is not repeated here. Seen, with BOS as id 0: [3, 2] instead of [0, 3, 2].
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check transformers==5.24.0 tokenizers==0.23.2
cd "$folder"
mkdir model
HF_HOME="$folder/home" HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error "$folder/venv/bin/python" - <<'PYTHON'
import json, sys
import transformers
from transformers import AutoTokenizer

BOS, EOS, TEXT = "<s>", "</s>", "abc"
VOCABULARY = {BOS: 0, "a": 1, "c": 2, "ab": 3, "b": 4, EOS: 5}


def write(name, value):
    with open(f"model/{name}", "w") as file:
        json.dump(value, file)


def write_tokenizer(post_processor):
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    write("tokenizer.json", {
        "version": "1.0", "truncation": None, "padding": None, "normalizer": None, "decoder": None,
        "added_tokens": [{"id": VOCABULARY[token], "content": token, **plain} for token in (BOS, EOS)],
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        "post_processor": post_processor,
        "model": {
            "type": "BPE", "vocab": VOCABULARY, "merges": [["a", "b"]], "dropout": None, "unk_token": None,
            "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
            "ignore_merges": False,
        },
    })


bos = {"SpecialToken": {"id": BOS, "type_id": 0}}
piece = lambda id, type_id: {"Sequence": {"id": id, "type_id": type_id}}
template = {
    "type": "TemplateProcessing",
    "single": [bos, piece("A", 0)],
    "pair": [bos, piece("A", 0), piece("B", 1)],
    "special_tokens": {BOS: {"id": BOS, "ids": [VOCABULARY[BOS]], "tokens": [BOS]}},
}
names = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": BOS, "eos_token": EOS}
cases = [
    # what tokenizer.json has, what tokenizer_config.json says, what from_pretrained is told, ids
    (None, True, {}, [3, 2]),
    (None, True, {"add_bos_token": True}, [0, 3, 2]),
    (template, True, {}, [0, 3, 2]),
    (template, False, {}, [0, 3, 2]),
]
print("transformers", transformers.__version__)
changed = False
for post_processor, says, arguments, expected in cases:
    write_tokenizer(post_processor)
    write("tokenizer_config.json", {**names, "add_bos_token": says})
    ids = AutoTokenizer.from_pretrained("model", **arguments)(TEXT).input_ids
    step = "TemplateProcessing" if post_processor else "no such step"
    print(f"{step}, tokenizer_config.json add_bos_token {says}, arguments {arguments}: {TEXT} is {ids}")
    changed |= ids != expected
if changed:
    sys.exit("this has changed")
print("as described")
PYTHON
