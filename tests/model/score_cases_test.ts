import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { openModel } from "../../lib/model/language_model.ts";
import { SCORE_MODES } from "../../lib/model/score_options.ts";
import manifest from "../cases/scoring/manifest.json" with { type: "json" };

/** transformers' float32 numbers of pairs whose tokens join in many ways, see the README of the folder. */
interface Pair {
  context: string;
  continuation: string;
  logLikelihood: number;
  isGreedy: boolean;
}

const CASES = join(import.meta.dirname!, "..", "cases", "scoring");

for (const { name, folder, expected } of manifest.cases) {
  Deno.test(`score() gives transformers' numbers in every mode, alone and among others: ${name}`, async () => {
    const { pairs } = JSON.parse(await readFile(join(CASES, expected), "utf8")) as { pairs: Pair[] };
    const model = await openModel(join(CASES, folder), { threads: 1 });
    try {
      const backwards = pairs.toReversed();
      for (const mode of SCORE_MODES) {
        for (const tokenBudget of [40, 1000]) {
          check(pairs, await model.score(pairs, { mode, tokenBudget }), mode);
          check(backwards, await model.score(backwards, { mode, tokenBudget }), `${mode}, backwards`);
        }
        for (const pair of pairs) check([pair], await model.score([pair], { mode }), `${mode}, alone`);
      }
    } finally {
      await model.close();
    }
  });
}

function check(pairs: Pair[], got: { logLikelihood: number; isGreedy: boolean }[], how: string): void {
  const wrong = pairs.flatMap(({ context, continuation, logLikelihood, isGreedy }, i) =>
    Math.abs(got[i].logLikelihood - logLikelihood) <= manifest.tolerance && got[i].isGreedy === isGreedy
      ? []
      : [`${JSON.stringify([context, continuation])}: ${got[i].logLikelihood}, not ${logLikelihood}`]
  );
  assert.deepEqual(wrong, [], how);
}
