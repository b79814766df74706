import assert from "node:assert/strict";
import { interruptedSentence } from "../../lib/view/interrupted_sentence.ts";

Deno.test("a run that was interrupted says so, another one says nothing", () => {
  const resumed = { startedAt: "2026-01-02T03:04:05.678Z", rounds: 12, interruptions: 1 };
  assert.deepEqual(interruptedSentence({ resumed: null, startedAnew: null }), []);
  assert.deepEqual(interruptedSentence({ resumed }), [
    "It went on with 12 rounds of a run that began on 2026-01-02 03:04.",
  ]);
  assert.deepEqual(interruptedSentence({ resumed: { ...resumed, interruptions: 3 } }), [
    "It went on with 12 rounds of a run that began on 2026-01-02 03:04, interrupted 3 times.",
  ]);
  assert.deepEqual(interruptedSentence({ resumed: null, startedAnew: "the one of 2026-01-01 had other models" }), [
    "Rounds of another run were left alone: the one of 2026-01-01 had other models.",
  ]);
});
