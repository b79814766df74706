"""Write the goldens of all model families, or of those named: python make_families.py [family ...]

For each family a folder with a tiny model of seeded random weights (config.json and model.safetensors, as
save_pretrained writes them) and golden.json, what transformers computes with it in float32 on the CPU. Nothing is
downloaded. The same script, versions and processor give the same bytes."""

import json
import sys
from pathlib import Path

import torch
import transformers
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoModelForCausalLM
from transformers.pytorch_utils import Conv1D

from families import FAMILIES
from notes import NOTES

HERE = Path(__file__).parent
PROMPT_TOKENS = [24, 9]
NEW_TOKENS = 24
# Below this an implementation that is right to 1e-4 could pick another token: take another seed then.
SMALLEST_MARGIN = 8e-3
# What a recurrent layer needs in order to remember: decays of about 0.5 to 0.95 a token, not of 0.
RECURRENT = {"A_log": (-1.5, 0.5), "dt_bias": (0.0, 0.5), "time_decay": (-1.5, 0.7), "time_first": (0.0, 0.5)}


def draw(name: str, parameter: torch.Tensor, seed: torch.Generator, transposed: bool, tied: bool) -> torch.Tensor:
    """A random value at a scale that lets the parameter change the logits clearly."""
    noise = torch.randn(parameter.shape, generator=seed)
    kind = name.split(".")[-1]
    if kind in RECURRENT:
        mean, deviation = RECURRENT[kind]
        return mean + deviation * noise
    if kind.startswith("time_mix"):
        return torch.rand(parameter.shape, generator=seed)
    if parameter.dim() == 1:  # norms (1, or 0 where the model adds 1) and biases: about their initial value
        return parameter.mean() + 0.1 * noise
    fan_in = parameter.shape[0] if transposed else parameter.shape[-1]
    # A tied embedding at full scale makes most tokens predict themselves.
    return noise / fan_in**0.5 * (0.5 if tied else 1)


@torch.no_grad()
def make_model(name: str):
    config, number = FAMILIES[name]
    torch.manual_seed(number)
    model = AutoModelForCausalLM.from_config(
        config, attn_implementation="eager", experts_implementation="eager", dtype=torch.float32
    )
    seed = torch.Generator().manual_seed(number)
    transposed = {f"{path}.weight" for path, module in model.named_modules() if isinstance(module, Conv1D)}
    for path, parameter in model.named_parameters():
        tied = config.tie_word_embeddings and parameter is model.get_input_embeddings().weight
        parameter.copy_(draw(path, parameter, seed, path in transposed, tied))
    return model.eval(), seed


@torch.no_grad()
def logits_of(model, ids: list[int]) -> torch.Tensor:
    """Logits of a full forward without a cache, [tokens][vocab]."""
    return model(torch.tensor([ids]), use_cache=False).logits[0]


def margin(scores: torch.Tensor, k: int = 1) -> float:
    """By how much the k-th largest score of a row is above the next, in the closest row."""
    best = scores.topk(k + 1, dim=-1).values
    return (best[..., k - 1] - best[..., k]).min().item()


def greedy(model, ids: list[int]) -> dict:
    new: list[int] = []
    margins = []
    for _ in range(NEW_TOKENS):
        last = logits_of(model, ids + new)[-1]
        margins.append(margin(last))
        new.append(int(last.argmax()))
    return {"ids": new, "smallest_margin": rounded(min(margins))}


def flops_of(model, prompts: list[list[int]]) -> dict:
    """FLOPs of a forward over each prompt by torch's own formulas: matrix products and convolutions, nothing else.
    Windows and the causal triangle are not taken off. The parts are those of the first prompt."""
    totals = []
    for ids in reversed(prompts):
        with FlopCounterMode(display=False) as counter:
            logits_of(model, ids)
        totals.insert(0, counter.get_total_flops())
    counts = counter.get_flop_counts()
    root = type(model).__name__ + "."
    modules = {path.removeprefix(root): sum(ops.values()) for path, ops in counts.items() if path.startswith(root)}
    return {
        "total": totals[0],
        "totals": totals,
        "by_op": {str(op): n for op, n in counts["Global"].items()},
        "by_module": {path: n for path, n in sorted(modules.items()) if n and path.count(".") <= 3},
    }


def router_margin(model, texts: list[list[int]]) -> float | None:
    """Closest call of a router over these texts: its k-th logit less the next. None without a router."""
    calls = []
    for module in model.modules():
        if type(module).__name__.endswith("Router"):
            module.register_forward_hook(lambda module, _, output: calls.append(margin(output[0], module.top_k)))
    for ids in texts:
        logits_of(model, ids)
    return rounded(min(calls)) if calls else None


def rounded(value):
    """Seven significant digits: what float32 holds."""
    return [rounded(item) for item in value] if isinstance(value, list) else float(f"{value:.7g}")


def write_json(path: Path, value: dict) -> None:
    """One line a field, one line a row of logits: small, and a diff shows where."""
    def field(item, depth: int) -> str:
        pad = "  " * depth
        if isinstance(item, dict):
            lines = [f"{pad}  {json.dumps(key)}: {field(part, depth + 1)}" for key, part in item.items()]
        elif isinstance(item, list) and item and isinstance(item[0], (list, dict, str)):
            lines = [f"{pad}  {json.dumps(part)}" for part in item]
        else:
            return json.dumps(item)
        brackets = "{}" if isinstance(item, dict) else "[]"
        return f"{brackets[0]}\n" + ",\n".join(lines) + f"\n{pad}{brackets[1]}"

    path.write_text(field(value, 0) + "\n")


def make(name: str) -> None:
    model, seed = make_model(name)
    vocab = model.config.vocab_size
    prompts = [torch.randint(3, vocab, (tokens,), generator=seed).tolist() for tokens in PROMPT_TOKENS]
    logits = [logits_of(model, ids) for ids in prompts]
    prefix = (logits_of(model, prompts[0][:11]) - logits[0][:11]).abs().max().item()
    continuations = [greedy(model, ids) for ids in prompts]
    folder = HERE / name
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    golden = {
        "model_type": model.config.model_type,
        "made_by": f"transformers {transformers.__version__}, torch {torch.__version__}, float32, eager, 1 thread",
        "parameters": model.num_parameters(),
        "notes": NOTES[name],
        "ids": prompts,
        "logits": rounded(logits[0].tolist()),
        "last_logits": rounded(logits[1][-1].tolist()),
        "greedy": continuations,
        "router_margin": router_margin(model, [ids + one["ids"] for ids, one in zip(prompts, continuations)]),
        "torch_flops": flops_of(model, prompts),
    }
    write_json(folder / "golden.json", golden)
    smallest = min(one["smallest_margin"] for one in continuations)
    size = (folder / "model.safetensors").stat().st_size / 1000
    print(
        f"{name:18} {golden['parameters']:7} parameters {size:4.0f} kB  margin {smallest:.4f}"
        f"  router {golden['router_margin']}  distinct {[len(set(one['ids'])) for one in continuations]}"
        f"  prefix {prefix:.0e}  logits {logits[0].std():.2f}  flops {golden['torch_flops']['total']}"
        + ("  MARGIN TOO SMALL" if smallest < SMALLEST_MARGIN else "")
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    for family in sys.argv[1:] or FAMILIES:
        make(family)
