"""Write the golden of RWKV-6, which transformers does not have: python make_rwkv6.py

A tiny model of seeded random weights by the names of the authors' own files (model.safetensors) with a config.json as
their Hugging Face folders have it, and what the authors' package (PyPI `rwkv`) computes with it in float32 on the CPU.
Beside torch it needs that package and what make_families.py needs. Nothing is downloaded. The same script, versions and
processor give the same bytes."""

import os

# The recurrence in plain torch, so that torch counts its products; RWKV_V7_ON would load another architecture.
os.environ["RWKV_JIT_ON"] = "0"
os.environ["RWKV_CUDA_ON"] = "0"

import json
import tempfile
from importlib.metadata import version
from pathlib import Path

import torch
from rwkv.model import RWKV
from safetensors.torch import save_file
from torch.utils.flop_counter import FlopCounterMode

from make_families import HERE, NEW_TOKENS, PROMPT_TOKENS, SMALLEST_MARGIN, margin, rounded, write_json

SEED = 0
VOCAB, WIDTH, LAYERS, HEADS = 64, 32, 3, 2
# Those of all published models below 4096 wide; the Hugging Face form has no field for them.
MIX_RANK, DECAY_RANK = 32, 64
INNER = int(3.5 * WIDTH) // 32 * 32

NOTES = [
    "Time mix: each of five inputs (of decay w, key k, value v, receptance r, gate g) is x + (before - x) * (time_maa_i +"
    " offset_i), the offsets from tanh((x + (before - x) * time_maa_x) time_maa_w1) time_maa_w2, in the order w, k, v, r, g."
    " `before` is the normed input of the token before, zeros at the start.",
    "Decay exp(-exp(time_decay + tanh(x_w time_decay_w1) time_decay_w2)), one for each channel of the key. A token reads r"
    " (S + diag(time_faaaa) k v) with the state before it, then S = diag(decay) S + k v. No scale.",
    "ln_x is a LayerNorm of each head with weights of its own, eps 64e-5 whatever the head size; then times silu(gate).",
    "Channel mix: sigmoid(receptance x_r) * value(relu(key x_k)^2), each input with a fixed share of the token before it.",
    "ln0 norms the embedding, once. All norms are LayerNorms with bias. The head is not tied.",
    "Matrices time_maa_w1, time_maa_w2, time_decay_w1 and time_decay_w2 are stored [in, out], the others [out, in].",
    "transformers' form (made by BBuf/RWKV-World-HF-Tokenizer) says rwkv.blocks.0.attention. for blocks.0.att.,"
    " feed_forward for ffn, pre_ln for ln0, rwkv.embeddings for emb.",
]


def make_weights(seed: torch.Generator) -> dict[str, torch.Tensor]:
    """Random values at scales that let every parameter change the logits clearly: decays of about 0.5 to 0.95."""

    def normal(*shape: int, mean: float = 0.0, deviation: float = 1.0) -> torch.Tensor:
        return mean + deviation * torch.randn(shape, generator=seed)

    def matrix(rows: int, columns: int, inputs: int) -> torch.Tensor:
        return normal(rows, columns, deviation=inputs**-0.5)

    def norm(name: str) -> dict[str, torch.Tensor]:
        return {f"{name}.weight": normal(WIDTH, mean=1, deviation=0.1), f"{name}.bias": normal(WIDTH, deviation=0.1)}

    weights = {"emb.weight": matrix(VOCAB, WIDTH, WIDTH), **norm("blocks.0.ln0")}
    for layer in range(LAYERS):
        block, att, ffn = (f"blocks.{layer}{part}." for part in ("", ".att", ".ffn"))
        weights |= norm(f"{block}ln1") | norm(f"{block}ln2") | norm(f"{att}ln_x")
        for name in (*(f"{att}time_maa_{i}" for i in "xwkvrg"), f"{ffn}time_maa_k", f"{ffn}time_maa_r"):
            weights[name] = torch.rand((1, 1, WIDTH), generator=seed)
        weights |= {
            f"{att}time_maa_w1": matrix(WIDTH, 5 * MIX_RANK, WIDTH),
            f"{att}time_maa_w2": normal(5, MIX_RANK, WIDTH, deviation=0.5 * MIX_RANK**-0.5),
            f"{att}time_decay": normal(1, 1, WIDTH, mean=-1.5, deviation=0.7),
            f"{att}time_decay_w1": matrix(WIDTH, DECAY_RANK, WIDTH),
            f"{att}time_decay_w2": normal(DECAY_RANK, WIDTH, deviation=0.5 * DECAY_RANK**-0.5),
            f"{att}time_faaaa": normal(HEADS, WIDTH // HEADS, mean=0.5, deviation=0.5),
            **{f"{att}{name}.weight": matrix(WIDTH, WIDTH, WIDTH) for name in ("receptance", "key", "value", "gate", "output")},
            f"{ffn}key.weight": matrix(INNER, WIDTH, WIDTH),
            f"{ffn}receptance.weight": matrix(WIDTH, WIDTH, WIDTH),
            f"{ffn}value.weight": matrix(WIDTH, INNER, INNER),
        }
    return weights | norm("ln_out") | {"head.weight": matrix(VOCAB, WIDTH, WIDTH)}


CONFIG = {
    "architectures": ["Rwkv6ForCausalLM"],
    "attention_hidden_size": WIDTH,
    "bos_token_id": 0,
    "eos_token_id": 0,
    "head_size": WIDTH // HEADS,
    "head_size_divisor": 8,
    "hidden_size": WIDTH,
    "intermediate_size": None,
    "layer_norm_epsilon": 1e-5,
    "model_type": "rwkv6",
    "num_hidden_layers": LAYERS,
    "rescale_every": 6,
    "tie_word_embeddings": False,
    "torch_dtype": "float32",
    "vocab_size": VOCAB,
}


def open_model(weights: dict[str, torch.Tensor]) -> RWKV:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.pth"
        torch.save(weights, path)
        return RWKV(model=str(path.with_suffix("")), strategy="cpu fp32", verbose=False)


@torch.no_grad()
def logits_of(model: RWKV, ids: list[int]) -> torch.Tensor:
    """Logits of all tokens at once, [tokens][vocab]."""
    return model.forward(ids, None, full_output=True)[0]


@torch.no_grad()
def logits_step_by_step(model: RWKV, ids: list[int]) -> torch.Tensor:
    state, rows = None, []
    for token in ids:
        row, state = model.forward([token], state)
        rows.append(row)
    return torch.stack(rows)


def greedy(model: RWKV, ids: list[int]) -> dict:
    new: list[int] = []
    margins = []
    for _ in range(NEW_TOKENS):
        last = logits_of(model, ids + new)[-1]
        margins.append(margin(last))
        new.append(int(last.argmax()))
    return {"ids": new, "smallest_margin": rounded(min(margins))}


def flops_of(model: RWKV, prompts: list[list[int]]) -> dict:
    """FLOPs over each prompt by torch's own formulas: products with weights (mm), and those of the recurrence and of
    time_maa_w2 (bmm). The parts are those of the first prompt."""
    totals = []
    for ids in reversed(prompts):
        with FlopCounterMode(display=False) as counter:
            logits_of(model, ids)
        totals.insert(0, counter.get_total_flops())
    by_op = {str(op): n for op, n in counter.get_flop_counts()["Global"].items()}
    return {"total": totals[0], "totals": totals, "by_op": by_op}


def main() -> None:
    seed = torch.Generator().manual_seed(SEED)
    weights = make_weights(seed)
    parameters = sum(w.numel() for w in weights.values())
    prompts = [torch.randint(3, VOCAB, (tokens,), generator=seed).tolist() for tokens in PROMPT_TOKENS]
    folder = HERE / "rwkv6"
    folder.mkdir(exist_ok=True)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(CONFIG, indent=2) + "\n")
    model = open_model(weights)
    logits = [logits_of(model, ids) for ids in prompts]
    steps = max((logits_step_by_step(model, ids) - all).abs().max().item() for ids, all in zip(prompts, logits))
    continuations = [greedy(model, ids) for ids in prompts]
    golden = {
        "model_type": CONFIG["model_type"],
        "made_by": f"rwkv {version('rwkv')} (cpu fp32), torch {torch.__version__}, 1 thread",
        "parameters": parameters,
        "notes": NOTES,
        "ids": prompts,
        "logits": rounded(logits[0].tolist()),
        "last_logits": rounded(logits[1][-1].tolist()),
        "greedy": continuations,
        "router_margin": None,
        "torch_flops": flops_of(model, prompts),
    }
    write_json(folder / "golden.json", golden)
    smallest = min(one["smallest_margin"] for one in continuations)
    print(
        f"rwkv6 {parameters} parameters  margin {smallest:.4f}  step by step {steps:.0e}  logits {logits[0].std():.2f}"
        f"  distinct {[len(set(one['ids'])) for one in continuations]}  flops {golden['torch_flops']}"
        + ("  MARGIN TOO SMALL" if smallest < SMALLEST_MARGIN else "")
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
