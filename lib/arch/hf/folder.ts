/** A model's folder as transformers writes it: config.json, and weights in one file or in shards with an index. */
import { join } from "node:path";
import { readJsonObject } from "../json_file.ts";
import type { ArchSpec } from "../spec.ts";
import { HfConfig } from "./config.ts";
import { familyOf, modelTypes } from "./families.ts";
import { namesIn, otherForm, refuseAdapter, weightsOfFolder } from "./folder_contents.ts";
import { refuseQuantised, refuseQuantisedBeside } from "./quantisation.ts";

/**
 * The architecture that the config.json of a folder describes, and the file of its weights.
 *
 * @throws {Deno.errors.NotFound} If one of the two is not there, saying what the folder holds instead.
 * @throws {TypeError} If its family, its form, or something that it asks for, is not built.
 * @throws {SyntaxError} If a field is missing or of the wrong type.
 */
export async function readFolder(folder: string, name: string): Promise<{ spec: ArchSpec; weights: string }> {
  const names = await namesIn(folder);
  await refuseAdapter(names, folder);
  const other = names.includes("config.json") ? null : otherForm(names, folder);
  if (other) throw new Deno.errors.NotFound(`Cannot open ${folder}: it has no config.json; ${other}`);
  const path = join(folder, "config.json"), config = new HfConfig(path, await readJsonObject(path));
  // Without such files the folder's form says more than a field.
  if (names.some((file) => /\.(safetensors|bin|pt)$/.test(file))) {
    refuseQuantised(config);
    await refuseQuantisedBeside(names, folder);
  }
  const weights = await weightsOfFolder(folder);
  return { spec: specOfConfig(config, name), weights };
}

export function specOfConfig(config: HfConfig, name: string): ArchSpec {
  const modelType = config.text("model_type");
  const family = familyOf(modelType);
  if (family) return { name, family: modelType, ...family.spec(config) };
  const text = config.inner("text_config");
  const parts = text?.has("model_type")
    ? `, of several parts (text_config.model_type is ${
      JSON.stringify(text.values.model_type)
    }), of which a folder of ` +
      "the text part alone may open"
    : "";
  return config.refuse(`its model_type is "${modelType}"${parts}; this version builds: ${modelTypes().join(", ")}`);
}
