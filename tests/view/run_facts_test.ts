import assert from "node:assert/strict";
import { machineTable, modelTable, trustTable } from "../../lib/view/run_facts.ts";
import { BASE, fakeComparison } from "./fake_comparison.ts";

Deno.test("machineTable() names processor, memory, versions and how busy it was", () => {
  const text = machineTable({
    cpu: "Abacus 3000",
    logicalCores: 8,
    memoryGb: 33.6,
    os: "linux",
    arch: "x86_64",
    kernel: "6.1",
    deno: "2.8.1",
    onnxruntime: "1.30.0",
    loadAverage: [0.25, 0, 0],
    caches: null,
    commit: null,
    governor: null,
    containerCores: 2,
    containerMemoryGb: 8.05,
    cpuPressureMs: null,
    stealMs: null,
    missing: [],
    capturedAt: "2026-01-01T00:00:00Z",
  }).toString();
  assert.match(text, /Abacus 3000, 8 logical cores, 2 of them allowed/);
  assert.match(text, /memory +8\.05 GB/);
  assert.match(text, /Deno 2\.8\.1, onnxruntime 1\.30\.0/);
  assert.match(text, /0\.250 tasks/);
});

Deno.test("trustTable() says how far two identical models seem apart", () => {
  const comparison = fakeComparison();
  for (const { samples } of comparison.raw.rounds) {
    const twin = structuredClone(samples[BASE]);
    if (twin.decodeTokensPerS) twin.decodeTokensPerS *= 1.004;
    samples[`${BASE} (A/A twin)`] = twin;
  }
  const text = trustTable(comparison).toString();
  assert.match(text, /identical models apart by up to 0\.4 %/);
});

Deno.test("modelTable() has a row a model, also where facts are missing", () => {
  assert.match(modelTable(fakeComparison()).toString(), /int4 +— +— +— +— +0\.310 \[0\.306, 0\.314\]/);
});
