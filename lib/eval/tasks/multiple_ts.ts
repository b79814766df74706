/** MultiPL-E's HumanEval in TypeScript: go on with a function, which then has to pass its tests. */
import { FieldError, textField } from "../fields.ts";
import type { GenerateTask } from "../task.ts";
import type { Row } from "../types.ts";

const STOPS = ["\nfunction ", "\n/*", "\n//", "\nclass"];

/**
 * The prompt stands as it is (bigcode strips it). Two versions of the prompts are in circulation: in files of 2022 only
 * the first line of the documentation has its `//`, in newer ones every line; the dataset named here is a newer one.
 */
export const multipleTs: GenerateTask = {
  name: "multiple-ts",
  version: "1.0",
  about: "write the body of a TypeScript function, run against its tests (executes generated code); MultiPL-E's " +
    "HumanEval, reworded prompts with // before every line",
  kind: "generate",
  language: "typescript",
  dataset: "multipl-e-ts",
  split: "test",
  fields: ["prompt", "tests", "name (optional)", "stop_tokens (optional)"],
  problem(row) {
    const prompt = textField(row, "prompt"), tests = textField(row, "tests");
    refuseOtherStops(row);
    return {
      prompt,
      program: (completion) => ({ language: "typescript", code: `${prompt}${completion}\n${tests}` }),
      ...(typeof row.name === "string" ? { id: row.name } : {}),
    };
  },
  truncations: { "multipl-e": STOPS },
  truncation: "multipl-e",
  presets: {
    "greedy": { samples: 1, temperature: 0, topP: 1, maxNewTokens: 512, k: [1] },
    // MultiPL-E's tutorial and defaults (multipl_e/completions.py); the paper has 200 samples
    "multipl-e": { samples: 20, temperature: 0.2, topP: 0.95, maxNewTokens: 512, k: [1] },
    "chapter": { samples: 10, temperature: 0.2, topP: 0.95, maxNewTokens: 200, k: [10, 1] },
  },
  preset: "greedy",
};

/** A file with stop words of its own is another task: cut by ours its scores would mean something else. */
function refuseOtherStops(row: Row): void {
  const { stop_tokens: stops } = row;
  if (stops === undefined || JSON.stringify(stops) === JSON.stringify(STOPS)) return;
  throw new FieldError(
    `field "stop_tokens" must be ${JSON.stringify(STOPS)} or left out, got ${JSON.stringify(stops).slice(0, 80)}`,
  );
}
