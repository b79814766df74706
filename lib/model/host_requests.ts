/** What may be asked of a host: checked on this side, before it crosses to the other process. */
import { MODEL_OPTIONS, MODEL_REF } from "../arch/ref_fields.ts";
import { BATCH, SEED, TOKENS } from "../check/common.ts";
import { byField, object, optional } from "../check/objects.ts";
import { checkArgument, checkOptions } from "../check/options.ts";
import { entries, integer, list, oneOf, text } from "../check/rules.ts";
import { GENERATE_BATCH_OPTIONS, GENERATE_OPTIONS, GENERATE_REQUESTS, PROMPT } from "./generate.ts";
import type { BaselineModel, ForwardRunRequest, GenerateRunRequest, ModelHost } from "./protocol.ts";
import { SCORE_OPTIONS, SCORE_REQUESTS } from "./score_options.ts";

type Prompt = GenerateRunRequest["prompt"];

const repeats = integer({ min: 1, max: 1e6 });

export const GENERATE_RUNS = object<GenerateRunRequest>({
  prompt: byField<Prompt, "tokens" | "ids">({
    tokens: object<Extract<Prompt, { tokens: number }>>({ tokens: TOKENS, seed: SEED }),
    ids: object<Extract<Prompt, { ids: number[] }>>({ ids: entries() }),
  }),
  newTokens: TOKENS,
  way: oneOf("loop", "step"),
  repeats,
  graph: optional(oneOf("generate", "batch")),
});
export const FORWARD_RUNS = object<ForwardRunRequest>({
  batch: BATCH,
  seqLen: TOKENS,
  seed: SEED,
  logits: optional(oneOf("last", "all")),
  repeats,
});
export const BASELINE = object<BaselineModel>({ ref: MODEL_REF, options: optional(MODEL_OPTIONS) });

type Calls = Pick<
  ModelHost,
  "generateRuns" | "forwardRuns" | "score" | "generate" | "generateBatch" | "encode" | "divergence"
>;

/** The calls, each of which rejects what it does not know before the host hears of it. */
export function checkedCalls(calls: Calls): Calls {
  const texts = list(text);
  return {
    async generateRuns(request) {
      checkOptions("Cannot generate", request, GENERATE_RUNS);
      return await calls.generateRuns(request);
    },
    async forwardRuns(request) {
      checkOptions("Cannot run forward passes", request, FORWARD_RUNS);
      return await calls.forwardRuns(request);
    },
    async score(requests, options = {}) {
      checkArgument("Cannot score", "requests", requests, SCORE_REQUESTS);
      checkOptions("Cannot score", options, SCORE_OPTIONS);
      return await calls.score(requests, options);
    },
    async generate(prompt, options = {}) {
      checkArgument("Cannot generate", "prompt", prompt, PROMPT);
      checkOptions("Cannot generate", options, GENERATE_OPTIONS);
      return await calls.generate(prompt, options);
    },
    async generateBatch(requests, options = {}) {
      checkArgument("Cannot generate", "requests", requests, GENERATE_REQUESTS);
      checkOptions("Cannot generate", options, GENERATE_BATCH_OPTIONS);
      return await calls.generateBatch(requests, options);
    },
    async encode(given) {
      checkArgument("Cannot encode", "texts", given, texts);
      return await calls.encode(given);
    },
    async divergence(baseline, given) {
      checkArgument("Cannot measure a divergence", "baseline", baseline, BASELINE);
      checkArgument("Cannot measure a divergence", "texts", given, texts);
      return await calls.divergence(baseline, given);
    },
  };
}
