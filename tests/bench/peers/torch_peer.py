"""transformers on torch, CPU, float32. Arguments: model folder, threads."""
import sys

from protocol import now_ms, serve, versions

folder, threads = sys.argv[1], int(sys.argv[2])


def load():
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()

    class Clock:
        """A streamer: generate() shows it the prompt, then each token as soon as it is there."""

        def __init__(self):
            self.times = []

        def put(self, _):
            self.times.append(now_ms())

        def end(self):
            pass

    def decode(ids, newTokens):
        clock = Clock()
        prompt = torch.tensor([ids])
        start = now_ms()
        out = model.generate(
            prompt, attention_mask=torch.ones_like(prompt), do_sample=False, max_new_tokens=newTokens,
            min_new_tokens=newTokens, streamer=clock,
        )
        end = now_ms()
        return {"startMs": start, "firstTokenMs": clock.times[1], "endMs": end, "ids": out[0, len(ids):].tolist()}

    def forward(ids, logits):
        prompts = torch.tensor(ids)
        start = now_ms()
        out = model(prompts, logits_to_keep=1 if logits == "last" else 0, use_cache=True).logits
        last = out[:, -1].argmax(-1).tolist()
        return {"startMs": start, "endMs": now_ms(), "ids": last}

    def sample(ids, newTokens, samples, temperature, topP, seed):
        prompt = torch.tensor([ids])
        torch.manual_seed(seed)
        start = now_ms()
        how = dict(do_sample=True, temperature=temperature, top_p=topP, top_k=0) if temperature else dict(do_sample=False)
        out = model.generate(
            prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=newTokens, min_new_tokens=newTokens,
            num_return_sequences=samples, **how,
        )
        return {"startMs": start, "endMs": now_ms(), "ids": out[:, len(ids):].tolist()}

    def encode(texts):
        return AutoTokenizer.from_pretrained(folder)(texts)["input_ids"]

    return {"decode": decode, "forward": forward, "sample": sample, "encode": encode}


serve(load, lambda: versions("torch", "transformers"))
