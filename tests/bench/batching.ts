/**
 * Batched generation on the real model: `deno task bench:batching`. Many HumanEval prompts side by side against one by
 * one: whether the greedy ids are the same, what explains each that is not, and the speed of both; then samples of each
 * problem with temperature. Arguments: prompts, new tokens, problems that are sampled.
 */
import type { Generation } from "../../lib/model/generate.ts";
import type { LanguageModel } from "../../lib/model/language_model.ts";
import { openModel } from "../../lib/model/open_model.ts";
import { encodePrompt } from "../../lib/model/tokenizer.ts";
import { loadDataset } from "../../lib/store/dataset.ts";

const [count = 50, maxNewTokens = 64, problems = 8] = Deno.args.map(Number);
const rows = await loadDataset("humaneval");
const prompts = rows.map((row) => String(row.prompt));
const model = await openModel({ ref: "smollm2-135m", precision: "fp32" });
await greedy(prompts.slice(0, count));
await sampled(prompts.slice(0, problems));
await model.close();

async function greedy(prompts: string[]): Promise<void> {
  const options = { maxNewTokens };
  const alone: Generation[] = [];
  const start = performance.now();
  for (const prompt of prompts) alone.push((await model.generate(prompt, options))[0]);
  const between = performance.now();
  const together = (await model.generateBatch(prompts.map((prompt) => ({ prompt })), options)).map((r) => {
    if ("refused" in r) throw new Error(r.refused);
    return r[0];
  });
  const end = performance.now();
  const tokens = alone.reduce((n, g) => n + g.ids.length, 0);
  const flips = together.flatMap((g, i) => g.ids.join() === alone[i].ids.join() ? [] : [i]);
  console.log(
    `greedy, fp32: ${prompts.length} prompts, ${tokens} tokens: ${flips.length} differ from one by one; ` +
      `${rate(tokens, between - start)} tok/s one by one, ${rate(tokens, end - between)} side by side ` +
      `(${((between - start) / (end - between)).toFixed(2)}x)`,
  );
  for (const i of flips) await explain(model, prompts[i], alone[i].ids, together[i].ids, i);
}

/** Where two continuations part, and how near the two tokens are there. */
async function explain(model: LanguageModel, prompt: string, a: number[], b: number[], i: number): Promise<void> {
  const at = a.findIndex((id, t) => id !== b[t]);
  const ids = [...await encodePrompt(model.tokenizer, prompt), ...a.slice(0, at)];
  const { data, dims } = await model.logits(ids);
  const last = data.subarray((dims[0] - 1) * dims[1]);
  console.log(
    `  prompt ${i} parts at token ${at}: logits ${last[a[at]].toFixed(5)} and ${last[b[at]].toFixed(5)}, ` +
      `${Math.abs(last[a[at]] - last[b[at]]).toExponential(1)} apart`,
  );
}

async function sampled(prompts: string[]): Promise<void> {
  const options = { maxNewTokens: 128, samples: 10, temperature: 0.2, topP: 0.95 };
  const start = performance.now();
  const results = await model.generateBatch(prompts.map((prompt, seed) => ({ prompt, seed })), options);
  const ms = performance.now() - start;
  const tokens = results.flatMap((r) => "refused" in r ? [] : r).reduce((n, g) => n + g.ids.length, 0);
  console.log(
    `10 samples at temperature 0.2, top-p 0.95: ${prompts.length} problems, ${tokens} tokens, ${
      rate(tokens, ms)
    } tok/s`,
  );
}

function rate(tokens: number, ms: number): string {
  return (1000 * tokens / ms).toFixed(0);
}
