import assert from "node:assert/strict";
import { withResults } from "../../lib/report/readme.ts";

Deno.test("withResults() replaces what is between the marks, and only that", () => {
  const readme = "# Title\n\n<!-- results -->\nold\n<!-- /results -->\n\nrest\n";
  assert.equal(withResults(readme, "new"), "# Title\n\n<!-- results -->\nnew\n<!-- /results -->\n\nrest\n");
  assert.equal(withResults(withResults(readme, "new"), "new"), withResults(readme, "new"));
});

Deno.test("withResults() says which mark is missing", () => {
  assert.throws(() => withResults("# Title\n", "new"), /has no <!-- results -->/);
});
