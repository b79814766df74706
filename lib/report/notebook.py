"""Runs a notebook with nbclient, and exports a run one as the HTML of its cells.

    notebook.py run IN OUT [--params JSON] [--timeout SECONDS]
    notebook.py export IN

`run` writes one JSON object a line to stdout: {"event": "start" | "cell" | "progress" | "failed" | "done", ...}.
`export` writes one JSON object: {"title": ..., "html": ..., "css": ...}.
"""

import argparse
import json
import os
import pathlib
import re
import sys
import time

os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"  # the kernel of this .venv, not one of the user's

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from with_parent import end_with_stdin

HERE = pathlib.Path(__file__).resolve().parent


def emit(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)


def cell_name(cell, index):
    """A cell's first tag that is a name, else its place among all cells."""
    return next(iter(cell.metadata.get("tags", [])), f"cell {index + 1}")


def is_progress(output):
    return bool((output.get("metadata") or {}).get("archbench", {}).get("progress"))


class Client(NotebookClient):
    """Tells of progress displays as they come."""

    def process_message(self, msg, cell, cell_index):
        content = msg["content"]
        if msg["msg_type"] in ("display_data", "update_display_data") and is_progress(content):
            depth = content["metadata"]["archbench"].get("depth", 0)
            emit("progress", text=content["data"].get("text/plain", ""), depth=depth)
        return super().process_message(msg, cell, cell_index)


def set_params(nb, params, name):
    """Put an `injected-parameters` cell after the one tagged `parameters`."""
    nb.cells = [c for c in nb.cells if "injected-parameters" not in c.metadata.get("tags", [])]
    if not params:
        return
    at = next((i for i, c in enumerate(nb.cells) if "parameters" in c.metadata.get("tags", [])), None)
    if at is None:
        sys.exit(f"{name} takes no parameters: it has no cell tagged `parameters`")
    source = f"Object.assign(params, {json.dumps(params, indent=2)});"
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": ["injected-parameters"]})
    nb.cells.insert(at + 1, cell)


def run(notebook, out, params, timeout, stopped):
    nb = nbformat.read(notebook, 4)
    set_params(nb, params, notebook.name)
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    total = sum(1 for c in nb.cells if c.cell_type == "code" and c.source.strip())
    started = {}
    done = 0

    def on_start(cell, cell_index):
        if cell.cell_type != "code" or not cell.source.strip():
            return
        started[cell_index] = time.monotonic()
        emit("cell", name=cell_name(cell, cell_index), number=len(started), total=total)

    def on_executed(cell, cell_index, execute_reply):
        nonlocal done
        done += 1
        emit("done", name=cell_name(cell, cell_index), seconds=time.monotonic() - started[cell_index])

    client = Client(
        nb,
        timeout=timeout,
        kernel_name="deno",
        shutdown_kernel="immediate",  # a kernel that is in the middle of a cell answers no request to end
        resources={"metadata": {"path": str(notebook.parent)}},
        on_cell_start=on_start,
        on_cell_executed=on_executed,
    )
    emit("start", total=total)
    code = 0
    try:
        client.execute()
    except Exception as error:
        if stopped.is_set():  # whatever nbclient makes of its kernel's end
            return write(nb, out, 1)
        if not isinstance(error, (CellExecutionError, CellTimeoutError, DeadKernelError)):
            raise
        index = max(started) if started else 0
        if isinstance(error, CellExecutionError):
            reason = f"{error.ename}: {error.evalue}"
        elif isinstance(error, CellTimeoutError):
            reason = f"the cell did not end within {timeout} s"
        else:
            reason = "the kernel died"
        nb.cells[index].metadata["archbench"] = {"failed": reason}
        emit("failed", name=cell_name(nb.cells[index], index), number=len(started), reason=reason)
        code = 1
    return write(nb, out, code)


def write(nb, out, code):
    for cell in nb.cells:  # a bar that has ended is no result
        if cell.cell_type == "code":
            cell.outputs = [o for o in cell.outputs if not is_progress(o)]
    nbformat.write(nb, out)
    return code


def export(notebook):
    from nbconvert import HTMLExporter
    from pygments.formatters import HtmlFormatter
    from traitlets.config import Config

    config = Config()
    config.NbConvertBase.display_data_priority = [
        "application/vnd.plotly.v1+json",
        "text/html",
        "image/svg+xml",
        "image/png",
        "image/jpeg",
        "text/markdown",
        "text/plain",
    ]
    exporter = HTMLExporter(
        config=config,
        template_name="archbench",
        extra_template_basedirs=[str(HERE / "template")],
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )
    nb = nbformat.read(notebook, 4)
    html, _ = exporter.from_notebook_node(nb)
    first = next((c.source for c in nb.cells if c.cell_type == "markdown"), "")
    heading = re.search(r"^#\s+(.+)$", first, re.M)
    css = HtmlFormatter(style="default").get_style_defs(".highlight")
    json.dump({"title": heading.group(1) if heading else notebook.stem, "html": html, "css": css}, sys.stdout)
    return 0


def main():
    parser = argparse.ArgumentParser(prog="notebook.py")
    commands = parser.add_subparsers(dest="command", required=True)
    run_args = commands.add_parser("run")
    run_args.add_argument("notebook", type=pathlib.Path)
    run_args.add_argument("out", type=pathlib.Path)
    run_args.add_argument("--params", default="{}")
    run_args.add_argument("--timeout", type=int, default=3600, help="seconds a cell")
    export_args = commands.add_parser("export")
    export_args.add_argument("notebook", type=pathlib.Path)
    args = parser.parse_args()
    stopped = end_with_stdin()
    if args.command == "export":
        return export(args.notebook)
    return run(args.notebook, args.out, json.loads(args.params), args.timeout, stopped)


if __name__ == "__main__":
    sys.exit(main())
