import assert from "node:assert/strict";
import { rollingWindows } from "../../lib/eval/rolling.ts";

Deno.test("rollingWindows() scores every token once and never shows more than the model reads", () => {
  for (const length of [1, 2, 7, 8, 9, 16, 17, 23]) {
    const ids = Array.from({ length }, (_, i) => i);
    const windows = rollingWindows(ids, 8);
    assert.deepEqual(windows.flatMap((w) => w.continuationIds), ids);
    windows.forEach(({ contextIds, continuationIds }, i) => {
      // the last token is scored but not read; an empty context reads the prefix token
      assert.ok((contextIds.length || 1) + continuationIds.length - 1 <= 8);
      if (i > 0) assert.equal(contextIds.at(-1), continuationIds[0] - 1);
    });
  }
});

Deno.test("rollingWindows() of an empty text has no window, and of a bad length is refused", () => {
  assert.deepEqual(rollingWindows([], 8), []);
  assert.throws(() => rollingWindows([1], 0), /maxLength must be an integer >= 1, got 0/);
});
