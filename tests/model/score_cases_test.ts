import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openModel } from "../../lib/model/open_model.ts";
import { SCORE_MODES } from "../../lib/model/score_options.ts";
import manifest from "../cases/scoring/manifest.json" with { type: "json" };

/** transformers' float32 numbers of pairs whose tokens join in many ways, see the README of the folder. */
interface Pair {
  context: string;
  continuation: string;
  logLikelihood: number;
  isGreedy: boolean;
}

const requests = (pairs: Pair[]) => pairs.map(({ context, continuation }) => ({ context, continuation }));

const CASES = join(import.meta.dirname!, "..", "cases", "scoring");

for (const { name, folder, expected } of manifest.cases) {
  Deno.test(`score() gives transformers' numbers in every mode, alone and among others: ${name}`, async () => {
    const { pairs } = JSON.parse(await readFile(join(CASES, expected), "utf8")) as { pairs: Pair[] };
    const model = await openModel(join(CASES, folder), { threads: 1 });
    try {
      const backwards = pairs.toReversed();
      for (const mode of SCORE_MODES) {
        for (const tokenBudget of [40, 1000]) {
          check(pairs, await model.score(requests(pairs), { mode, tokenBudget }), mode);
          check(backwards, await model.score(requests(backwards), { mode, tokenBudget }), `${mode}, backwards`);
        }
        for (const pair of pairs) check([pair], await model.score(requests([pair]), { mode }), `${mode}, alone`);
      }
    } finally {
      await model.close();
    }
  });
}

Deno.test("score() takes a context that a normalizer drops whole for an empty one, in every mode", async () => {
  const folder = join(await mkdtemp(join(tmpdir(), "archbench-")), "model"), file = join(folder, "tokenizer.json");
  await cp(join(CASES, "bytes-eos-only"), folder, { recursive: true });
  const tokenizer = JSON.parse(await readFile(file, "utf8"));
  tokenizer.normalizer = { type: "Replace", pattern: { String: "\u200b" }, content: "" };
  await writeFile(file, JSON.stringify(tokenizer));
  const model = await openModel(folder, { threads: 1 });
  try {
    const among = { context: "the seed is", continuation: " green" };
    for (const mode of SCORE_MODES) {
      const contexts = ["", "\u200b", "\u200b\u200b"].map((context) => ({ context, continuation: "the seed" }));
      const [, ...got] = await model.score([among, ...contexts, among], { mode });
      for (const { logLikelihood } of got.slice(0, 3)) assert.ok(Math.abs(logLikelihood + 46.05658) < 0.002, mode);
    }
  } finally {
    await model.close();
  }
});

Deno.test("score() refuses what leaves nothing to score, and says which of the reasons it is", async () => {
  const model = await openModel(join(CASES, "bytes-bos"), { threads: 1 });
  const refused: [string, string, RegExp][] = [
    ["the seed", "", /its continuation has no tokens; pass at least one/],
    ["", "", /its continuation has no tokens/],
    ["", "<s>", /"<s>" has no tokens besides the one that stands for an empty context; pass more text/],
    [" t", "h", /"h" has no tokens of its own: the tokenizer merges it into the context's last token/],
  ];
  try {
    for (const [context, continuation, message] of refused) {
      for (const mode of SCORE_MODES) {
        const requests = [{ context: "the seed", continuation: " is" }, { context, continuation }];
        await assert.rejects(model.score(requests, { mode }), message);
      }
    }
    const [spaces] = await model.score([{ context: " ", continuation: "" }]); // the space itself, at the start
    assert.ok(spaces.tokens === 1 && Number.isFinite(spaces.logLikelihood));
  } finally {
    await model.close();
  }
});

function check(pairs: Pair[], got: { logLikelihood: number; isGreedy: boolean }[], how: string): void {
  const wrong = pairs.flatMap(({ context, continuation, logLikelihood, isGreedy }, i) =>
    Math.abs(got[i].logLikelihood - logLikelihood) <= manifest.tolerance && got[i].isGreedy === isGreedy
      ? []
      : [`${JSON.stringify([context, continuation])}: ${got[i].logLikelihood}, not ${logLikelihood}`]
  );
  assert.deepEqual(wrong, [], how);
}
