import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openSandbox } from "../../../lib/eval/sandbox/sandbox.ts";
import { loadDataset } from "../../../lib/store/dataset.ts";
import { sharedFolder } from "../../shared.ts";
import { childrenOf, type Probe, runProbes } from "./probes.ts";

const GOOD = `
declare var require: any;
const assert = require('node:assert');
function test() {
  assert.deepEqual([1, "2"], [1, "2"]);
  assert.throws(() => assert.deepEqual([1], [2]), { code: "ERR_ASSERTION" });
}
test();`;
const FAILING = `const assert = require('node:assert');\nassert.deepEqual([1], [2]);`;

/** One harmless probe of each kind; none of them would do more outside of a sandbox than this test does. */
const PROBES: Probe[] = [
  // time, memory, output
  ["an endless loop", "for (;;);", "timed out", /within 1.5 s/],
  ["waits for ever", "setInterval(() => {}, 1000);", "timed out", /within 1.5 s/],
  ["endless recursion", "function f(n) { return f(n + 1) + 1; }\nf(0);", "failed", /Maximum call stack/],
  ["more memory than there is for it", "new Uint8Array(2e9);", "failed", /allocation failed/],
  ["much output", "console.log('x'.repeat(70_000));", "failed", /printed more than 65536 bytes/],
  // the system
  ["reads a file", "Deno.readTextFileSync('/etc/hostname');", "failed", /NotCapable: Requires read access/],
  ["reads a file by Node's API", "require('fs').readFileSync('/etc/hostname');", "failed", /Requires read access/],
  ["writes a file", "Deno.writeTextFileSync('/tmp/archbench-leak', 'x');", "failed", /Requires write access/],
  ["the environment", "Deno.env.get('HOME');", "failed", /Requires env access/],
  ["the network", "fetch('http://127.0.0.1:9/');", "failed", /Requires net access/],
  ["a process", "new Deno.Command('true').outputSync();", "failed", /Requires run access/],
  ["a package", `import chalk from "npm:chalk@5.0.0";\nchalk.red("");`, "failed", /./],
  [
    "its input",
    "if (Deno.stdin.readSync(new Uint8Array(8)) === null) throw new Error('none');",
    "failed",
    /Error: none/,
  ],
  // the verdict
  ["a failing test", FAILING, "failed", /AssertionError/],
  ["a verdict that it prints", `console.log('passed');\n${FAILING}`, "failed", /AssertionError/],
  ["an early exit", `Deno.exit(0);\n${FAILING}`, "failed", /before its own end/],
  ["an early exit by Node's API", `process.exit(0);\n${FAILING}`, "failed", /before its own end/],
  ["an error after its own end", "setTimeout(() => { throw new Error('late'); }, 20);", "failed", /Error: late/],
  ["a rejection that nobody awaits", "Promise.reject(new Error('late'));", "failed", /Error: late/],
  ["exit code 1", "process.exitCode = 1;", "failed", /code 1/],
  ["assert.deepEqual replaced", `require('node:assert').deepEqual = () => {};\n${FAILING}`, "failed", /AssertionError/],
  ["a return before its test", `return;\n${FAILING}`, "failed", /SyntaxError: Illegal return/],
  ["a comment over its test", `const x = 1; /*\n${FAILING}`, "failed", /TS1010/],
];

Deno.test("TypeScript programs that may not pass fail or time out, and the next program passes", async () => {
  await runProbes("typescript", { mode: "run", memoryMib: 128 }, PROBES, GOOD);
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
