"""lm-eval's own engine (HFLM.loglikelihood) on the CPU, float32. Arguments: model folder, threads, batch size."""
import sys

from protocol import now_ms, serve, versions

folder, threads, batch = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


def load():
    import torch
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(threads)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    lm = HFLM(pretrained=model, tokenizer=AutoTokenizer.from_pretrained(folder), batch_size=batch, device="cpu")

    def loglikelihood(requests):
        instances = [
            Instance(request_type="loglikelihood", doc={}, arguments=(r["context"], r["continuation"]), idx=i)
            for i, r in enumerate(requests)
        ]
        start = now_ms()
        out = lm.loglikelihood(instances, disable_tqdm=True)
        return {"startMs": start, "endMs": now_ms(), "logLikelihoods": [value for value, _ in out]}

    return {"loglikelihood": loglikelihood}


serve(load, lambda: versions("lm-eval", "torch", "transformers"))
