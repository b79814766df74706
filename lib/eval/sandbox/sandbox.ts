/**
 * Running programs that nobody trusts: the completions of a model, with the tests of a benchmark.
 *
 * What a program meets, from the outside in:
 * - Its own process, started by this one with no permission (Python: but for reading the interpreter), no
 *   environment, no network, a limit on memory. This process kills it at the timeout, after too much output, and when
 *   the sandbox is closed; the kernel kills it when this process dies (Linux with util-linux). Files, sockets,
 *   processes and the host's modules are refused by Deno.
 * - Python runs as WebAssembly. Of the interpreter's 268 imports from JavaScript a program reaches 34 (clocks, memory,
 *   reading the standard library); the rest, all of the bridge to JavaScript among them, fails or ends it. It has no file
 *   to write, and standard output is counted and dropped.
 * - After each Python program the interpreter's whole memory is put back as it was before, so that no patched module,
 *   builtin or global reaches the next one; where that cannot be done the process is replaced. A TypeScript program has
 *   a process of its own.
 *
 * The verdict is this process's. A Python program has passed if the interpreter's C API returned from its last
 * statement; an exit, an error, a signal or a missing answer has not. A TypeScript program has passed if its process
 * ended by itself, with code 0, after 32 random bytes that only the code around the program holds, which writes them
 * when the program was evaluated to its end and nothing that it started is left.
 *
 * What stays possible: a program runs in the same interpreter as its own test, so one that was written to fool its test
 * could, and that one only; it shows in the program's text. And side channels: a program can see the time, and that it is
 * here.
 *
 * Hashes and Python's random numbers are alike in each run.
 */
import { checkArgument, checkOptions } from "../../check/options.ts";
import { LANGUAGE, PROGRAM, type Program, type Sandbox, SANDBOX_OPTIONS, type SandboxOptions } from "./program.ts";
import { openPython } from "./python.ts";
import { openTypeScript } from "./typescript.ts";

/** Characters of a program; the largest of HumanEval and MultiPL-E with its tests has 3,167. */
const LONGEST_PROGRAM = 2 ** 20;

/**
 * Start the processes that run programs of one language. Close it in the end: its processes run until then.
 *
 * A right program gets the verdict that CPython or tsc gives it, also one that looks at itself (`doctest`, `pdb`, `bdb`,
 * `sys.settrace`, `cProfile`), sleeps, or runs `asyncio`. What it may need and does not find, so that it fails:
 * - packages: numpy and all others beyond Python's standard library, and those of npm; of the standard library `ctypes`,
 *   `resource`, `signal.alarm`, and what OpenSSL adds to `hashlib`;
 * - threads, processes, the network, and files to write (`tempfile` too);
 * - output over `outputBytes` (64 KiB), memory over `memoryMib`, and more than a few thousand nested calls through C
 *   (`lru_cache`, `sorted`); plain calls nest as deep as `sys.setrecursionlimit` says;
 * - words of 64 bits: `sys.maxsize` is 2**31 - 1, and `hash()` has 32 bits. Integers have any size, as everywhere.
 *
 * @throws {RangeError} If an option is out of range.
 * @throws {Error} If no process can be started.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { openSandbox } from "./sandbox.ts";
 *
 * const sandbox = await openSandbox("python");
 * const good = await sandbox.run({ language: "python", code: "assert sorted([2, 1]) == [1, 2]" });
 * const bad = await sandbox.run({ language: "python", code: "import sys; sys.exit(0)" });
 * await sandbox.close();
 * assert.equal(good.verdict, "passed");
 * assert.deepEqual([bad.verdict, bad.reason], ["failed", "SystemExit: 0"]);
 * ```
 */
export async function openSandbox(language: Program["language"], options: SandboxOptions = {}): Promise<Sandbox> {
  checkArgument("Cannot open a sandbox", "language", language, LANGUAGE);
  checkOptions("Cannot open a sandbox", options, SANDBOX_OPTIONS);
  const open = { python: openPython, typescript: openTypeScript }[language];
  const { timeoutS = language === "python" ? 3 : 15, memoryMib = 512, outputBytes = 65_536 } = options;
  const { mode = "strict", workers = 1 } = options;
  const sandbox = await open({ timeoutS, memoryMib, outputBytes, mode, workers });
  return {
    async run(program) {
      checkOptions("Cannot run the program", program, PROGRAM);
      if (program.language !== language) {
        throw new TypeError(`Cannot run ${program.language}: this sandbox was opened for ${language}`);
      }
      const length = program.code.length;
      if (length > LONGEST_PROGRAM) {
        const reason = `the program has ${length} characters; at most ${LONGEST_PROGRAM} are run`;
        return { verdict: "failed", reason, seconds: 0 };
      }
      return await sandbox.run(program);
    },
    close: () => sandbox.close(),
  };
}
