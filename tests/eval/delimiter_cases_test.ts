import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { defineTask } from "../../lib/eval/define_task.ts";
import { QualityBenchmark } from "../../lib/eval/quality_benchmark.ts";
import { openModel } from "../../lib/model/open_model.ts";
import type { ModelHost } from "../../lib/model/protocol.ts";
import manifest from "../cases/scoring/manifest.json" with { type: "json" };

/** transformers' log-likelihoods of delimiter and choice behind each prompt. */
interface Delimited {
  delimiter: string;
  choices: string[];
  rows: { prompt: string; logLikelihoods: number[] }[];
}

const CASES = join(import.meta.dirname!, "..", "cases", "scoring");

for (const { name, folder, expected } of manifest.cases) {
  Deno.test(`evaluateTask() scores choices behind each targetDelimiter as transformers does: ${name}`, async () => {
    const { delimiters } = JSON.parse(await readFile(join(CASES, expected), "utf8")) as { delimiters: Delimited[] };
    const model = await openModel(join(CASES, folder), { threads: 1 });
    const host = { open: { info: model.info }, score: model.score.bind(model), close: () => Promise.resolve() };
    const quality = new QualityBenchmark("unused");
    try {
      for (const { delimiter: targetDelimiter, choices, rows } of delimiters) {
        const task = `delimiter case ${name}`.replaceAll(" ", "_");
        defineTask({ name: task, prompt: "{{prompt}}", choices, answer: 0, targetDelimiter, replace: true });
        const { items } = await quality.evaluateTask(task, rows.map(({ prompt }) => ({ prompt })), {
          host: host as unknown as ModelHost,
        });
        rows.forEach(({ prompt, logLikelihoods }, row) =>
          logLikelihoods.forEach((want, i) => {
            const got = items[row].logLikelihoods![i];
            assert.ok(
              Math.abs(got - want) <= manifest.tolerance,
              `${JSON.stringify([prompt, targetDelimiter, choices[i]])}: ${got}, not ${want}`,
            );
          })
        );
      }
    } finally {
      await model.close();
    }
  });
}
