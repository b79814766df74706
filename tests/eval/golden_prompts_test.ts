// Hashes by lm-eval 0.4.13: of a run (tests/golden) and of its formulas over whole splits.
import assert from "node:assert/strict";
import { docHash, sha256, targetHash, taskHash } from "../../lib/eval/hashes.ts";
import { choicePrompt } from "../../lib/eval/prompt.ts";
import { hellaswag } from "../../lib/eval/tasks/hellaswag.ts";
import { mmlu } from "../../lib/eval/tasks/mmlu.ts";
import { MMLU_SUBJECTS } from "../../lib/eval/tasks/mmlu_subjects.ts";
import { readSplit } from "../../lib/store/dataset.ts";
import goldenHellaswag from "../golden/hellaswag_0shot.json" with { type: "json" };
import goldenRows from "../golden/eval_rows.json" with { type: "json" };
import goldenMmlu0 from "../golden/mmlu_0shot.json" with { type: "json" };
import goldenMmlu5 from "../golden/mmlu_5shot.json" with { type: "json" };

Deno.test("hellaswag prompts have lm-eval's hashes on all golden rows", async () => {
  const { rows } = await readSplit("hellaswag", { rows: goldenRows.hellaswag });
  assert.equal(rows.length, 100);
  assert.deepEqual(
    rows.map((row) => sha256(choicePrompt(hellaswag, row).context)),
    goldenHellaswag.items.map((i) => i.prompt_hash),
  );
});

for (const [shots, golden] of [[0, goldenMmlu0], [5, goldenMmlu5]] as const) {
  Deno.test(`mmlu prompts have lm-eval's hashes on all golden rows with ${shots} shots`, async () => {
    for (const [subject, items] of Object.entries(golden.subjects)) {
      const { rows } = await readSplit("mmlu", {
        rows: { [subject]: goldenRows.mmlu[subject as keyof typeof goldenRows.mmlu] },
      });
      const examples = (await readSplit("mmlu", { split: "dev", subjects: [subject] })).rows.slice(0, shots);
      assert.deepEqual(
        rows.map((row) => sha256(choicePrompt(mmlu, row, examples).context)),
        items.map((i) => i.prompt_hash),
      );
    }
  });
}

Deno.test("hellaswag's whole split has lm-eval's task hash", async () => {
  const { rows } = await readSplit("hellaswag");
  assert.equal(rows.length, 10_042);
  const hashes = rows.map((row) => {
    const { query, choices, gold } = hellaswag.doc(row);
    return {
      docHash: docHash({ ...row, query, choices, gold }),
      promptHash: sha256(query),
      targetHash: targetHash(gold),
    };
  });
  assert.deepEqual(hashes[0], {
    docHash: "5fa398b50d156bdf77b474f3b43a03352e9a46bddfc7bb62e1038f7b4f12bbd1",
    promptHash: "e63087504993cd36ee0de69dc9b1ab25ac86550530f0b38fd17b14d3c4cf4f38",
    targetHash: "4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce",
  });
  assert.equal(hashes[3243].promptHash, "6441b94a0facde546ac5c1ef15a734b62a839f9757ed0fc90ebbe35a82fa7111");
  assert.equal(taskHash(hashes), "edcc7edd27a555d3f7cbca0641152b2c5e4eb6eb79c5e62d7fe5887f47814323");
});

Deno.test("mmlu's 57 subjects have lm-eval's task hashes with 5 shots", async () => {
  const hashOf = async (subject: string, shots: number) => {
    const examples = (await readSplit("mmlu", { split: "dev", subjects: [subject] })).rows.slice(0, shots);
    const { rows } = await readSplit("mmlu", { subjects: [subject] });
    return taskHash(rows.map((row) => {
      const { context, gold } = choicePrompt(mmlu, row, examples);
      return { docHash: docHash(row), promptHash: sha256(context), targetHash: targetHash(gold) };
    }));
  };
  assert.equal(await hashOf("abstract_algebra", 0), "019c53bb7725c435b6977919f6e4a0043f6045691070942190fe4e0257b6e1e4");
  const all: string[] = [];
  for (const subject of MMLU_SUBJECTS) all.push(await hashOf(subject, 5));
  assert.equal(all[0], "0e2f49943ac30da4eb2d7d2f5db73abb69da69d6988007197e6bdf138bfb3369");
  assert.equal(sha256(all.join("")), "84bcafbb06cd9f2f1ae3ad1086ec38a5f8bcf2ab3a91bd3368660225ca7ed0c8");
});
