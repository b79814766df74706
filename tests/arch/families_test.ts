/**
 * Every family with goldens (tests/golden/families) that this version reads: parameters, logits, greedy ids in one run and
 * step by step, and scores in every mode.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type DecodeGraph, hasBatchGraph } from "../../lib/arch/batch_graph.ts";
import { familyOf } from "../../lib/arch/hf/families.ts";
import { runChunk, startState } from "../../lib/model/decode.ts";
import type { LanguageModel } from "../../lib/model/language_model.ts";
import { openModel } from "../../lib/model/open_model.ts";
import { graphsOf } from "../model/own_graphs.ts";

interface Golden {
  model_type: string;
  /** The program that they are of, and its version. */
  made_by: string;
  parameters: number;
  ids: number[][];
  /** Of the first prompt, [tokens][vocab]. */
  logits: number[][];
  /** Of the second prompt's last token. */
  last_logits: number[];
  /** Of each prompt. */
  greedy: { ids: number[] }[];
}

const root = join(import.meta.dirname!, "..", "golden", "families");
const families = readdirSync(root).filter((name) => existsSync(join(root, name, "golden.json"))).sort();

for (const name of families) {
  const golden: Golden = JSON.parse(readFileSync(join(root, name, "golden.json"), "utf8"));
  Deno.test({
    name: `${name}: parameters, logits, greedy ids and scores are those of ${golden.made_by.split(" ")[0]}`,
    ignore: familyOf(golden.model_type) === null,
    fn: () => withFamily(name, (model) => isLikeGolden(model, golden)),
  });
}

async function withFamily(name: string, use: (model: LanguageModel) => Promise<void>): Promise<void> {
  const cache = await Deno.makeTempDir(), before = Deno.env.get("ARCHBENCH_CACHE");
  Deno.env.set("ARCHBENCH_CACHE", cache);
  try {
    const model = await openModel(join(root, name), { threads: 1 });
    (model.tokenizer as { endIds: readonly number[] }).endIds = []; // the goldens go on past the ends that config.json names
    try {
      await use(model);
    } finally {
      await model.close();
    }
  } finally {
    if (before === undefined) Deno.env.delete("ARCHBENCH_CACHE");
    else Deno.env.set("ARCHBENCH_CACHE", before);
    await Deno.remove(cache, { recursive: true });
  }
}

async function isLikeGolden(model: LanguageModel, golden: Golden): Promise<void> {
  assert.equal(model.info.parameters, golden.parameters);
  const { contextLength } = model.info;
  const [long, short] = golden.ids;
  const [longNew, shortNew] = golden.greedy.map((g) => g.ids);

  // Dynamic positions are built up to the trained context only, which the first prompt passes.
  if (long.length <= contextLength) {
    const { data } = await model.logits(long);
    closeTo(data, golden.logits.flat(), "logits of the first prompt");
    await continues(model, long, longNew);
    await scoresAlike(model, long, longNew.slice(0, contextLength - long.length));
  }
  const { data } = await model.logits(short);
  closeTo(data.slice(-golden.last_logits.length), golden.last_logits, "last logits of the second prompt");
  await continues(model, short, shortNew.slice(0, contextLength - short.length));
}

/** Greedy ids: in one run, beside the other prompt, and one token a run. */
async function continues(model: LanguageModel, prompt: number[], want: number[]): Promise<void> {
  const [{ ids }] = await model.generate(prompt, { maxNewTokens: want.length });
  assert.deepEqual(ids, want, "greedy ids in one run");
  const [together] = await model.generateBatch([{ prompt }, { prompt: prompt.slice(0, 5) }], {
    maxNewTokens: want.length,
  });
  assert.deepEqual((together as { ids: number[] }[])[0].ids, want, "greedy ids beside another prompt");
  for (const graph of graphs(model)) {
    let state = startState(graphsOf(model), [prompt], graph);
    for (const [i, id] of want.entries()) {
      const { tokens, next } = await runChunk(graphsOf(model), state, { turns: 1, graph });
      assert.equal(tokens[0][0], id, `greedy id ${i}, step by step in the ${graph} graph`);
      state = next;
    }
  }
}

function graphs({ spec }: LanguageModel): DecodeGraph[] {
  return hasBatchGraph(spec) ? ["generate", "batch"] : ["generate"];
}

/** Log-likelihoods of continuations with a shared prefix: from the logits, while generating, and by each way to score. */
async function scoresAlike(model: LanguageModel, prompt: number[], greedy: number[]): Promise<void> {
  const [{ logProbabilities }] = await model.generate(prompt, { maxNewTokens: greedy.length, logProbabilities: true });
  const other = greedy.map((id) => (id + 7) % model.info.vocabSize);
  const requests = [greedy, other, [...greedy.slice(0, 3), ...other], prompt.slice(0, 2)].map((continuationIds) => ({
    contextIds: prompt,
    continuationIds: continuationIds.slice(0, model.info.contextLength - prompt.length),
  }));
  const want: number[] = [];
  for (const { contextIds, continuationIds } of requests) {
    const { data, dims: [, vocab] } = await model.logits([...contextIds, ...continuationIds]);
    const row = (t: number) => data.subarray(t * vocab, (t + 1) * vocab);
    want.push(continuationIds.reduce((sum, id, i) => sum + logProbability(row(contextIds.length + i - 1), id), 0));
  }
  closeTo([logProbabilities!.reduce((a, b) => a + b, 0)], [want[0]], "log-probabilities while generating");
  for (const [mode, tokenBudget] of [["tree"], ["tree", 10], ["batch"], ["strict"]] as const) {
    const scores = await model.score(requests, { mode, ...(tokenBudget ? { tokenBudget } : {}) });
    closeTo(scores.map((s) => s.logLikelihood), want, `${mode} scores, ${tokenBudget} tokens a run`);
  }
}

function logProbability(logits: Float32Array, id: number): number {
  const max = Math.max(...logits);
  return logits[id] - max - Math.log(logits.reduce((sum, v) => sum + Math.exp(v - max), 0));
}

/** To 1e-4, relative to the largest number where that is above 1. */
function closeTo(got: ArrayLike<number>, want: number[], what: string): void {
  assert.equal(got.length, want.length, what);
  const scale = want.reduce((max, v) => Math.max(max, Math.abs(v)), 1);
  const worst = want.reduce((max, v, i) => Math.max(max, Math.abs(v - got[i])), 0);
  assert.ok(worst <= 1e-4 * scale, `${what}: largest difference ${worst} of numbers up to ${scale}`);
}
