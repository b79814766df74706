import assert from "node:assert/strict";
import {
  activeParameterCount,
  archDiagram,
  type ArchSpec,
  costTable,
  hardware,
  kvBytesPerToken,
  kvCacheBytes,
  memoryPlan,
  parameterCount,
  peakActivationBytes,
  recurrentStateBytes,
  roofline,
  weightBytes,
} from "../../lib/mod.ts";
import { tinySpec } from "../model/tiny_spec.ts";

const COSTS: Record<string, (spec: ArchSpec) => unknown> = {
  parameterCount,
  activeParameterCount,
  recurrentStateBytes,
  archDiagram,
  weightBytes: (spec) => weightBytes(spec, "fp32"),
  kvBytesPerToken: (spec) => kvBytesPerToken(spec, 2),
  kvCacheBytes: (spec) => kvCacheBytes(spec, 4, { batch: 2 }),
  peakActivationBytes: (spec) => peakActivationBytes(spec, { tokens: 4 }),
  memoryPlan: (spec) => memoryPlan(spec, { precision: "int8", contextLength: 8 }),
  roofline: (spec) => roofline(spec, hardware("Raspberry Pi 5"), { promptTokens: 4 }),
  costTable: (spec) => costTable({ spec }),
};

for (const [name, cost] of Object.entries(COSTS)) {
  Deno.test(`${name}() counts no spec with a field that is not known`, () => {
    cost(Object.freeze(tinySpec()));
    assert.throws(() => cost({ ...tinySpec(), tieHead: true } as ArchSpec), {
      name: "TypeError",
      message: /unknown field "tieHead"; did you mean "tiedHead"/,
    });
    for (const none of [null, "tiny", [], { ref: tinySpec() }]) {
      assert.throws(() => cost(none as unknown as ArchSpec), /Cannot build architecture/, JSON.stringify(none));
    }
  });
}

Deno.test("what is beside a spec is checked too", () => {
  assert.throws(() => kvBytesPerToken(tinySpec(), NaN), /bytesPerElement .*NaN/);
  assert.throws(() => costTable({}), /there are no specs/);
});
