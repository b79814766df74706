"""The Llama sibling of works/train.ts in PyTorch, CPU, float32. Arguments: weights file, architecture as JSON, threads."""
import json
import sys
import time

from protocol import now_ms, serve, versions

weights, spec, threads = sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3])


def load():
    import torch
    import torch.nn.functional as F
    from safetensors.torch import load_file

    torch.set_num_threads(threads)
    p = {name: torch.nn.Parameter(values) for name, values in load_file(weights).items()}
    decayed = [w for w in p.values() if w.dim() > 1]
    plain = [w for w in p.values() if w.dim() == 1]
    adam = spec["adam"]
    optimiser = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": adam["weightDecay"]}, {"params": plain, "weight_decay": 0.0}],
        betas=(adam["beta1"], adam["beta2"]), eps=adam["epsilon"], fused=True,
    )
    heads, kv, dim, eps = spec["heads"], spec["kvHeads"], spec["headDim"], spec["epsilon"]
    half = dim // 2
    frequencies = spec["theta"] ** (-torch.arange(half) / half)
    angles = torch.arange(spec["tokens"])[:, None] * frequencies[None]
    cos, sin = angles.cos(), angles.sin()

    def rotate(x):
        a, b = x[..., :half], x[..., half:]
        return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)

    def by_head(x, n):
        return x.view(x.shape[0], x.shape[1], n, dim).transpose(1, 2)

    def norm(x, w):
        return F.rms_norm(x, (x.shape[-1],), w, eps)

    def loss_of(ids, targets):
        x = F.embedding(ids, p["embedding"])
        for i in range(spec["layers"]):
            w = {k.split(".", 2)[2]: v for k, v in p.items() if k.startswith(f"layers.{i}.")}
            h = norm(x, w["mixerNorm"])
            q, k, v = (by_head(F.linear(h, w[name]), n) for name, n in (("q", heads), ("k", kv), ("v", kv)))
            o = F.scaled_dot_product_attention(rotate(q), rotate(k), v, is_causal=True, enable_gqa=heads != kv)
            x = x + F.linear(o.transpose(1, 2).reshape(*x.shape[:2], heads * dim), w["o"])
            h = norm(x, w["channelNorm"])
            x = x + F.linear(F.silu(F.linear(h, w["gate"])) * F.linear(h, w["up"]), w["down"])
        logits = F.linear(norm(x, p["finalNorm"]), p["embedding"])
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten())

    def steps(ids, targets, rates):
        losses, start, cpu = [], now_ms(), time.process_time()
        for batch, right, rate in zip(torch.tensor(ids), torch.tensor(targets), rates):
            for group in optimiser.param_groups:
                group["lr"] = rate
            optimiser.zero_grad()
            loss = loss_of(batch, right)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(p.values(), adam["clip"])
            optimiser.step()
            losses.append(loss.item())
        return {"losses": losses, "ms": now_ms() - start, "cpuMs": 1000 * (time.process_time() - cpu)}

    return {"steps": steps}


serve(load, lambda: versions("torch"))
