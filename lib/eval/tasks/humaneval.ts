/** HumanEval by lm-eval's rules (version 1.0): go on with a Python function, which then has to pass its tests. */
import { textField } from "../fields.ts";
import type { GenerateTask } from "../task.ts";

const LM_EVAL = ["\nclass", "\ndef", "\n#", "\nif", "\nprint"];

/**
 * The prompt stands as it is, also for the other tools' stop words: bigcode's and evalplus' own numbers come from a
 * prompt without its last newline, and evalplus then keeps of a completion what its syntax tree reaches, which is not
 * done here.
 */
export const humaneval: GenerateTask = {
  name: "humaneval",
  version: "1.0",
  about: "write the body of a Python function, run against its tests (executes generated code)",
  kind: "generate",
  language: "python",
  dataset: "humaneval",
  split: "test",
  fields: ["prompt", "test", "entry_point", "task_id (optional)"],
  problem(row) {
    const prompt = textField(row, "prompt"), test = textField(row, "test"), entry = textField(row, "entry_point");
    return {
      prompt,
      program: (completion) => ({
        language: "python",
        code: `${prompt}${completion}\n${test}\ncheck(${entry})`,
      }),
      ...(typeof row.task_id === "string" ? { id: row.task_id } : {}),
    };
  },
  truncations: {
    "lm-eval": LM_EVAL,
    "bigcode": [...LM_EVAL, "\n@", "\n```", "<file_sep>"],
    "evalplus-stops": [
      ...["\ndef ", "\nclass ", "\nimport ", "\nfrom ", "\nassert "],
      ...["<|endoftext|>", "<|endofmask|>", "</s>", "\nif __name__", "\ndef main(", "\nprint("],
    ],
  },
  truncation: "lm-eval",
  presets: {
    "lm-eval": { samples: 1, temperature: 0, topP: 1, maxNewTokens: 1024, k: [1] },
    // lm-eval's humaneval_64
    "lm-eval-64": { samples: 64, temperature: 0.2, topP: 0.95, maxNewTokens: 1024, k: [2, 8, 16, 32, 64] },
    "chapter": { samples: 10, temperature: 0.2, topP: 0.95, maxNewTokens: 200, k: [10, 1] },
  },
  preset: "lm-eval",
};
