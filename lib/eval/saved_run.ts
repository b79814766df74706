/** What earlier evaluations of the same kind have finished. */
import { foundFingerprint } from "../arch/fingerprint.ts";
import { type AnySource, isResolvedGraph } from "../arch/foreign/resolved_graph.ts";
import { modelFacts } from "../arch/model_facts.ts";
import { resolveAny } from "../arch/resolve_any.ts";
import type { ModelOptions } from "../arch/model_ref.ts";
import { chooseProvider } from "../model/provider.ts";
import { foreignScoreModes } from "../model/foreign/score_modes.ts";
import { onnxruntimeVersion } from "../model/runtime_version.ts";
import { DEFAULT_TOKEN_BUDGET, type ScoreSettings, SCORING_VERSION } from "../model/score_options.ts";
import { tokenizerFingerprint } from "../model/tokenizer_fingerprint.ts";
import type { ResultStore } from "../store/results.ts";
import type { SavedItems } from "../store/saved_items.ts";

/** Key under which a run keeps the facts of its model, so that a finished one need not be opened again. */
export const MODEL_KEY = "model";

/**
 * Saved items of the runs that give the same numbers as this one. What they depend on besides their own key (the prompt
 * and what is asked of it) is the model's bytes, edits, precision and provider, its tokenizer as built, the runtime, the
 * task's version and the settings of scoring. The number of hosts and threads changes no number.
 */
export async function savedRun(
  store: ResultStore,
  ref: AnySource,
  options: ModelOptions,
  task: { name: string; version: string },
  { mode, tokenBudget = DEFAULT_TOKEN_BUDGET, maxCachedTokens }: ScoreSettings,
): Promise<SavedItems> {
  const model = await resolveAny(ref, options);
  return store.items({
    task: [task.name, task.version],
    model: await foundFingerprint(model),
    tokenizer: await tokenizerFingerprint(modelFacts(model)),
    runtime: [await onnxruntimeVersion(), chooseProvider(model.options.provider ?? "auto"), Deno.build.arch],
    scoring: [
      SCORING_VERSION,
      mode ?? (isResolvedGraph(model) ? foreignScoreModes(model)[0] : "tree"),
      tokenBudget,
      maxCachedTokens ?? "default",
    ],
  });
}
