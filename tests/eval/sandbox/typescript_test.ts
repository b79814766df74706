import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openSandbox } from "../../../lib/eval/sandbox/sandbox.ts";
import { loadDataset } from "../../../lib/store/dataset.ts";
import { sharedFolder } from "../../shared.ts";
import { childrenOf, type Hostile, runHostile } from "./hostile.ts";

const GOOD = `
declare var require: any;
const assert = require('node:assert');
function test() {
  assert.deepEqual([1, "2"], [1, "2"]);
  assert.throws(() => assert.deepEqual([1], [2]), { code: "ERR_ASSERTION" });
}
test();`;
const FAILING = `const assert = require('node:assert');\nassert.deepEqual([1], [2]);`;

const HOSTILE: Hostile[] = [
  ["endless loop", "for (;;);", "timed out", /within 1.5 s/],
  [
    "endless loop in a worker",
    `new Worker("data:text/javascript,for(;;);", { type: "module" });`,
    "failed",
    /out of memory/,
  ],
  ["waits for ever", "setInterval(() => {}, 1000);", "timed out", /within 1.5 s/],
  ["recursion bomb", "function f(n) { return f(n + 1) + 1; }\nf(0);", "failed", /Maximum call stack/],
  ["10 GB allocation", "new ArrayBuffer(10e9).slice(0);", "failed", /allocation failed|memory|process ended/],
  [
    "10 GB, a little at a time",
    "const a = [];\nfor (;;) a.push(new Uint8Array(1e7).fill(1));",
    "failed",
    /allocation|memory|ended/,
  ],
  [
    "a heap of objects",
    "const a = [];\nfor (;;) a.push(new Array(1e5).fill({ x: 1.5 }));",
    "failed",
    /memory|ended by/,
  ],
  [
    "prints 10^9 characters",
    "console.log('x'.repeat(5e8)); console.log('x'.repeat(5e8));",
    "failed",
    /printed more than|length|memory/,
  ],
  ["prints without end", "for (;;) console.log('x'.repeat(1000));", "failed", /printed more than 65536 bytes/],
  ["Deno.exit(0)", `Deno.exit(0);\n${FAILING}`, "failed", /before its own end/],
  ["process.exit(0)", `process.exit(0);\n${FAILING}`, "failed", /before its own end/],
  ["process.reallyExit(0)", `process.reallyExit(0);\n${FAILING}`, "failed", /before its own end|not a function/],
  [
    "an exit after its own end",
    "setTimeout(() => Deno.exit(0));\nsetTimeout(() => { throw new Error('late'); }, 50);",
    "failed",
    /before its own end/,
  ],
  ["an error after its own end", "setTimeout(() => { throw new Error('late'); }, 20);", "failed", /Error: late/],
  ["a rejection that nobody awaits", "Promise.reject(new Error('late'));", "failed", /Error: late/],
  ["exit code 1", "process.exitCode = 1;", "failed", /code 1/],
  ["new Function", `new Function("Deno.exit(0)")();\n${FAILING}`, "failed", /before its own end/],
  ["eval", `(0, eval)("Deno.exit(0)");\n${FAILING}`, "failed", /before its own end/],
  ["Deno.readTextFileSync", "Deno.readTextFileSync('/etc/passwd');", "failed", /NotCapable: Requires read access/],
  ["require('fs')", "require('fs').readFileSync('/etc/passwd');", "failed", /Requires read access/],
  ["Deno.writeTextFileSync", "Deno.writeTextFileSync('/tmp/archbench-leak', 'x');", "failed", /Requires write access/],
  ["Deno.env", "Deno.env.get('HOME');", "failed", /Requires env access/],
  [
    "Deno.Command",
    "new Deno.Command('touch', { args: ['/tmp/archbench-leak'] }).outputSync();",
    "failed",
    /Requires run access/,
  ],
  ["child_process", "require('child_process').execSync('touch /tmp/archbench-leak');", "failed", /NotCapable/],
  ["Deno.kill of its parent", "Deno.kill(Deno.ppid, 'SIGKILL');", "failed", /Requires run access/],
  ["process.kill of its parent", "process.kill(process.ppid, 'SIGKILL');", "failed", /Requires run access/],
  ["Deno.dlopen", "Deno.dlopen('libc.so.6', {});", "failed", /Requires ffi access/],
  ["Deno.connect", "Deno.connect({ port: 80 });", "failed", /Requires net access/],
  ["fetch", "fetch('http://127.0.0.1/');", "failed", /Requires net access/],
  [
    "import of a file",
    `(0, eval)("import('file:///etc/passwd', { with: { type: 'text' } })");`,
    "failed",
    /Requires read access|Error/,
  ],
  [
    "import of a file, in data",
    `const inner = "import text from 'file:///etc/passwd' with { type: 'text' };";
(0, eval)("import('data:text/javascript," + encodeURIComponent(inner).replaceAll("'", "%27") + "')");`,
    "failed",
    /Requires read access/,
  ],
  ["import of an npm package", `(0, eval)("import('npm:chalk@5.0.0')");`, "failed", /npm|Error/],
  ["import over https", `(0, eval)("import('https://deno.land/std@0.224.0/version.ts')");`, "failed", /Error|remote/],
  [
    "the inspector",
    "const { Session } = require('node:inspector');\nnew Session().connect();",
    "failed",
    /Requires sys access/,
  ],
  [
    "a worker that exits",
    `new Worker("data:text/javascript,Deno.exit(0)", { type: "module" });\n${FAILING}`,
    "failed",
    /out of memory|AssertionError/,
  ],
  ["assert.deepEqual replaced", `require('node:assert').deepEqual = () => {};\n${FAILING}`, "failed", /AssertionError/],
  [
    "assert redefined",
    `Object.defineProperty(require('node:assert'), 'deepEqual', { value() {} });\n${FAILING}`,
    "failed",
    /TypeError/,
  ],
  ["require replaced", `globalThis.require = () => ({ deepEqual() {} });\n${FAILING}`, "failed", /AssertionError/],
  [
    "a verdict on standard output",
    `console.log('passed');\nDeno.stdout.writeSync(new Uint8Array(32));\nDeno.exit(0);`,
    "failed",
    /before its own end/,
  ],
  [
    "a verdict, then a failing test",
    `Deno.stdout.writeSync(new Uint8Array(32));\n${FAILING}`,
    "failed",
    /AssertionError/,
  ],
  [
    "the last event, sent by itself",
    `dispatchEvent(new Event("beforeunload"));\nDeno.exit(0);`,
    "failed",
    /before its own end/,
  ],
  [
    "a search of the heap",
    `const snapshot = require('node:v8').getHeapSnapshot();\nlet text = "";\nsnapshot.on("data", (part) => text += part.length);\nsnapshot.on("end", () => Deno.exit(0));`,
    "failed",
    /before its own end/,
  ],
  [
    "what Deno writes with, replaced",
    `let seen;\nDeno.stdout.writeSync = (bytes) => { seen = bytes; return bytes.length; };\nUint8Array.prototype.subarray = function () { seen = this; return this; };\naddEventListener("beforeunload", () => { if (!seen) throw new Error("saw nothing"); });`,
    "failed",
    /saw nothing/,
  ],
  [
    "reads the rest of its input",
    `const rest = new Uint8Array(64);\nif (Deno.stdin.readSync(rest) === null) throw new Error("nothing there");`,
    "failed",
    /nothing there/,
  ],
  ["a return before its test", `return;\n${FAILING}`, "failed", /SyntaxError: Illegal return/],
  ["a return in a block", `if (true) { return; }\n${FAILING}`, "failed", /SyntaxError: Illegal return/],
  ["a comment over its test", `const x = 1; /*\n${FAILING}`, "failed", /TS1010/],
  [
    "a test function of its own",
    `function require() { return { deepEqual() {} }; }\n${FAILING}`,
    "failed",
    /TypeError|AssertionError/,
  ],
  ["ends the wrapper's function", `} Deno.exit(0); {`, "failed", /TS1128/],
];

Deno.test("hostile TypeScript programs fail or time out, and the next program passes", async () => {
  await runHostile("typescript", { mode: "run", memoryMib: 128 }, HOSTILE, GOOD);
  assert.deepEqual(childrenOf(Deno.pid), []);
  assert.ok(!existsSync("/tmp/archbench-leak"));
});

Deno.test("strict fails a type error as MultiPL-E's tsc does, run only runs", async () => {
  const wrong = `function twice(x: number): string { return x * 2; }\n${GOOD}`;
  const loose = `function first(xs) { return xs[0]; }\nlet none: string = null;\n${GOOD}`; // an error to tsc --strict alone
  const broken = `function twice(x: number { return x; }\n${GOOD}`;
  const results: Record<string, string[]> = {};
  for (const mode of ["strict", "run"] as const) {
    const sandbox = await openSandbox("typescript", { mode });
    const run = async (code: string) => (await sandbox.run({ language: "typescript", code })).reason;
    results[mode] = [await run(wrong), await run(loose), (await run(broken)).slice(0, 6), await run(GOOD)];
    await sandbox.close();
  }
  assert.deepEqual(results, {
    strict: ["TS2322: Type 'number' is not assignable to type 'string'.", "", "TS1005", ""],
    run: ["", "", "TS1005", ""],
  });
});

/** Written by hand: the data has no solutions. */
const SOLUTIONS: Record<string, string> = {
  HumanEval_23_strlen: "  return string.length;\n}\n",
  HumanEval_89_encrypt: `  return [...s].map((c) => {
    const code = c.charCodeAt(0);
    return code >= 97 && code <= 122 ? String.fromCharCode((code - 97 + 4) % 26 + 97) : c;
  }).join("");
}
`,
  HumanEval_95_check_dict_case: `  const keys: any[] = Object.keys(dict);
  if (keys.length === 0) return false;
  const letters = (key: string) => /[a-zA-Z]/.test(key);
  return keys.every((key) => letters(key) && key === key.toLowerCase()) ||
    keys.every((key) => letters(key) && key === key.toUpperCase());
}
`,
};

const folder = sharedFolder("datasets");
Deno.test({
  name: "MultiPL-E's tests pass with right solutions, and fail with wrong ones",
  ignore: !folder,
  async fn() {
    const rows = await loadDataset(join(folder!, "multipl-e", "humaneval-ts.jsonl.gz"));
    const sandbox = await openSandbox("typescript", { workers: 2 });
    const run = (body: string, row: Record<string, unknown>) =>
      sandbox.run({ language: "typescript", code: `${row.prompt}${body}\n${row.tests}` });
    const chosen = rows.filter((row) => String(row.name) in SOLUTIONS);
    const right = await Promise.all(chosen.map((row) => run(SOLUTIONS[String(row.name)], row)));
    const wrong = await Promise.all(chosen.map((row) => run("  return null as any;\n}\n", row)));
    const untyped = await Promise.all(chosen.map((row) => run("  return [1];\n}\n", row)));
    await sandbox.close();
    assert.deepEqual(right.map(({ reason }) => reason), ["", "", ""]);
    assert.deepEqual(wrong.map(({ verdict }) => verdict), ["failed", "failed", "failed"]);
    assert.ok(untyped.every(({ reason }) => reason.startsWith("TS2322")));
  },
});
