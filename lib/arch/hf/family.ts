/** What this library knows of a family of models in the Hugging Face form. */
import type { ArchSpec, LayerSpec } from "../spec.ts";
import type { HfConfig } from "./config.ts";
import type { Recipe } from "./recipe.ts";

/**
 * Our parameters by name (those of `layerParameters` or `modelParameters`), each a tensor's name where it is stored as
 * it is, [rows, cols] or [cols], or a recipe. Parameters that a spec does not have may stand in it too.
 */
export type Recipes = Record<string, string | Recipe>;

export interface HfFamily {
  /** The `model_type`s of config.json that it reads. */
  modelTypes: string[];
  /**
   * The architecture that a configuration describes.
   *
   * @throws {SyntaxError} If a field is missing or of the wrong type.
   * @throws {TypeError} If it asks for something that is not built.
   */
  spec(config: HfConfig): Omit<ArchSpec, "name" | "family">;
  /** What stands in front of a layer's number in its tensors' names, e.g. "model.layers.". */
  layers: string;
  /** What stands outside the layers, by the tensors' whole names. */
  model(spec: ArchSpec): Recipes;
  /** A layer's parameters, by names behind its number: "mlp.up_proj.weight". */
  layer(layer: LayerSpec, spec: ArchSpec): Recipes;
  /** What files by the model's authors call a tensor, by its whole name here; absent: nothing else. */
  original?(name: string): string;
  /** Whole names of tensors that some files have and no model needs, such as masks. */
  unused?: RegExp;
}
