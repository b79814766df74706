"""Log-likelihoods by lm-eval of the first rows of the smaller tasks: writes tasks_scores_lm_eval.json.

As tasks_lm_eval.py, and a folder with the model that `task bench:peers` makes of the GGUF file (float32):
    python tests/golden/tasks_scores_lm_eval.py PACKAGE LAMBADA .cache/peers/hf
"""
import json
import sys
from pathlib import Path

import tasks_lm_eval as tasks
import torch
import transformers
from lm_eval.models.huggingface import HFLM

ROWS = {"arc_easy": 10, "arc_challenge": 10, "piqa": 10, "sciq": 10, "boolq": 6, "lambada_openai": 20}


def main():
    model = transformers.AutoModelForCausalLM.from_pretrained(sys.argv[3], dtype=torch.float32)
    tokenizer = transformers.AutoTokenizer.from_pretrained(sys.argv[3])
    lm = HFLM(pretrained=model, tokenizer=tokenizer, batch_size=1, device="cpu")
    golden = {}
    for name, (path, table) in tasks.tables().items():
        if name not in ROWS:
            continue
        whole = tasks.written(name, table)
        task = tasks.task_of(path, {"train": whole, "validation": whole, "test": whole})
        task.build_all_requests(limit=ROWS[name], rank=0, world_size=1)
        requests = sorted(task.instances, key=lambda i: (i.doc_id, i.idx))
        answers = lm.loglikelihood(requests)
        items = []
        for doc_id in range(ROWS[name]):
            part = [(r, a) for r, a in zip(requests, answers) if r.doc_id == doc_id]
            given = [a for _, a in part]
            metrics = task.process_results(part[0][0].doc, given)
            items.append({
                "ll": [round(ll, 6) for ll, _ in given],
                "greedy": [greedy for _, greedy in given],
                "metrics": {k: v for k, v in metrics.items() if k in ("acc", "acc_norm")},
            })
        golden[name] = items
    file = Path(__file__).with_suffix(".json")
    versions = f"lm-eval {tasks.lm_eval.__version__}, transformers {transformers.__version__}, torch {torch.__version__}"
    reference = f"{versions}, CPU, float32, batch size 1, no BOS; SmolLM2-135M-Instruct Q4_1 as float32"
    lines = {name: ",\n".join(json.dumps(item, default=float) for item in items) for name, items in golden.items()}
    body = ",\n".join(f'"{name}": [\n{text}\n]' for name, text in lines.items())
    file.write_text(f'{{\n"reference": {json.dumps(reference)},\n"tasks": {{\n{body}\n}}\n}}\n')


if __name__ == "__main__":
    main()
