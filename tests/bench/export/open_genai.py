"""Opens exported folders with onnxruntime-genai and onnx.checker. Arguments: folders; answers JSON lines."""

import json
import sys

import onnx
import onnxruntime_genai as og

for folder in sys.argv[1:]:
    with open(f"{folder}/expected.json") as file:
        expected = json.load(file)
    model = og.Model(folder)
    params = og.GeneratorParams(model)
    length = len(expected["prompt"]) + len(expected["greedy"])
    params.set_search_options(max_length=length, min_length=length, do_sample=False)
    generator = og.Generator(model, params)
    generator.append_tokens(expected["prompt"])
    ids = []
    while len(ids) < len(expected["greedy"]) and not generator.is_done():
        generator.generate_next_token()
        ids.append(int(generator.get_next_tokens()[0]))
    tokenizer = og.Tokenizer(model)
    tokenizer.update_options(add_special_tokens="true")  # genai leaves BOS to its callers
    encoded = [int(i) for i in tokenizer.encode(expected["text"])]
    try:
        onnx.checker.check_model(f"{folder}/onnx/model.onnx")
        checked = "ok"
    except onnx.checker.ValidationError as error:
        checked = str(error).splitlines()[0]
    print(json.dumps({"folder": folder, "ids": ids, "encoded": encoded, "checker": checked}), flush=True)
