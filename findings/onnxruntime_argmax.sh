#!/bin/sh
# onnxruntime 1.30.0 (PyPI, CPU provider): ArgMax of a row of 262,144 floats (the logits of one token of Gemma 3) takes
# many times as long as ReduceMax of the same row, on one thread, though both read it once. Seen on an AMD EPYC: 370 to
# 580 us against 20 to 22 us, a median ratio of 18 to 26. Only the ratio is judged: it has changed when it is below 2.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check onnx==1.23.2 onnxruntime==1.30.0 numpy
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import sys
from statistics import median
from time import perf_counter
import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

COUNT, ROUNDS, CALLS = 262144, 101, 20
info = helper.make_tensor_value_info


def open_node(node, type, constants=()):
    graph = helper.make_graph(
        [node], "row", [info("row", TensorProto.FLOAT, [1, COUNT])], [info("found", type, [1, 1])], constants
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def time_us(session):
    start = perf_counter()
    for _ in range(CALLS):
        session.run(None, feeds)
    return (perf_counter() - start) / CALLS * 1e6


row = np.random.default_rng(1).standard_normal((1, COUNT), np.float32)
feeds = {"row": row}
argmax = open_node(helper.make_node("ArgMax", ["row"], ["found"], axis=1), TensorProto.INT64)
axes = numpy_helper.from_array(np.array([1]), "axes")
reduce_max = open_node(helper.make_node("ReduceMax", ["row", "axes"], ["found"]), TensorProto.FLOAT, [axes])
index, largest = argmax.run(None, feeds)[0].item(), reduce_max.run(None, feeds)[0].item()
if row[0, index] != largest:
    sys.exit("the two do not agree")
print("onnxruntime", onnxruntime.__version__)
rounds = [(time_us(argmax), time_us(reduce_max)) for _ in range(ROUNDS + 1)][1:]  # the first one warms up
ratio = median(a / b for a, b in rounds)
print(f"ArgMax {median(a for a, _ in rounds):.0f} us, ReduceMax {median(b for _, b in rounds):.0f} us; "
      f"median ratio of {ROUNDS} interleaved rounds: {ratio:.1f}")
if ratio < 2:
    sys.exit("this has changed")
print("as described")
PYTHON
