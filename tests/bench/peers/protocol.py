"""What a Python peer and the runner say to each other: one JSON object a line, as in protocol.mjs."""
import json
import os
import sys
import time


def serve(load, facts=lambda: {}):
    """Load the model, say so, then answer requests until stdin ends. What libraries print goes to stderr."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def say(message):
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    start = time.perf_counter()
    try:
        methods = load()
        say({"id": -1, "result": {"loadMs": now_ms() - 1000 * start, "versions": facts()}})
    except Exception as error:
        say({"id": -1, "error": f"{type(error).__name__}: {error}"})
        raise
    for line in sys.stdin:
        request = json.loads(line)
        try:
            say({"id": request["id"], "result": methods[request["method"]](**request["params"])})
        except Exception as error:
            say({"id": request["id"], "error": f"{type(error).__name__}: {error}"})


def now_ms():
    return 1000 * time.perf_counter()


def versions(*names):
    from importlib.metadata import version

    return {name: version(name) for name in names}
