/** A model host that writes what a function says, a sandbox that judges by what it reads, and a small task. */
import type { GenerateBatchOptions, GenerateRequest, Generation } from "../../../lib/model/generate.ts";
import type { ModelHost, OpenResult } from "../../../lib/model/protocol.ts";
import type { Program, ProgramResult, Sandbox } from "../../../lib/eval/sandbox/program.ts";
import { FieldError } from "../../../lib/eval/fields.ts";
import type { GenerateTask } from "../../../lib/eval/task.ts";
import { FakeHost, fakeInfo } from "../fake_host.ts";

/** A text, `"..."` at its end if it was cut off; or null for a request that is refused. */
export type Write = (prompt: string, seed: number, sample: number) => string | null;

export interface FakeWriter extends ModelHost {
  requests: GenerateRequest[];
  options: GenerateBatchOptions[];
  closed: boolean;
}

/** Requests are finished last to first, as nobody promises an order. */
export function fakeWriter(write: Write, contextLength = 4096): FakeWriter {
  const writer = Object.assign(new FakeHost(), {
    open: { info: { ...fakeInfo, contextLength } } as OpenResult,
    requests: [] as GenerateRequest[],
    options: [] as GenerateBatchOptions[],
    async generateBatch(requests: GenerateRequest[], options: GenerateBatchOptions = {}) {
      writer.requests.push(...requests);
      writer.options.push(options);
      const results = requests.map(({ prompt, seed }) => {
        const text = typeof prompt === "string" ? prompt : new TextDecoder().decode(Uint8Array.from(prompt));
        const written = Array.from({ length: options.samples ?? 1 }, (_, s) => write(text, seed ?? 0, s));
        return written.includes(null) ? { refused: "its logits are not finite" } : written.map((t) => generation(t!));
      });
      for (let i = requests.length - 1; i >= 0; i--) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        if (writer.closed) throw new Error("the host was closed");
        options.onResult?.(i, results[i]);
      }
      return results;
    },
  });
  return writer as FakeWriter;
}

function generation(text: string): Generation {
  return {
    ids: [...new TextEncoder().encode(text)],
    text,
    finishReason: text.endsWith("...") ? "length" : "stop",
  };
}

export interface FakeSandbox extends Sandbox {
  programs: Program[];
}

/** A program with PASS in it passes, one with SLOW takes too long. */
export function fakeSandbox(): FakeSandbox {
  const programs: Program[] = [];
  return {
    programs,
    run(program): Promise<ProgramResult> {
      programs.push(program);
      const { code } = program;
      const verdict = code.includes("PASS") ? "passed" : code.includes("SLOW") ? "timed out" : "failed";
      return Promise.resolve({ verdict, reason: verdict === "passed" ? "" : `it ${verdict}`, seconds: 0 });
    },
    close: () => Promise.resolve(),
  };
}

export const fakeTask: GenerateTask = {
  name: "echo",
  version: "1",
  about: "a task of these tests",
  kind: "generate",
  language: "python",
  dataset: "none",
  split: "test",
  fields: ["prompt"],
  problem(row) {
    const { prompt, test = "test" } = row;
    if (typeof prompt !== "string") throw new FieldError('field "prompt" must be text');
    return { prompt, program: (completion) => ({ language: "python", code: `${prompt}|${completion}|${test}` }) };
  },
  truncations: { "lines": ["\n"], "none": [] },
  truncation: "lines",
  presets: {
    greedy: { samples: 1, temperature: 0, topP: 1, maxNewTokens: 16, k: [1] },
    drawn: { samples: 4, temperature: 0.2, topP: 0.9, maxNewTokens: 16, k: [4, 1] },
  },
  preset: "greedy",
};

export function rowsOf(...prompts: unknown[]) {
  return prompts.map((prompt, index) => ({ row: { prompt }, index }));
}

export const noBar = { update() {}, finish() {} };
