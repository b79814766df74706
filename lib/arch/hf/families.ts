/**
 * The families of models that are read in the Hugging Face form.
 *
 * To add one: write a file beside this one that exports an `HfFamily`, and put it in the list below. `llama.ts` is the
 * plainest; `decoderSpec` and `headsOf` (decoder.ts) read what most configurations have in common, `ropeOf` (rope.ts)
 * rotary positions in all their spellings, and recipe.ts has the ways to make a parameter out of stored tensors. Give
 * `config.only(...)` for every field that would change the model and is not built. tests/arch/families_test.ts runs
 * every golden folder (tests/golden/families) whose model_type stands here: nothing has to be switched on.
 */
import { deepseekV2 } from "./deepseek.ts";
import { bloom } from "./bloom.ts";
import { falcon } from "./falcon.ts";
import type { HfFamily } from "./family.ts";
import { gemma, gemma2, gemma3 } from "./gemma.ts";
import { gpt2 } from "./gpt2.ts";
import { gptNeox } from "./gpt_neox.ts";
import { lfm2 } from "./lfm2.ts";
import { llama, mistral, olmo2, qwen2, qwen3, smollm3 } from "./llama.ts";
import { mamba2 } from "./mamba2.ts";
import { mixtral, olmoe } from "./mixtral.ts";
import { nemotron } from "./nemotron.ts";
import { phi, phi3 } from "./phi.ts";
import { qwen3Next } from "./qwen3_next.ts";
import { qwen2Moe, qwen3Moe } from "./qwen_moe.ts";
import { rwkv6 } from "./rwkv6.ts";

const FAMILIES: HfFamily[] = [
  ...[
    llama,
    mistral,
    qwen2,
    qwen3,
    olmo2,
    smollm3,
    phi,
    phi3,
    gemma,
    gemma2,
    gemma3,
    gpt2,
    gptNeox,
    falcon,
    bloom,
    nemotron,
  ],
  ...[mixtral, olmoe, qwen2Moe, qwen3Moe, deepseekV2],
  ...[mamba2, rwkv6, qwen3Next, lfm2],
];

/** All values of `model_type` that can be read. */
export function modelTypes(): string[] {
  return FAMILIES.flatMap((family) => family.modelTypes).sort();
}

/** The family of a `model_type`, or null where there is none. */
export function familyOf(modelType: string): HfFamily | null {
  return FAMILIES.find((family) => family.modelTypes.includes(modelType)) ?? null;
}
