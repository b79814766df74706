"""Ids by Hugging Face's tokenizers for texts that regexes of pre-tokenizers cut differently: tokenizers_gguf.json.

The vocabulary holds all bytes and, for every piece that one of the regexes finds in the texts, its prefixes, with the
merges that make them: a text that is cut at other places gets other ids. Run: python tokenizers_gguf.py"""

import json
from pathlib import Path

import tokenizers
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

LETTERS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
# The regex in tokenizer.json of Llama 3 and of Qwen 2; None: the byte-level pre-tokenizer's own, GPT-2's.
SPLITS = {"llama-bpe": LETTERS + r"\p{N}{1,3}" + REST, "qwen2": LETTERS + r"\p{N}" + REST, "gpt-2": None}
TEXTS = [
    "Hello, world! It's 12345 o'clock, and THEY'LL say I'M late; we've 3.14159 reasons.",
    "def f(x):\n    return x  +  1\n\n\n  # done\t\n",
    "naïve café, 東京に行く, Привет мир! ½ ١٢٣٤ 👍🏽 ok",
    "  leading, trailing  \r\n\r\n a\u00a0b  (c)...\n",
]


def pre_tokenizer(split: str | None):
    if split is None:
        return pre_tokenizers.ByteLevel(add_prefix_space=False)
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(split), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


pieces = sorted({piece for split in SPLITS.values() for text in TEXTS for piece, _ in pre_tokenizer(split).pre_tokenize_str(text)})
tokens = sorted(pre_tokenizers.ByteLevel.alphabet())
merges: list[tuple[str, str]] = []
for piece in pieces:
    for end in range(2, len(piece) + 1):
        if piece[:end] not in tokens:
            tokens.append(piece[:end])
            merges.append((piece[: end - 1], piece[end - 1]))

ids = {}
for name, split in SPLITS.items():
    tokenizer = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate(tokens)}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizer(split)
    tokenizer.decoder = decoders.ByteLevel()
    ids[name] = [tokenizer.encode(text).ids for text in TEXTS]
    assert [tokenizer.decode(i) for i in ids[name]] == TEXTS

golden = {
    "made_by": f"tokenizers {tokenizers.__version__}",
    "texts": TEXTS,
    "tokens": tokens,
    "merges": [" ".join(merge) for merge in merges],
    "ids": ids,
}
Path(__file__).with_suffix(".json").write_text(json.dumps(golden, ensure_ascii=False, separators=(",", ":")) + "\n")
print({name: sum(map(len, rows)) for name, rows in ids.items()})
