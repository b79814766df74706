/** The numbers of a resolved model. */
import { editModel } from "./edits.ts";
import { openStored } from "./origin.ts";
import { randomWeights } from "./random_weights.ts";
import type { ResolvedModel } from "./resolved.ts";
import type { WeightSource } from "./weight_source.ts";

/** Open the weights, after the edits that change them: those of `base`. */
export async function weightsOf(
  { unedited, edits, stored }: Pick<ResolvedModel, "unedited" | "edits" | "stored">,
): Promise<WeightSource> {
  const source = "seed" in stored ? randomWeights(unedited, stored.seed) : await openStored(stored, unedited);
  return editModel(unedited, edits).weights(source);
}
