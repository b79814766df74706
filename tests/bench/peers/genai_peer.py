"""onnxruntime-genai on the graph that its own builder made, or on ours. Arguments: folder with genai_config.json, threads."""
import json
import sys

from protocol import now_ms, serve, versions

folder, threads = sys.argv[1], int(sys.argv[2])


def load():
    import numpy as np
    import onnxruntime_genai as og

    config = og.Config(folder)
    session = {"intra_op_num_threads": threads, "inter_op_num_threads": 1}
    config.overlay(json.dumps({"model": {"decoder": {"session_options": session}}}))
    model = og.Model(config)
    with open(f"{folder}/genai_config.json") as file:
        decoder = json.load(file)["model"]["decoder"]
    # a cache of max_length slots must hold the window
    window = decoder.get("sliding_window", {}).get("window_size", 0)

    def decode(ids, newTokens):
        params = og.GeneratorParams(model)
        length = len(ids) + newTokens
        params.set_search_options(do_sample=False, min_length=length, max_length=max(length, window))
        generator = og.Generator(model, params)
        start = now_ms()
        generator.append_tokens(ids)
        generator.generate_next_token()
        first = now_ms()
        for _ in range(newTokens - 1):
            generator.generate_next_token()
        end = now_ms()
        out = [int(t) for t in generator.get_sequence(0)]
        return {"startMs": start, "firstTokenMs": first, "endMs": end, "ids": out[len(ids):]}

    def sample(ids, newTokens, samples, temperature, topP, seed):
        params = og.GeneratorParams(model)
        length = len(ids) + newTokens
        how = dict(do_sample=True, temperature=temperature, top_p=topP, top_k=0) if temperature else dict(do_sample=False)
        params.set_search_options(batch_size=samples, min_length=length, max_length=length, random_seed=seed, **how)
        generator = og.Generator(model, params)
        start = now_ms()
        generator.append_tokens(np.array([ids] * samples, dtype=np.int32))
        for _ in range(newTokens):
            generator.generate_next_token()
        end = now_ms()
        rows = [[int(t) for t in generator.get_sequence(i)][len(ids):] for i in range(samples)]
        return {"startMs": start, "endMs": end, "ids": rows}

    return {"decode": decode, "sample": sample}


serve(load, lambda: versions("onnxruntime-genai"))
