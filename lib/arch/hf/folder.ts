/** A model's folder as transformers writes it: config.json, and weights in one file or in shards with an index. */
import { join } from "node:path";
import { readJsonObject } from "../json_file.ts";
import type { ArchSpec } from "../spec.ts";
import { HfConfig } from "./config.ts";
import { familyOf, modelTypes } from "./families.ts";

/**
 * The architecture that the config.json of a folder describes.
 *
 * @throws {TypeError} If its family, or something that it asks for, is not built.
 * @throws {SyntaxError} If a field is missing or of the wrong type.
 */
export async function specOfFolder(folder: string, name: string): Promise<ArchSpec> {
  const path = join(folder, "config.json");
  return specOfConfig(new HfConfig(path, await readJsonObject(path)), name);
}

export function specOfConfig(config: HfConfig, name: string): ArchSpec {
  const modelType = config.text("model_type");
  const family = familyOf(modelType);
  if (!family) {
    config.refuse(`its model_type is "${modelType}"; this version builds: ${modelTypes().join(", ")}`);
  }
  return { name, family: modelType, ...family.spec(config) };
}

/**
 * The file to open for a folder's weights: the index of shards, model.safetensors, or the only .safetensors file.
 *
 * @throws {Deno.errors.NotFound} If there is none.
 * @throws {TypeError} If there are several and no index says what each holds.
 */
export async function weightsOfFolder(folder: string): Promise<string> {
  const found: string[] = [];
  for await (const { name } of Deno.readDir(folder)) if (/\.safetensors(\.index\.json)?$/.test(name)) found.push(name);
  const usual = ["model.safetensors.index.json", "model.safetensors"].find((name) => found.includes(name));
  if (usual) return join(folder, usual);
  if (found.length === 1) return join(folder, found[0]);
  if (found.length === 0) {
    throw new Deno.errors.NotFound(`Cannot open ${folder}: it has no .safetensors file; pickled weights are not read`);
  }
  throw new TypeError(
    `Cannot open ${folder}: of its files ${
      found.sort().join(", ")
    } none is model.safetensors or its index; pass one as ` +
      "{ ref: spec, weights: path }",
  );
}
