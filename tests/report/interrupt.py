"""Sends the Deno kernel what JupyterLab's Stop button sends, and prints what comes back as JSON."""

import json
import os
import sys
import time

os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
from jupyter_client.manager import start_new_kernel

LOOP = """
for (;;) {
  await new Promise((resolve) => setTimeout(resolve, 20));
  checkStop();
  if (++steps === 6) console.log("looping");
}
"""

manager, client = start_new_kernel(kernel_name="deno", cwd=sys.argv[1])


def run(code, interrupt_at=None):
    """Errors and texts of one cell, which is interrupted when it prints the text `interrupt_at`."""
    start, said = time.monotonic(), []
    request = client.execute(code)
    while time.monotonic() - start < 120:
        try:
            message = client.get_iopub_msg(timeout=0.1)
        except Exception:
            continue
        if message["parent_header"].get("msg_id") != request:
            continue
        kind, content = message["msg_type"], message["content"]
        if kind == "status" and content["execution_state"] == "idle":
            return said
        if kind == "stream":
            said.append(content["text"].split("\n")[0])
            if said[-1] == interrupt_at:
                manager.interrupt_kernel()
        elif kind == "error":
            said.append(content["ename"])
    return said + ["timeout"]


try:
    result = {
        "import": run(f'import {{ checkStop }} from "{sys.argv[2]}"; let steps = 0;'),
        "loop": run(LOOP, "looping"),
        "after": run('console.log(steps > 5 ? "state kept" : `only ${steps} steps`)'),
        "timer": run('setTimeout(() => { throw new Error("late") }); await new Promise((r) => setTimeout(r, 50));'),
        "alive": run('console.log("alive")'),
    }
    print(json.dumps(result))
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
