import assert from "node:assert/strict";
import file from "../../data/hardware.json" with { type: "json" };
import { arithmetic, hardware, hardwareNames, type Machine, weightRate } from "../../lib/cost/hardware.ts";

Deno.test("data/hardware.json: every entry has a source, and figures of the right size", () => {
  assert.equal(new Set(file.machines.map((m) => m.name)).size, file.machines.length);
  for (const m of file.machines) {
    const at = JSON.stringify(m);
    assert.ok(["cpu", "gpu", "unified"].includes(m.kind), at);
    assert.ok(m.source.length > 10, at);
    assert.ok(m.gbPerS > 10 && m.gbPerS < 10_000, at);
    assert.ok(m.memoryGb >= 8 && m.memoryGb < 10_000, at);
    assert.ok(m.tdpWatts === null || m.tdpWatts >= 10 && m.tdpWatts <= 1500, at);
    const { fp32, fp16, bf16, int8 } = m.tflops;
    for (const t of [fp32, fp16, bf16, int8]) assert.ok(t === null || t > 0.1 && t < 10_000, at);
    // Smaller formats are never slower, and a ridge lies between 2 and 700 FLOPs a byte.
    if (fp32 && fp16) assert.ok(fp16 >= fp32, at);
    if (fp16 && bf16) assert.equal(fp16, bf16, at);
    if (fp16 && int8) assert.ok(int8 >= 0.99 * fp16 && int8 <= 4.1 * fp16, at);
    const ridge = 1000 * Math.max(fp32 ?? 0, fp16 ?? 0, bf16 ?? 0) / m.gbPerS;
    if (ridge) assert.ok(ridge > 2 && ridge < 900, `${ridge} ${at}`);
    if (m.kind === "cpu") assert.match(m.note ?? "", /cores/, "how a CPU's FLOP/s were worked out");
  }
});

Deno.test("hardware() finds a machine by a part of its name, in SI units", () => {
  const h100 = hardware("h100 sxm");
  assert.equal(h100.name, "NVIDIA H100 SXM");
  assert.deepEqual([h100.flopsPerS.bf16, h100.bytesPerS, h100.memoryBytes], [989e12, 3.35e12, 80e9]);
  assert.equal(hardware("Apple M4").name, "Apple M4", "a whole name, though others begin with it");
  assert.throws(() => hardware("H100"), /may be one of several: NVIDIA H100 SXM, NVIDIA H100 PCIe/);
  assert.throws(() => hardware("TPU"), new RegExp(`Unknown hardware "TPU"; there are: ${hardwareNames()[0]}`));
  assert.throws(() => hardware("Raspbery Pi 5"), /"Raspbery Pi 5"; did you mean "Raspberry Pi 5"\? There are: /);
  assert.throws(() => hardware(""), /Unknown hardware ""/);
});

Deno.test("quantised weights are multiplied in 16 bits, but at their own rate where that was measured", () => {
  assert.deepEqual(arithmetic(hardware("T4"), "int4"), { format: "fp16", flopsPerS: 65e12 });
  assert.deepEqual(arithmetic(hardware("T4"), "bf16"), { format: "fp16", flopsPerS: 65e12 });
  assert.deepEqual(arithmetic(hardware("9 7950X"), "fp16"), { format: "fp32", flopsPerS: 2.3e12 });
  assert.equal(arithmetic(hardware("M4 Max"), "fp16"), null);
  const own: Machine = {
    ...hardware("9 7950X"),
    measured: true,
    flopsPerS: { fp32: 1e11, int4: 2e11 },
    bytesPerS: 3e10,
    weightBytesPerS: { fp32: 3e10, int4: 2e10 },
  };
  assert.deepEqual(arithmetic(own, "int4"), { format: "int4", flopsPerS: 2e11 });
  assert.deepEqual([weightRate(own, "int4"), weightRate(own, "fp16")], [2e10, 3e10]);
});
