#!/bin/sh
# onnxruntime 1.30.0 (PyPI, CPU provider): ScatterND with reduction="add" loses additions when it has two threads and
# several updates go to one row. One thread is right. Seen: of 1,024 ones that are added to each element, up to some
# hundreds are missing, another number in each run. ONNX's text of ScatterND allows repeated indices with a reduction.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check onnx==1.23.2 onnxruntime==1.30.0 numpy
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import sys
import numpy as np
import onnxruntime
from onnx import TensorProto, helper

ROWS, UPDATES, WIDTH, RUNS = 4, 4096, 64, 50
info = helper.make_tensor_value_info
node = helper.make_node("ScatterND", ["zeros", "indices", "updates"], ["sums"], reduction="add")
graph = helper.make_graph(
    [node],
    "sums",
    [
        info("zeros", TensorProto.FLOAT, [ROWS, WIDTH]),
        info("indices", TensorProto.INT64, [UPDATES, 1]),
        info("updates", TensorProto.FLOAT, [UPDATES, WIDTH]),
    ],
    [info("sums", TensorProto.FLOAT, [ROWS, WIDTH])],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8).SerializeToString()
feeds = {
    "zeros": np.zeros((ROWS, WIDTH), np.float32),
    "indices": (np.arange(UPDATES) % ROWS).reshape(-1, 1),
    "updates": np.ones((UPDATES, WIDTH), np.float32),
}
print("onnxruntime", onnxruntime.__version__)
missing = {}
for threads in (1, 2):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    smallest = min(session.run(None, feeds)[0].min() for _ in range(RUNS))
    missing[threads] = int(UPDATES // ROWS - smallest)
    print(f"{threads} thread(s): at most {missing[threads]} of {UPDATES // ROWS} additions missing in {RUNS} runs")
if missing[1] != 0 or missing[2] == 0:
    sys.exit("this has changed")
print("as described")
PYTHON
