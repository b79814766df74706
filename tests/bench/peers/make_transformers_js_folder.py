"""
A folder for transformers.js around the graph that genai's builder made. Arguments: Hugging Face folder, genai folder,
folder. The graph is the same but for one name in the caches' shape: transformers.js takes an unknown size for 0.
"""
import json
import os
import sys

import onnx

hf, genai, folder = (os.path.abspath(p) for p in sys.argv[1:])
os.makedirs(f"{folder}/onnx", exist_ok=True)
for name in ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"]:
    if not os.path.lexists(f"{folder}/{name}"):
        os.symlink(f"{hf}/{name}", f"{folder}/{name}")
model = onnx.load(f"{genai}/model.onnx", load_external_data=False)
with open(f"{hf}/config.json") as config:
    head_dim = json.load(config)["head_dim"]
for value in [*model.graph.input, *model.graph.output]:
    for dim in value.type.tensor_type.shape.dim:
        if dim.dim_param == "kv_cache_dim":
            dim.dim_value = head_dim
onnx.save(model, f"{folder}/onnx/model.onnx")
# a second name of the same file: onnxruntime follows no symbolic link out of the model's folder
os.link(f"{genai}/model.onnx.data", f"{folder}/onnx/model.onnx.data")
