"""Samples of tasks in the forms that lm-eval's tasks have, and its own results: writes lm_eval_forms.json.

Rows are made up, the model is a hash function. Needs lm-eval 0.4.13 and no network:
    python tests/golden/lm_eval_forms.py
"""
import hashlib
import json
import os
import random
import tempfile
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", HF_HOME=tempfile.mkdtemp())

import lm_eval
import numpy as np
from lm_eval.api.model import LM
from lm_eval.loggers import EvaluationTracker

FOLDER = Path(tempfile.mkdtemp())
WORDS = ["seed", "green", "salt", "window", "house", "corn", "東", "naïve café", "a longer choice of words"]
ROWS = 6


def share(*texts):
    return int(hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:8], 16) / 2**32


class Model(LM):
    def loglikelihood(self, requests):
        return [(-1 - 60 * share(*r.args), share(*r.args, "greedy") > 0.5) for r in requests]

    def loglikelihood_rolling(self, requests):
        return [-3 - 5 * len(r.args[0]) * share(r.args[0]) for r in requests]

    def generate_until(self, requests):
        answers = ["answer 3", "#### 4 or 5", "none", "#### 1"]
        return [answers[int(4 * share(r.args[0], i))] for i, r in enumerate(requests)]


def weighted(doc, results):
    """As TruthfulQA's mc2, rounded: acc is 0 or 1, but no matter of the likeliest choice."""
    p = np.exp([ll for ll, _ in results])
    return {"acc": float(round(sum(p[1:]) / sum(p)))}


def custom(doc, results):
    (first, _), (second, _) = results[:2]
    return {"likelihood_diff": first - second, "flag": bool(first > second), "quarter": np.float32(0.25)}


def page(doc, results):
    """As wikitext: words and bytes of another form of the text."""
    words, size = len(doc["page"].split()), len(doc["page"].encode())
    return {name: (results[0], n) for name, n in [("word_perplexity", words), ("bits_per_byte", size)]}


def partial(doc, results):
    score = {"score": 0.5 * (len(results[0]) % 3)}
    return score if doc["a"] == "1" else {**score, "extra": 1.0}


random.seed(3)
choices = [{"q": f"Question {i}?", "c": random.sample(WORDS, 3 + i % 2), "a": i % 3} for i in range(ROWS)]
pairs = [{"s": [f"The {w} {i}" for w in random.sample(WORDS, 3)], "l": i % 2, "t": "was new."} for i in range(ROWS)]
truths = [{"q": f"Is {i} odd?", "a": bool(i % 2)} for i in range(ROWS)]
sums = [{"q": f"{i}+1", "a": str(i % 5 + 1)} for i in range(ROWS)]
pages = [{"page": f"{WORDS[i]} and @-@ {WORDS[i + 3]} , {i}"} for i in range(ROWS)]

choice = {"output_type": "multiple_choice", "doc_to_text": "q", "doc_to_choice": "c", "doc_to_target": "a"}
contexts = {**choice, "doc_to_text": "l", "doc_to_target": "t"}
two = {**contexts, "doc_to_choice": "{{s[:2]}}"}
text = {"output_type": "loglikelihood_rolling", "doc_to_text": "", "doc_to_target": "{{page|replace(' ,', ',')}}"}
written = {"output_type": "generate_until", "doc_to_text": "q", "doc_to_target": "a", "generation_kwargs": {"until": ["\n"]}}
filters = {
    name: {"name": name, "filter": [{"function": "regex", "regex_pattern": regex, **more}, *rest, {"function": "take_first"}]}
    for name, regex, more, rest in [
        ("strict", r"#### (\d)", {}, []),
        ("flexible", r"(\d)", {"group_select": -1}, []),
        ("majority", r"(\d)", {}, [{"function": "majority_vote"}]),
    ]
}

TASKS = {
    "contexts": (pairs, two, "acc acc_norm"),
    "contexts_shots": (pairs, {**two, "num_fewshot": 2}, "acc"),
    "three_contexts": (pairs, {**contexts, "doc_to_choice": "s"}, "acc"),
    "contexts_mutual": (pairs, two, "acc acc_mutual_info"),
    "line_delimiter": (choices, {**choice, "target_delimiter": "\n"}, "acc acc_norm acc_bytes"),
    "arrow_delimiter": (choices, {**choice, "target_delimiter": " -> ", "num_fewshot": 1}, "acc acc_norm acc_bytes"),
    "letters": (choices, {**choice, "doc_to_choice": ["A", "B", "C"], "target_delimiter": ""}, "acc acc_norm"),
    "wide_delimiter": (
        choices,
        {**choice, "doc_to_choice": "{{c|reverse|list}}", "doc_to_target": "{{c[a]}}", "target_delimiter": "\u3000"},
        "acc acc_norm",
    ),
    "mutual": (choices, {**choice, "target_delimiter": "\n"}, "acc acc_norm acc_mutual_info"),
    "weighted": (choices, {**choice, "doc_to_target": 0, "process_results": weighted}, "acc"),
    "custom": (choices, {**choice, "process_results": custom}, "likelihood_diff flag quarter"),
    "several": ([{**c, "a": [0, 1][: 1 + c["a"] % 2]} for c in choices], choice, "acc acc_norm exact_match"),
    "truths": (truths, {**choice, "doc_to_choice": ["no", "yes"]}, "acc acc_norm"),
    "truths_first": (truths, {**choice, "doc_to_choice": ["True", "False"]}, "acc"),
    "digits": (
        [{"q": s["q"], "a": str(i % 3 + 1)} for i, s in enumerate(sums)],
        {**choice, "doc_to_choice": ["1", "2", "3"]},
        "acc",
    ),
    "unlabelled": ([{**c, "a": -1 if i == 1 else c["a"]} for i, c in enumerate(choices)], choice, "acc"),
    "repeated": (choices, {**choice, "repeats": 2}, "acc mcc"),
    "word": (
        [{"t": f"{WORDS[i]} and {WORDS[i + 3]}"} for i in range(ROWS)],
        {"output_type": "loglikelihood", "doc_to_text": "{{t.split(' ')[0]}}", "doc_to_target": "{{' and ' + t}}"},
        "perplexity acc",
    ),
    "text": (pages, text, "word_perplexity byte_perplexity bits_per_byte"),
    "cleaned_text": (pages, {**text, "process_results": page}, "word_perplexity bits_per_byte"),
    "filters": (sums, {**written, "repeats": 3, "filter_list": list(filters.values())}, "exact_match"),
    "partial": (sums, {**written, "process_results": partial}, "score extra"),
}
OWN = ["likelihood_diff", "flag", "quarter", "score", "extra"]


def run(name, rows, config, metrics):
    file = FOLDER / f"{name}.jsonl"
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    data = {"data_files": {"test": str(file), "train": str(file)}}
    listed = [{"metric": m, **({"aggregation": "mean", "higher_is_better": True} if m in OWN else {})} for m in metrics]
    task = {
        "task": name, "dataset_path": "json", "dataset_kwargs": data, "test_split": "test", "training_split": "train",
        "fewshot_split": "train", "metric_list": listed, **config,
    }
    result = lm_eval.simple_evaluate(model=Model(), tasks=[task], log_samples=True, bootstrap_iters=0)
    tracker = EvaluationTracker(output_path=str(FOLDER / name))
    tracker.general_config_tracker.model_name_sanitized, tracker.date_id = "model", "now"
    tracker.save_results_samples(task_name=name, samples=result["samples"][name])
    lines = (FOLDER / name / "model" / f"samples_{name}_now.jsonl").read_text().splitlines()
    values = {k: float(v) for k, v in result["results"][name].items() if "," in k and "_stderr" not in k}
    return {"results": values, "lines": lines}


if __name__ == "__main__":
    golden = {
        "reference": f"lm-eval {lm_eval.__version__}: made-up rows, a hash function as the model; made by lm_eval_forms.py",
        "tasks": {name: run(name, rows, config, metrics.split()) for name, (rows, config, metrics) in TASKS.items()},
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(golden, indent=1, ensure_ascii=False) + "\n")
