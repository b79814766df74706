import assert from "node:assert/strict";
import { join } from "node:path";
import { jupyterPython } from "../../lib/report/jupyter.ts";
import { projectRoot } from "../../lib/store/paths.ts";
import { fileUrl } from "./make_notebook.ts";

Deno.test("the kernel survives the Stop button and an error in a timer, and keeps its state", async () => {
  const script = join(projectRoot(), "tests", "report", "interrupt.py");
  const { stdout } = await new Deno.Command(jupyterPython(), {
    args: ["-B", script, join(projectRoot(), "notebooks"), fileUrl("lib/progress.ts")],
    stderr: "null",
  }).output();
  assert.deepEqual(JSON.parse(new TextDecoder().decode(stdout)), {
    import: [],
    loop: ["looping", "StopError"],
    after: ["state kept"],
    timer: ["Error: late"],
    alive: ["alive"],
  });
});
