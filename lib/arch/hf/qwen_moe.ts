/** Qwen 2 and 3 with mixtures of experts. */
import type { LayerSpec, MoeSpec } from "../spec.ts";
import { SILU } from "./activations.ts";
import type { HfConfig } from "./config.ts";
import { expertRecipes, expertsOf, withMixtures } from "./experts.ts";
import type { HfFamily, Recipes } from "./family.ts";
import { LLAMA_LAYER, plainSpec, qwen2, qwen3, qwen3Attention, qwenWindow } from "./llama.ts";

export const qwen2Moe: HfFamily = {
  ...qwen2,
  modelTypes: ["qwen2_moe"],
  spec(config) {
    config.only("qkv_bias", true);
    const shared = { intermediateSize: config.whole("shared_expert_intermediate_size"), gated: true };
    const isEarly = (i: number) => i % 2 === 0 && i < config.number("max_window_layers", 28);
    const plain = plainSpec(
      config,
      (i) => ({ qkvBias: true, ...qwenWindow(config, i, isEarly(i)) }),
      { kvHeads: 16, contextLength: 32_768, gates: SILU },
    );
    return withMixtures(plain, (i) => mixture(config, i, { topK: 4, normalise: false, shared }));
  },
  layer,
};

export const qwen3Moe: HfFamily = {
  ...qwen3,
  modelTypes: ["qwen3_moe"],
  spec(config) {
    const plain = plainSpec(
      config,
      (i) => ({ ...qwen3Attention(config), ...qwenWindow(config, i, true) }),
      { kvHeads: 4, contextLength: 32_768, gates: SILU },
    );
    return withMixtures(plain, (i) => mixture(config, i, { topK: 8, normalise: false }));
  },
  layer,
};

/** The mixture of a layer, or null where it has a plain MLP. */
export function mixture(
  config: HfConfig,
  index: number,
  { topK, normalise, shared }: Pick<MoeSpec, "topK" | "normalise" | "shared">,
): MoeSpec | null {
  const plain = config.list("mlp_only_layers")?.includes(index);
  if (plain || (index + 1) % config.whole("decoder_sparse_step", 1) !== 0) return null;
  return {
    ...expertsOf(config, topK),
    intermediateSize: config.whole("moe_intermediate_size"),
    normalise: config.flag("norm_topk_prob", normalise),
    ...(shared ? { shared } : {}),
  };
}

export function layer({ channel }: LayerSpec, { hiddenSize }: { hiddenSize: number }): Recipes {
  if (channel.kind !== "moe") return LLAMA_LAYER;
  return {
    ...LLAMA_LAYER,
    router: "mlp.gate.weight",
    ...expertRecipes(channel, hiddenSize, "mlp.experts."),
    "shared.gate": "mlp.shared_expert.gate_proj.weight",
    "shared.up": "mlp.shared_expert.up_proj.weight",
    "shared.down": "mlp.shared_expert.down_proj.weight",
    "shared.router": "mlp.shared_expert_gate.weight",
  };
}
