#!/bin/sh
# onnxruntime-genai 0.18.0 (PyPI): Tokenizer.encode leaves out the BOS that the folder's own tokenizer.json puts in front
# of every text (TemplateProcessing), whatever add_bos_token of tokenizer_config.json says. PyPI tokenizers 0.23.2 puts it
# there from the same file. So does genai after update_options(add_special_tokens="true"); false has been its default
# since chat templates bring their own BOS. Nothing is raised or logged: a model that was trained with BOS just answers
# otherwise and scores otherwise. Seen, with BOS as id 0: [3, 2] instead of [0, 3, 2].
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  onnx==1.23.2 onnxruntime==1.32.0 onnxruntime-genai==0.18.0 tokenizers==0.23.2
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import json, sys
import numpy as np
import onnxruntime_genai as og
from onnx import TensorProto, helper, numpy_helper, save
from tokenizers import Tokenizer, __version__ as tokenizers_version

BOS, EOS, TEXT = "<s>", "</s>", "abc"
VOCABULARY = {BOS: 0, "a": 1, "c": 2, "ab": 3, "b": 4, EOS: 5}


def write(name, value):
    with open(name, "w") as file:
        json.dump(value, file)


def write_graph():
    """Any graph that genai opens: the logits of a token are a row of a table."""
    info, size = helper.make_tensor_value_info, len(VOCABULARY)
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "input_ids"], ["logits"])],
        "table",
        [info("input_ids", TensorProto.INT64, ["batch", "tokens"])],
        [info("logits", TensorProto.FLOAT, ["batch", "tokens", size])],
        [numpy_helper.from_array(np.eye(size, dtype=np.float32), "table")],
    )
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8), "model.onnx")
    decoder = {
        "filename": "model.onnx", "hidden_size": 1, "head_size": 1, "num_attention_heads": 1, "num_key_value_heads": 1,
        "num_hidden_layers": 0, "inputs": {"input_ids": "input_ids"}, "outputs": {"logits": "logits"},
    }
    ids = {"bos_token_id": VOCABULARY[BOS], "eos_token_id": VOCABULARY[EOS], "pad_token_id": VOCABULARY[EOS]}
    model = {"type": "gpt2", "vocab_size": size, "context_length": 8, "decoder": decoder, **ids}
    write("genai_config.json", {"model": model, "search": {"max_length": 8}})


def write_tokenizer():
    bos = {"SpecialToken": {"id": BOS, "type_id": 0}}
    piece = lambda id, type_id: {"Sequence": {"id": id, "type_id": type_id}}
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    write("tokenizer.json", {
        "version": "1.0", "truncation": None, "padding": None, "normalizer": None, "decoder": None,
        "added_tokens": [{"id": VOCABULARY[token], "content": token, **plain} for token in (BOS, EOS)],
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [bos, piece("A", 0)],
            "pair": [bos, piece("A", 0), piece("B", 1)],
            "special_tokens": {BOS: {"id": BOS, "ids": [VOCABULARY[BOS]], "tokens": [BOS]}},
        },
        "model": {
            "type": "BPE", "vocab": VOCABULARY, "merges": [["a", "b"]], "dropout": None, "unk_token": None,
            "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
            "ignore_merges": False,
        },
    })


write_graph()
write_tokenizer()
print(f"onnxruntime-genai {og.__version__}, tokenizers {tokenizers_version}")
changed = False
for says in ({}, {"add_bos_token": True}):
    names = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": BOS, "eos_token": EOS}
    write("tokenizer_config.json", {**names, **says})
    rust = Tokenizer.from_file("tokenizer.json").encode(TEXT).ids
    tokenizer = og.Tokenizer(og.Model("."))
    default = tokenizer.encode(TEXT).tolist()
    tokenizer.update_options(add_special_tokens="true")
    asked = tokenizer.encode(TEXT).tolist()
    print(f"{TEXT}, tokenizer_config.json {json.dumps(says)}: tokenizers {rust}, genai {default}, when asked {asked}")
    changed |= (rust, default, asked) != ([0, 3, 2], [3, 2], [0, 3, 2])
if changed:
    sys.exit("this has changed")
print("as described")
PYTHON
