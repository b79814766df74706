"""Writes flops_torch.json: FLOPs by torch's FlopCounterMode of small modules written by hand, for the tests of lib/cost;
and three of them as ONNX files with open numbers of tokens, by torch's own exporter, in flops_torch/.

python tests/golden/flops_torch.py      (torch 2.13 and onnx, some seconds)

`dense` is FlopCounterMode's total of the forward pass. `causal` is the same without the products of hidden pairs: the
script adds up, over the mask itself, the FLOPs of every pair that it hides, and takes them off. Every module is plain
torch (matmul, bmm, conv1d), one layer, and its sizes are all different, so that a swapped size shows.
"""
import json
from pathlib import Path

import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

torch.manual_seed(0)
CASES = {}


def count(name, sizes, forward, inputs={}, hidden_flops=0):
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        forward(*inputs.values())
    dense = counter.get_total_flops()
    CASES[name] = {"sizes": sizes, "dense": dense, "causal": dense - int(hidden_flops)}


def visible(tokens, past, window=None):
    """bool [tokens, past + tokens]: the pairs that order and window let through."""
    query = past + torch.arange(tokens)[:, None]
    key = torch.arange(past + tokens)[None]
    shown = key <= query
    return shown if window is None else shown & (query - key < window)


def attend(q, k, v, mask):
    """q [B, H, S, d], k and v [B, H, T, d]"""
    scores = q @ k.transpose(2, 3) * q.shape[-1] ** -0.5
    return scores.masked_fill(~mask, float("-inf")).softmax(-1) @ v


def hidden(mask, batch, heads, key_dim, value_dim):
    return int((~mask).sum()) * batch * heads * 2 * (key_dim + value_dim)


def split(x, heads):
    batch, tokens, width = x.shape
    return x.reshape(batch, tokens, heads, width // heads).transpose(1, 2)


def merge(x):
    batch, heads, tokens, width = x.shape
    return x.transpose(1, 2).reshape(batch, tokens, heads * width)


def gqa(batch, tokens, past, hidden_size, heads, kv_heads, head_dim, window):
    wq, wo = torch.randn(hidden_size, heads * head_dim), torch.randn(heads * head_dim, hidden_size)
    wk, wv = torch.randn(hidden_size, kv_heads * head_dim), torch.randn(hidden_size, kv_heads * head_dim)
    inputs = {
        "x": torch.randn(batch, tokens, hidden_size),
        "past.0.key": torch.randn(batch, kv_heads, past, head_dim),
        "past.0.value": torch.randn(batch, kv_heads, past, head_dim),
    }

    def forward(x, pk, pv):
        mask = visible(x.shape[1], pk.shape[2], window)
        k = torch.cat([pk, split(x @ wk, kv_heads)], 2).repeat_interleave(heads // kv_heads, 1)
        v = torch.cat([pv, split(x @ wv, kv_heads)], 2).repeat_interleave(heads // kv_heads, 1)
        return merge(attend(split(x @ wq, heads), k, v, mask)) @ wo

    return forward, inputs, hidden(visible(tokens, past, window), batch, heads, head_dim, head_dim)


def moe(tokens, hidden_size, inner, experts, active, compute_all):
    inputs, router = {"x": torch.randn(tokens, hidden_size)}, torch.randn(hidden_size, experts)
    gate, up = torch.randn(2, experts, hidden_size, inner)
    down = torch.randn(experts, inner, hidden_size)

    def forward(x):
        weight, chosen = (x @ router).softmax(-1).topk(active, -1)
        if compute_all:
            y = (F.silu(x @ gate) * (x @ up)) @ down  # [experts, tokens, hidden]
            return torch.einsum("te,eth->th", torch.zeros(x.shape[0], experts).scatter(1, chosen, weight), y)
        y = torch.zeros_like(x)
        for e in range(experts):
            row, rank = (chosen == e).nonzero(as_tuple=True)
            h = x[row]
            y[row] += weight[row, rank, None] * ((F.silu(h @ gate[e]) * (h @ up[e])) @ down[e])
        return y

    return forward, inputs


def mla(tokens, past, hidden_size, heads, latent, nope, rope, value_dim, absorbed):
    """The cache is [1, past, latent + rope]; the query has no latent of its own; rotary positions cost no products."""
    inputs = {"x": torch.randn(1, tokens, hidden_size), "past.0.key": torch.randn(1, past, latent + rope)}
    wq = torch.randn(hidden_size, heads * (nope + rope))
    wc = torch.randn(hidden_size, latent + rope)
    wuk, wuv = torch.randn(heads, nope, latent), torch.randn(heads, latent, value_dim)
    wo = torch.randn(heads * value_dim, hidden_size)

    def forward(x, cache):
        mask = visible(x.shape[1], cache.shape[1])
        qn, qr = split(x @ wq, heads).split([nope, rope], -1)
        seen = torch.cat([cache, x @ wc], 1)[:, None]  # [1, 1, total, latent + rope]
        c, kr = seen.split([latent, rope], -1)
        if absorbed:
            scores = torch.cat([qn @ wuk, qr], -1) @ seen.transpose(2, 3)
        else:
            scores = qn @ (c @ wuk.transpose(1, 2)).transpose(2, 3) + qr @ kr.transpose(2, 3)
        p = scores.masked_fill(~mask, float("-inf")).softmax(-1)
        o = (p @ c) @ wuv if absorbed else p @ (c @ wuv)
        return merge(o) @ wo

    key, value = (latent + rope, latent) if absorbed else (nope + rope, value_dim)
    return forward, inputs, hidden(visible(tokens, past), 1, heads, key, value)


def recurrence(tokens, heads, key_dim, value_dim, delta):
    """Token by token: S = a S + k (v or beta (v - k S)); o = q S."""
    q, k = torch.randn(2, tokens, heads, 1, key_dim)
    v, decay, beta = torch.randn(tokens, heads, 1, value_dim), torch.rand(tokens, heads, 1, 1), torch.rand(tokens, heads, 1, 1)

    def forward():
        state = torch.zeros(heads, key_dim, value_dim)
        for t in range(tokens):
            state = decay[t] * state
            new = beta[t] * (v[t] - k[t] @ state) if delta else v[t]
            state = state + k[t].transpose(1, 2) @ new
            o = q[t] @ state
        return o

    return forward


def chunk(tokens, heads, key_dim, value_dim):
    """One chunk of the gated recurrence as products (SSD): masks by decay, so no pair is hidden from a product."""
    q, k = torch.randn(2, heads, tokens, key_dim)
    v, state, log_decay = torch.randn(heads, tokens, value_dim), torch.randn(heads, key_dim, value_dim), -torch.rand(heads, tokens)

    def forward():
        along = log_decay.cumsum(-1)
        between = (along[:, :, None] - along[:, None]).tril().exp().tril()
        o = (q @ k.transpose(1, 2) * between) @ v + along.exp()[..., None] * (q @ state)
        last = along[:, -1:]
        return o, last.exp()[..., None] * state + (k * (last - along).exp()[..., None]).transpose(1, 2) @ v

    return forward


def short_conv(batch, tokens, channels, width):
    x, w, past = torch.randn(batch, channels, tokens), torch.randn(channels, 1, width), torch.randn(batch, channels, width - 1)
    return lambda: F.conv1d(torch.cat([past, x], 2), w, groups=channels)


for name, sizes in {
    "gqa": dict(batch=2, tokens=11, past=0, hidden_size=24, heads=6, kv_heads=2, head_dim=8, window=None),
    "gqa_past": dict(batch=1, tokens=5, past=9, hidden_size=24, heads=6, kv_heads=2, head_dim=8, window=None),
    "gqa_window": dict(batch=1, tokens=13, past=0, hidden_size=24, heads=6, kv_heads=2, head_dim=8, window=4),
    "gqa_window_past": dict(batch=1, tokens=5, past=9, hidden_size=24, heads=6, kv_heads=2, head_dim=8, window=7),
    "gqa_window_step": dict(batch=3, tokens=1, past=9, hidden_size=24, heads=6, kv_heads=2, head_dim=8, window=7),
}.items():
    count(name, sizes, *gqa(**sizes))
for name, sizes in {
    "moe_top2": dict(tokens=13, hidden_size=24, inner=20, experts=5, active=2, compute_all=False),
    "moe_top2_all": dict(tokens=13, hidden_size=24, inner=20, experts=5, active=2, compute_all=True),
}.items():
    count(name, sizes, *moe(**sizes))
for name, sizes in {
    "mla_expanded": dict(tokens=7, past=4, hidden_size=24, heads=3, latent=10, nope=8, rope=4, value_dim=6, absorbed=False),
    "mla_absorbed": dict(tokens=7, past=4, hidden_size=24, heads=3, latent=10, nope=8, rope=4, value_dim=6, absorbed=True),
    "mla_absorbed_step": dict(tokens=1, past=11, hidden_size=24, heads=3, latent=10, nope=8, rope=4, value_dim=6, absorbed=True),
}.items():
    count(name, sizes, *mla(**sizes))
for name, delta in {"recurrence_gated": False, "recurrence_gated_delta": True}.items():
    sizes = dict(tokens=9, heads=3, key_dim=8, value_dim=5)
    count(name, sizes, recurrence(**sizes, delta=delta))
count("gated_chunk", dict(tokens=9, heads=3, key_dim=8, value_dim=5), chunk(9, 3, 8, 5))
count("short_conv", dict(batch=2, tokens=9, channels=12, width=4), short_conv(2, 9, 12, 4))


class Module(torch.nn.Module):
    def __init__(self, forward):
        super().__init__()
        self.run = forward

    def forward(self, *inputs):
        return self.run(*inputs)


def export(name, forward, inputs, axes):
    """The exporter that traces: no other packages than onnx, and shapes are computed in the graph."""
    folder = Path(__file__).with_suffix("")
    folder.mkdir(exist_ok=True)
    path = str(folder / f"{name}.onnx")
    torch.onnx.export(Module(forward), tuple(inputs.values()), path, dynamo=False, opset_version=18,
                      input_names=list(inputs), output_names=["y"], dynamic_axes=axes)


cache_axes = {"x": {1: "tokens"}, "past.0.key": {2: "past"}, "past.0.value": {2: "past"}}
gqa_sizes = CASES["gqa_window_past"]["sizes"]
export("gqa_window", *gqa(**gqa_sizes)[:2], cache_axes)
export("mla_absorbed", *mla(**CASES["mla_absorbed"]["sizes"])[:2], {"x": {1: "tokens"}, "past.0.key": {1: "past"}})
export("moe_top2_all", *moe(**CASES["moe_top2_all"]["sizes"]), {"x": {0: "tokens"}})

out = {"reference": f"torch {torch.__version__.split('+')[0]} FlopCounterMode, CPU, by flops_torch.py", "cases": CASES}
Path(__file__).with_suffix(".json").write_text(json.dumps(out, indent=1) + "\n")
