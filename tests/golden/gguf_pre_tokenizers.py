"""Ids by llama.cpp for every `tokenizer.ggml.pre` that it knows: gguf_pre_tokenizers.json.

One vocabulary for all: BPE trained on the texts without cutting them first, so that its tokens reach over words, digits,
spaces and punctuation, and a text that is cut at other places gets other ids. Where llama.cpp approximates the family's
own tokenizer or leaves out its normalisation (OWN below), the ids are those of PyPI tokenizers with the family's regex.

Run: python gguf_pre_tokenizers.py FOLDER, after `npm install node-llama-cpp@3.22.1` in FOLDER, with PyPI gguf and
tokenizers."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import tokenizers
from gguf import GGUFWriter
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

# Names by llama.cpp v0.5.0, src/llama-vocab.cpp.
NAMES = (
    "default llama3 llama-v3 llama-bpe falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano dbrx smaug-bpe chatglm-bpe glm4 "
    "minicpm5 jais-2 deepseek-llm deepseek-coder deepseek-v3 hunyuan-dense joyai-llm hy_v4 spark2_5 youtu falcon mpt "
    "starcoder refact codeshell exaone minerva-7b mellum2 smollm command-r gpt-2 phi-2 jina-es jina-de gigachat jina-v2-es "
    "jina-v2-de a.x-4.0 mellum modern-bert jina-v1-en jina-v2-code roberta-bpe exaone4 jais trillion granite-docling olmo "
    "qwen2 deepseek-r1-qwen kormo f2llmv2 megrez stablelm2 hunyuan solar-open grok-2 qwen35 poro-chat bloom gpt3-finnish "
    "viking tekken chameleon gpt-4o llama4 kanana2 talkie minimax-m2 granite-embed-multi-97m tiny_aya cohere2moe kimi-k2 "
    "superbpe bailingmoe bailingmoe2 llada-moe seed-coder ufakzeka afmoe laguna exaone-moe"
).split()

CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
LAST = r"\s*[\r\n]+|\s+(?!\S)|\s+"


def cased(contraction: str, digits: str, slash: str = "/", but: str = "") -> str:
    """GPT-4o's regex, as the comments of llama-vocab.cpp have it (tekken, youtu, Kimi K2 the same with other ends)."""
    upper, lower = rf"[\p{{Lu}}\p{{Lt}}\p{{Lm}}\p{{Lo}}\p{{M}}{but}]", rf"[\p{{Ll}}\p{{Lm}}\p{{Lo}}\p{{M}}{but}]"
    lead = r"[^\r\n\p{L}\p{N}]?"
    return (
        rf"{lead}{upper}*{lower}+{contraction}|{lead}{upper}+{lower}*{contraction}|{digits}"
        rf"| ?[^\s\p{{L}}\p{{N}}]+[\r\n{slash}]*|{LAST}"
    )


GPT4O = cased(CONTRACTION + "?", r"\p{N}{1,3}")
AFMOE_MAIN = (
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|" + LAST
)
AFMOE_SCRIPTS = (
    "[\u4e00-\u9fff\u3400-\u4dbf\u8c48-\ufaff\u3040-\u309f\u30a0-\u30ff\uff65-\uff9f\u2f00-\u2fdf\u0e40-\u0e7f\u0e80-\u0eff"
    "\u1780-\u17ff\u1000-\u109f\uaa60-\uaa7f\ua9e0-\ua9ff\uac00-\ud7af\u1100-\u11ff]+"
)
YOUTU_SCRIPTS = (
    "[\uac00-\ud7a3\u3131-\u318e]+|[\uff01\u2026\u201c\u201d\u2018\u2019\u2014\uff1a\uff1b\uff0c\u3001-\u303f\ufe30-\ufe4f]+"
    "|[\u3105-\u312f]+|[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"
)
# How the family's own tokenizer cuts: regexes one after the other, or None for GPT-2's that is built in.
GPT4O_NAMES = "gpt-4o llama4 kanana2 talkie minimax-m2 granite-embed-multi-97m".split()
OWN = {name: [GPT4O] for name in GPT4O_NAMES} | {
    "tekken": [cased("", r"\p{N}")],
    "youtu": [YOUTU_SCRIPTS, cased(CONTRACTION + "?", r"\p{N}")],
    "kimi-k2": [r"[\p{Han}]+|" + cased(CONTRACTION + "?", r"\p{N}{1,3}", slash="", but=r"&&[^\p{Han}]")],
    "tiny_aya": [r"\d{1,3}(?=(?:\d{3})*\b)", GPT4O],
    "cohere2moe": [r"\d{1,3}(?=(?:\d{3})*\b)", GPT4O],
    "superbpe": [r"\p{N}+", r"(?=(\d{3})+(?!\d))"],  # llama.cpp's \d is ASCII's
    "afmoe": [r"\p{N}{1,3}(?=(?:\p{N}{3})*(?!\p{N}))", AFMOE_SCRIPTS, AFMOE_MAIN],
}
# Families whose tokenizer.json brings texts into NFC: Qwen, Cohere (transformers' classes), GPT-NeoX's descendants.
NFC = ["qwen2", "qwen35", "command-r", "olmo", "mpt"]

TEXTS = [
    "Hello, world! It's 12345 o'clock, THEY'LL say I'M late; we've 3.14159 'reasons'.",
    "def f(x):\n    return x  +  1\n\n\n  # done\t\n",
    "nai\u0308ve cafe\u0301, \u6771\u4eac\u306b\u884c\u304f\u3002 \u041f\u0440\u0438\u0432\u0435\u0442 \u043c\u0438\u0440! \u00bd \u0661\u0662\u0663\u0664 \U0001f44d\U0001f3fd ok",
    "  leading, trailing  \r\n\r\n a\u00a0b  (c)...\n",
    "camelCase HTTPServer2Go snake_case A/B /usr/bin//x\n//\n",
    "1 12 123 1234 1234567 12ab 0x1F 3\u00b22 $1,299.50",
    "\u0939\u093f\u0928\u094d\u0926\u0940 \u0e01\u0e47\u0e44\u0e17\u0e22 \ud55c\uad6d\uc5b4 \u30c6\u30b9\u30c8 \u03a3\u03b1\u03c2 \u01c5x \u0645\u0631\u062d\u0628\u0627",
    "<p class=\"x\">&amp;</p> [b] {c} `d` ~e~ ^f^ |g| a+b=c ++--",
    "    four\n\tone  two\n        eight \n \n",
    "\u201cquotes\u201d \u2014 dashes\u2026 \uff01\uff1a\uff0c\u300c\u300d \u2018x\u2019s \u00aba\u00bb",
    "a\ufeffb \u200d\u200b \u0001c\u0085d \ue000",
    "word one two three, <|11|>four five <|11|> six seven",
]


def cut_by(regexes: list[str]):
    splits = [pre_tokenizers.Split(Regex(regex), "isolated") for regex in regexes]
    return pre_tokenizers.Sequence([*splits, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def trained() -> tuple[list[str], list[str]]:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = cut_by([])
    trainer = trainers.BpeTrainer(
        vocab_size=760, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False, max_token_length=5
    )
    pieces = [text[start:end] for text in TEXTS for start in range(len(text)) for end in range(start + 2, start + 6)]
    tokenizer.train_from_iterator(pieces, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    return sorted(model["vocab"], key=model["vocab"].get), [" ".join(merge) for merge in model["merges"]]


TOKENS, MERGES = trained()
# Where a file names neither BOS nor EOS llama.cpp takes token 11 for both.
TOKENS.insert(11, "<|11|>")
TYPES = [3 if token == "<|11|>" else 1 for token in TOKENS]
RUN = """
import { getLlama } from "node-llama-cpp";
import fs from "node:fs";
const [answer, texts, ...files] = JSON.parse(fs.readFileSync(0, "utf8"));
const llama = await getLlama({ gpu: false, build: "never", logLevel: "disabled" });
const rows = [];
for (const modelPath of files) {
  const model = await llama.loadModel({ modelPath, vocabOnly: true });
  const { bos, eos, shouldPrependBosToken } = model.tokens;
  rows.push({ ids: texts.map((text) => [...model.tokenize(text, true)]), bosId: bos, eosId: eos, addsBos: shouldPrependBosToken });
  await model.dispose();
}
fs.writeFileSync(answer, JSON.stringify(rows));
process.exit(0);
"""


def write_gguf(path: Path, name: str) -> None:
    writer = GGUFWriter(path, "llama")
    for add in ("add_context_length", "add_embedding_length", "add_block_count", "add_feed_forward_length", "add_head_count"):
        getattr(writer, add)(8)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(name)
    writer.add_token_list(TOKENS)
    writer.add_token_types(TYPES)
    writer.add_token_merges(MERGES)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


def by_llama_cpp(folder: str, texts: list[str]) -> dict[str, dict]:
    with tempfile.TemporaryDirectory() as temp:
        files = [Path(temp) / f"{name}.gguf" for name in NAMES]
        for name, file in zip(NAMES, files):
            write_gguf(file, name)
        script, answer = Path(folder) / "ask.mjs", Path(temp) / "answer.json"
        script.write_text(RUN)
        question = json.dumps([str(answer), texts, *map(str, files)])
        subprocess.run(["node", script], input=question, capture_output=True, text=True, check=True)
        return dict(zip(NAMES, json.loads(answer.read_text())))


def by_own(name: str) -> list[list[int]]:
    """Ids by PyPI tokenizers, cut as the family does."""
    vocab = {token: i for i, token in enumerate(TOKENS)}
    whole = name in ("tekken", "youtu", "granite-embed-multi-97m")
    model = models.BPE(vocab=vocab, merges=[tuple(merge.split(" ")) for merge in MERGES], ignore_merges=whole)
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = cut_by(OWN[name])
    tokenizer.add_special_tokens(["<|11|>"])
    return [tokenizer.encode(text).ids for text in TEXTS]


rows = by_llama_cpp(sys.argv[1], TEXTS)
composed = by_llama_cpp(sys.argv[1], [normalizers.NFC().normalize_str(text) for text in TEXTS])
groups: dict[str, dict] = {}
for name, row in rows.items():
    by = "llama.cpp"
    if name in OWN:
        row, by = {**row, "ids": by_own(name)}, "tokenizers"
    elif name in NFC:
        row, by = composed[name], "llama.cpp, texts composed"
    group = groups.setdefault(json.dumps([by, row]), {"names": [], "by": by, **row})
    group["names"].append(name)

golden = {
    "made_by": f"llama.cpp v0.5.0 (node-llama-cpp 3.22.1), tokenizers {tokenizers.__version__}",
    "texts": TEXTS,
    "tokens": TOKENS,
    "types": TYPES,
    "merges": MERGES,
    "groups": list(groups.values()),
}
Path(__file__).with_suffix(".json").write_text(json.dumps(golden, ensure_ascii=False, separators=(",", ":")) + "\n")
print(len(NAMES), "names,", len(groups), "groups,", len(TOKENS), "tokens")
