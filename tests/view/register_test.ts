import assert from "node:assert/strict";
import { registerComparisonView } from "../../lib/view/register.ts";
import { fakeComparison } from "./fake_comparison.ts";

class FakeComparison {
  table = fakeComparison().table;
  summary = fakeComparison().summary;
  raw = fakeComparison().raw;
}
registerComparisonView(FakeComparison);

Deno.test("a registered comparison shows itself in a notebook", () => {
  const comparison = new FakeComparison() as FakeComparison & { [key: symbol]: () => Record<string, string> };
  const bundle = comparison[Symbol.for("Jupyter.display")]();
  assert.deepEqual(Object.keys(bundle), ["text/plain", "text/html", "text/markdown"]);
});

Deno.test("a registered comparison prints itself in a terminal", () => {
  assert.match(Deno.inspect(new FakeComparison()), /int4 +3.15× /);
});
