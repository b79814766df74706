/**
 * The process that runs Python programs: CPython in WebAssembly, one request a line, one answer a line.
 * Arguments: the folder of the pyodide package, the snapshot to start from, MiB of memory, bytes of output. Started by
 * `openPython`.
 *
 * A program meets three walls. The process has no permission beyond reading these two, and makes no code from
 * strings. The interpreter's imports from JavaScript are gated (gate.ts): a program reaches neither a JavaScript object
 * nor a file that it could write. And the memory of the interpreter is put back after each program, so nothing of one
 * reaches the next.
 */
import { Ended, Gate } from "./gate.ts";
import { loadInterpreter } from "./interpreter.ts";

/**
 * Run before the gate closes. The bridge to JavaScript goes away, and with it what Pyodide put in the place of CPython's
 * own `time.sleep` and `asyncio.run`.
 */
const PREPARE = `
def prepare():
    import asyncio, gc, sys, time, pyodide.webloop
    from importlib.machinery import BuiltinImporter, FrozenImporter, PathFinder

    class EventLoop(asyncio.base_events.BaseEventLoop):
        "Its own selector: here is nothing to wait for but time."
        def __init__(self):
            super().__init__()
            self._selector = self
        def select(self, timeout):
            time.sleep(86400 if timeout is None else timeout)
            return ()
        def _process_events(self, events):
            pass
        def _write_to_self(self):
            pass

    class Policy(asyncio.events._BaseDefaultEventLoopPolicy):
        _loop_factory = EventLoop

    time.sleep, asyncio.run = pyodide.webloop._orig_sleep, pyodide.webloop._orig_run
    asyncio.EventLoop = asyncio.SelectorEventLoop = EventLoop
    asyncio.events._set_running_loop(None)
    asyncio.events._set_event_loop_policy(Policy())

    bridge = ("js", "pyodide", "pyodide_js", "_pyodide", "_pyodide_core")
    sys.meta_path[:] = [BuiltinImporter, FrozenImporter, PathFinder]
    for name in list(sys.modules):
        if name.split(".")[0] in bridge:
            del sys.modules[name]
    for name in (*bridge, "ctypes", "_ctypes"):
        sys.modules[name] = None
    del pyodide
    gc.collect()

prepare()
del prepare
`;

const [folder, snapshot] = Deno.args;
const [memoryMib, outputBytes] = Deno.args.slice(2).map(Number);
const gate = new Gate({ memoryMib, outputBytes });
const python = await loadInterpreter(folder, { _loadSnapshot: Deno.readFileSync(snapshot) });
python.runPython(PREPARE);
// Devices that would read and write this process's own streams.
for (const device of ["tty", "tty1", "stdin", "stdout", "stderr"]) python.FS.unlink(`/dev/${device}`);
const { exports } = gate;
const flags = exports.malloc(8);
const PyCF_SOURCE_IS_UTF8 = 0x100, PyCF_IGNORE_COOKIE = 0x800, Py_file_input = 257;
new Int32Array(exports.memory.buffer).set([PyCF_SOURCE_IS_UTF8 | PyCF_IGNORE_COOKIE, 14], flags / 4);
gate.seal();
const fresh = new Uint8Array(exports.memory.buffer).slice();
const stack = exports.__stack_pointer.value;

/** Run a program to its end; the verdict is what the interpreter returned to this frame, not what Python code says. */
function run(code: string): { passed: boolean; reason: string; reuse: boolean } {
  try {
    const globals = exports.PyDict_New();
    const done = exports.PyRun_StringFlags(newString(code), Py_file_input, globals, globals, flags);
    const reason = done ? "" : raised();
    return { passed: done !== 0 && !gate.ended, reason: gate.ended || reason, reuse: true };
  } catch (error) {
    // What the gate throws leaves nothing but memory behind; a stack overflow or a trap may have struck anywhere.
    if (error instanceof Ended) return { passed: false, reason: gate.ended, reuse: true };
    return {
      passed: false,
      reason: `the interpreter broke: ${error instanceof Error ? error.message : error}`,
      reuse: false,
    };
  }
}

/** The exception that ended the program, as one line. */
function raised(): string {
  const exception = exports.PyErr_GetRaisedException();
  const type = new Uint32Array(exports.memory.buffer)[exception / 4 + 1];
  const text = exports.PyObject_Str(exception);
  const name = readString(exports.PyType_GetName(type));
  return text ? `${name}: ${readString(text)}` : name;
}

function newString(text: string): number {
  const bytes = new TextEncoder().encode(text);
  const pointer = exports.malloc(bytes.length + 1);
  const memory = new Uint8Array(exports.memory.buffer);
  memory.set(bytes, pointer);
  memory[pointer + bytes.length] = 0;
  return pointer;
}

function readString(object: number): string {
  const start = exports.PyUnicode_AsUTF8(object);
  if (!start) return "";
  const bytes = new Uint8Array(exports.memory.buffer).subarray(start, start + 1200);
  const length = bytes.indexOf(0);
  return new TextDecoder().decode(bytes.subarray(0, length < 0 ? bytes.length : length));
}

/** The interpreter as it was before the program. */
function restore(): void {
  const memory = new Uint8Array(exports.memory.buffer);
  memory.set(fresh);
  memory.fill(0, fresh.length);
  exports.__stack_pointer.value = stack;
  gate.reset();
}

/** The lines of standard input, read without the event loop: no callback of the interpreter runs between programs. */
function* requests(): Generator<{ nonce: string; code: string }> {
  const chunk = new Uint8Array(65_536);
  const decoder = new TextDecoder();
  let text = "";
  for (let length = Deno.stdin.readSync(chunk); length !== null; length = Deno.stdin.readSync(chunk)) {
    text += decoder.decode(chunk.subarray(0, length), { stream: true });
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n")) {
      const line = text.slice(0, at);
      text = text.slice(at + 1);
      yield JSON.parse(line);
    }
  }
}

function answer(value: unknown): void {
  const bytes = new TextEncoder().encode(JSON.stringify(value) + "\n");
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

answer({ ready: true });
for (const { nonce, code } of requests()) {
  const result = run(code);
  if (result.reuse) restore();
  answer({ nonce, ...result });
  if (!result.reuse) break;
}
Deno.exit(0);
