/** Experts in the Hugging Face form: files hold one tensor for each expert and matrix. */
import type { MoeSpec } from "../spec.ts";
import type { HfConfig } from "./config.ts";
import type { HfFamily, Recipes } from "./family.ts";
import { type Recipe, stackRows, tensor } from "./recipe.ts";

/** Names of an expert's three matrices. */
export interface ExpertNames {
  gate: string;
  up: string;
  down: string;
}

export const PROJECTIONS: ExpertNames = { gate: "gate_proj", up: "up_proj", down: "down_proj" };

/** Experts and how many of them a token is sent to; `num_local_experts` is the other name of the first. */
export function expertsOf(config: HfConfig, topK?: number): Pick<MoeSpec, "kind" | "experts" | "topK"> {
  return {
    kind: "moe",
    experts: config.whole(config.has("num_experts") ? "num_experts" : "num_local_experts"),
    topK: config.whole("num_experts_per_tok", topK),
  };
}

type Spec = ReturnType<HfFamily["spec"]>;

/** The spec with a mixture in the layers that have one. */
export function withMixtures(spec: Spec, mixture: (index: number) => MoeSpec | null): Spec {
  return { ...spec, layers: spec.layers.map((layer, i) => ({ ...layer, channel: mixture(i) ?? layer.channel })) };
}

/** The routed experts of a layer, each under a number behind `prefix`. */
export function expertRecipes(
  { experts, intermediateSize: I }: MoeSpec,
  hiddenSize: number,
  prefix: string,
  { gate, up, down }: ExpertNames = PROJECTIONS,
): Recipes {
  const stacked = (name: string, rows: number, cols: number): Recipe =>
    stackRows(Array.from({ length: experts }, (_, e) => tensor(`${prefix}${e}.${name}.weight`, rows, cols)));
  return {
    "experts.gate": stacked(gate, I, hiddenSize),
    "experts.up": stacked(up, I, hiddenSize),
    "experts.down": stacked(down, hiddenSize, I),
  };
}
