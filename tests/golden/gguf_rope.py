"""What llama.cpp makes of the rope keys of a GGUF: gguf_rope.json.

One of tests/cases/gguf-models is written anew with other keys and tensors, and read by llama.cpp of npm node-llama-cpp:
the probabilities after the ids at temperature 8 (at 1, one token has nearly all). It rounds activations, so they are near
the exact ones only: within 0.2 % here. null: it does not open the file.

Run: pip install gguf==0.19.0 && npm install node-llama-cpp@3.22.1 && python gguf_rope.py"""

import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from gguf import GGUFReader, GGUFValueType as T, GGUFWriter

BASE = Path(__file__).parent.parent / "cases/gguf-models/rope-yarn.gguf"
IDS = [5, 40, 9, 30, 31, 12, 60, 8, 44, 3]
S = "rope.scaling."
YARN = {S + "type": "yarn", S + "factor": 4.0, S + "original_context_length": 32}
DIVISORS = [1.0, 1.25, 1.5, 1.75, 2.0, 2.25, 2.5, 3.0]
FREQS = {"rope_freqs.weight": DIVISORS}
LONG = {"rope_factors_short.weight": DIVISORS, "rope_factors_long.weight": [9.0] * 8}

# Name: keys (null deletes one), tensors.
VARIANTS: dict[str, tuple[dict, dict]] = {
    "no scaling": ({}, {}),
    "no base of the frequencies": ({"rope.freq_base": None}, {}),
    "another base": ({"rope.freq_base": 500.0}, {}),
    "linear": ({S + "type": "linear", S + "factor": 2.0}, {}),
    "a factor alone": ({S + "factor": 2.0}, {}),
    "the older key alone": ({"rope.scale_linear": 3.0}, {}),
    "both keys": ({S + "factor": 2.0, "rope.scale_linear": 3.0}, {}),
    "a factor of 0": ({S + "factor": 0.0}, {}),
    "linear with attn_factor": ({S + "type": "linear", S + "factor": 2.0, S + "attn_factor": 1.5}, {}),
    "none with a factor": ({S + "type": "none", S + "factor": 2.0}, {}),
    "none with the older key": ({S + "type": "none", "rope.scale_linear": 3.0}, {}),
    "none with attn_factor": ({S + "type": "none", S + "attn_factor": 1.5}, {}),
    "yarn": (YARN, {}),
    "yarn with attn_factor": (YARN | {S + "attn_factor": 1.5}, {}),
    "yarn without its first context": (YARN | {S + "original_context_length": None}, {}),
    "yarn without a factor": (YARN | {S + "factor": None}, {}),
    "yarn with the older key": (YARN | {S + "factor": None, "rope.scale_linear": 3.0}, {}),
    "yarn with keys of other architectures": (
        YARN | {S + "yarn_beta_fast": 8.0, S + "yarn_beta_slow": 2.0, S + "yarn_ext_factor": 0.5,
                S + "yarn_attn_factor": 1.5, S + "yarn_log_multiplier": 0.1}, {}),
    "divisors": ({}, FREQS),
    "divisors and a factor": ({S + "factor": 2.0}, FREQS),
    "divisors and attn_factor": ({S + "type": "none", S + "factor": 2.0, S + "attn_factor": 1.5}, FREQS),
    "divisors and yarn": (YARN, FREQS),
    "longrope": ({S + "type": "longrope", S + "original_context_length": 4096}, LONG),
    "longrope with a factor": ({S + "type": "longrope", S + "factor": 2.0, S + "original_context_length": 4096}, LONG),
    "longrope without tensors": ({S + "type": "longrope", S + "factor": 2.0}, {}),
    "longrope's tensors without its type": ({}, LONG),
    "fewer dimensions than a head has": ({"rope.dimension_count": 8}, {}),
    "no context": ({"context_length": None}, {}),
    "no epsilon": ({"attention.layer_norm_rms_epsilon": None}, {}),
    "another vocab_size": ({"vocab_size": 60}, {}),
    "a list of heads": ({"attention.head_count_kv": [2]}, {}),
}

READ = """
import { getLlama, LlamaLogLevel } from "node-llama-cpp";
const llama = await getLlama({ gpu: false, build: "never", logLevel: LlamaLogLevel.disabled });
const [ids, path] = JSON.parse(process.argv[2]);
const model = await llama.loadModel({ modelPath: path, useMmap: false });
const context = await model.createContext({ contextSize: 64, threads: 1 });
const next = { probabilities: true, options: { temperature: 8, topK: 1000, topP: 1, minP: 0 } };
const input = ids.map((id, i) => i < ids.length - 1 ? id : [id, { generateNext: next }]);
const { probabilities } = (await context.getSequence().controlledEvaluate(input)).at(-1).next;
console.log(JSON.stringify([...probabilities].sort(([a], [b]) => a - b).map(([, p]) => Number(p.toPrecision(5)))));
process.exit(0);
"""


def write(path: str, keys: dict, tensors: dict) -> None:
    base = GGUFReader(BASE)
    arch = base.get_field("general.architecture").contents()
    full = {f"{arch}.{key}": value for key, value in keys.items()}
    writer = GGUFWriter(path, arch)
    for key, field in base.fields.items():
        if key.startswith("GGUF.") or key == "general.architecture" or S in key or key in full:
            continue
        kind = field.types[0]
        writer.add_key_value(key, field.contents(), kind, sub_type=field.types[-1] if kind == T.ARRAY else None)
    for key, value in full.items():
        if isinstance(value, list):
            writer.add_array(key, value)
        elif value is not None:
            kind = T.STRING if isinstance(value, str) else T.UINT32 if isinstance(value, int) else T.FLOAT32
            writer.add_key_value(key, value, kind)
    for tensor in base.tensors:
        writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    for name, values in tensors.items():
        writer.add_tensor(name, np.array(values, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


cases = []
with tempfile.TemporaryDirectory() as folder:
    script = Path("read_probabilities.mjs")
    script.write_text(READ)
    for name, (keys, tensors) in VARIANTS.items():
        path = f"{folder}/model.gguf"
        write(path, keys, tensors)
        run = subprocess.run(["node", script, json.dumps([IDS, path])], capture_output=True, text=True)
        opened = run.returncode == 0 and run.stdout.strip()
        probabilities = json.loads(run.stdout.splitlines()[-1]) if opened else None
        cases.append({"name": name, "keys": keys, "tensors": tensors, "probabilities": probabilities})
        print(name, "->", probabilities[:3] if probabilities else "does not open")
    script.unlink()

golden = {
    "reference": "llama.cpp v0.5.0 of npm node-llama-cpp 3.22.1 on the CPU; made by gguf_rope.py",
    "base": BASE.name,
    "ids": IDS,
    "temperature": 8,
}
lines = ",\n".join("  " + json.dumps(case) for case in cases)
text = json.dumps(golden, indent=1)[:-2] + ',\n "cases": [\n' + lines + "\n ]\n}\n"
Path(__file__).with_suffix(".json").write_text(text)
