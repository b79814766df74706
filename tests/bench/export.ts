/**
 * Exported models opened by onnxruntime-genai and transformers.js, in the environment of `bench:peers`:
 * `deno task bench:export [part of a name]`. Prints for each model whether ids of the text and greedy ids are equal, and what
 * `onnx.checker` says.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import type { ModelRef } from "../../lib/arch/model_ref.ts";
import type { ArchSpec, LayerSpec } from "../../lib/arch/spec.ts";
import { exportModel } from "../../lib/model/export.ts";
import { openModel } from "../../lib/model/open_model.ts";
import { encodePrompt } from "../../lib/model/tokenizer.ts";
import { projectRoot } from "../../lib/store/paths.ts";
import { installNpm, installPython, npmFolder, venvPython } from "./peers/environment.ts";

const NEW_TOKENS = 32;
/** Beyond Gemma's local layers, which see 512. */
const PROMPT_TOKENS = 600;
const TEXT = "Größe: 3 µm, und nun?";

const llamaLayer: LayerSpec = {
  mixer: { kind: "attention", heads: 8, kvHeads: 2, headDim: 32 },
  channel: { kind: "swiglu", intermediateSize: 512 },
};
const llama: ArchSpec = {
  name: "llama-like",
  vocabSize: 258,
  hiddenSize: 192,
  contextLength: 256,
  layers: new Array(6).fill(llamaLayer),
  norm: { kind: "rmsnorm", epsilon: 1e-5 },
  position: { kind: "rope", theta: 10000 },
  tiedHead: true,
};
const gpt2Layer: LayerSpec = {
  mixer: { kind: "attention", heads: 6, kvHeads: 6, headDim: 32, qkvBias: true, outputBias: true },
  channel: { kind: "gelu", intermediateSize: 768, bias: true },
};
const gpt2: ArchSpec = {
  ...llama,
  name: "gpt2-like",
  layers: new Array(6).fill(gpt2Layer),
  norm: { kind: "layernorm", epsilon: 1e-5 },
  position: { kind: "learned" },
};
const [wanted] = Deno.args;
const models: Record<string, ModelRef> = {
  "llama-like": llama,
  "gpt2-like": gpt2,
  "alibi": { ...llama, name: "alibi", position: { kind: "alibi" } },
  "windowed": { ref: llama, edits: [{ window: 16 }] },
  "smollm2-135m": "smollm2-135m",
  "smollm2-135m-int4": { ref: "smollm2-135m", precision: "int4" },
  "gemma3-270m": "gemma3-270m",
  "gemma3-270m-int4": { ref: "gemma3-270m", precision: "int4" },
};

interface Answer {
  folder: string;
  ids: number[];
  encoded: number[];
  checker?: string;
}

async function answers(command: string, args: string[]): Promise<Answer[]> {
  const { stdout } = await promisify(execFile)(command, args, { maxBuffer: 2 ** 26 });
  return stdout.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as Answer);
}

await installPython();
await installNpm();
const prose = await readFile(join(projectRoot(), "README.md"), "utf8");
const folder = await mkdtemp(join(tmpdir(), "exported-"));
try {
  const expected = new Map<string, { greedy: number[]; encoded: number[] }>();
  for (const [name, ref] of Object.entries(models)) {
    if (!name.includes(wanted ?? "")) continue;
    const to = join(folder, name);
    await exportModel(ref, to);
    const model = await openModel(ref);
    const encoded = await encodePrompt(model.tokenizer, TEXT);
    const prompt = (await encodePrompt(model.tokenizer, prose))
      .slice(0, Math.min(PROMPT_TOKENS, model.info.contextLength - NEW_TOKENS));
    const [{ ids: greedy }] = await model.generate(prompt, { maxNewTokens: NEW_TOKENS, ignoreEos: true });
    await model.close();
    await writeFile(join(to, "expected.json"), JSON.stringify({ text: TEXT, prompt, greedy }));
    expected.set(to, { greedy, encoded });
  }
  const folders = [...expected.keys()];
  const script = (name: string) => fileURLToPath(new URL(`./export/${name}`, import.meta.url));
  const readers = {
    "onnxruntime-genai": await answers(venvPython, [script("open_genai.py"), ...folders]),
    "transformers.js": await answers("node", [script("open_transformers_js.mjs"), npmFolder, ...folders]),
  };
  let bad = 0;
  for (const [reader, all] of Object.entries(readers)) {
    for (const { folder: of, ids, encoded, checker } of all) {
      const want = expected.get(of)!;
      const same = ids.filter((id, i) => id === want.greedy[i]).length;
      // Each reader brings its own onnxruntime, whose int4 kernels round differently: told, not required.
      const isRight = (same === NEW_TOKENS || of.endsWith("int4")) && encoded.join() === want.encoded.join();
      if (!isRight) bad++;
      console.log(
        `${reader}: ${of.slice(folder.length + 1)}: ${same} of ${NEW_TOKENS} greedy ids equal, the text's ids ` +
          `${encoded.join() === want.encoded.join() ? "equal" : "DIFFERENT"}${
            checker ? `; onnx.checker: ${checker}` : ""
          }`,
      );
    }
  }
  if (bad) Deno.exit(1);
} finally {
  await rm(folder, { recursive: true });
}
