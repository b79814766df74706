import assert from "node:assert/strict";
import { countTests, halves, lanes, sumOf } from "./run.ts";

Deno.test("countTests() adds up suites, leaves out ignored tests and counts errors as failed", () => {
  // as Deno 2.8.1 writes it
  const junit = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="8" failures="3" errors="1" time="0.031">
    <testsuite name="./a_test.ts" tests="6" disabled="1" errors="0" failures="3">
        <testcase name="says tests=&quot;99&quot;" classname="./a_test.ts"></testcase>
    </testsuite>
    <testsuite name="./b_test.ts" tests="2" disabled="0" errors="1" failures="0"></testsuite>
</testsuites>`;
  assert.deepEqual(countTests(junit), { passed: 3, failed: 4 });
  assert.deepEqual(countTests(""), { passed: 0, failed: 0 });
});

Deno.test("lanes() splits the whole suite in two, and runs what was asked for as it is", () => {
  const entries = [
    ...["stats", "report", "golden", "browser"].map((name) => ({ name, isDirectory: true })),
    ...["run.ts", "run_test.ts"].map((name) => ({ name, isDirectory: false })),
  ];
  assert.deepEqual(lanes(["--no-check"], entries), [
    [
      ...["--no-check", "lib", "README.md", "data/README.md"],
      ...["tests/browser", "tests/golden", "tests/run_test.ts", "tests/stats"],
    ],
    ["--no-check", "tests/report"],
  ]);
  assert.deepEqual(lanes(["tests/stats", "--filter=a"], entries), [["tests/stats", "--filter=a"]]);
});

Deno.test("halves() parts the cores that Linux lists", () => {
  assert.deepEqual(halves("0-1"), ["0", "1"]);
  assert.deepEqual(halves("0-3,8"), ["0,1", "2,3,8"]);
  assert.equal(halves("3"), null);
});

Deno.test("sumOf() adds counts", () => {
  assert.deepEqual(sumOf([]), { passed: 0, failed: 0 });
  assert.deepEqual(sumOf([{ passed: 1, failed: 2 }, { passed: 30, failed: 40 }]), { passed: 31, failed: 42 });
});
