/** What lies in a folder: the weights that are read, or what else, so that an error can say what to do with it. */
import { join } from "node:path";
import { readJsonObject } from "../json_file.ts";

const FIX = "pass a folder that has model.safetensors, or shards with model.safetensors.index.json";

/** Names of the files in a folder and, with the folder in front, in its folder "onnx". */
export async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    if (!entry.isDirectory) names.push(entry.name);
    else if (entry.name === "onnx") names.push(...(await namesIn(join(folder, entry.name))).map((n) => `onnx/${n}`));
    else if (entry.name === "snapshots") names.push("snapshots/");
  }
  return names.sort();
}

/** Files of other forms: which, what they are, and what to do. */
const OTHERS: [RegExp, (found: string, folder: string) => string][] = [
  [
    /\.onnx$|^genai_config\.json$/,
    (found) =>
      `this folder holds ONNX (${found}), a graph that openModel and startHost run as it is; for work on its architecture ` +
      "take the model's folder with .safetensors, or a .gguf file of it",
  ],
  [/\.gguf$/, (found, folder) => `this folder holds GGUF; pass the file: ${join(folder, found)}`],
  [
    /^model_index\.json$/,
    () => "model_index.json makes it a pipeline of several models (diffusers); pass one model's own folder",
  ],
  [
    /^(?!training_args|optimizer|scheduler|rng_state).*\.(bin|pth?|ckpt)$/,
    (found) =>
      `its weights are pickled (${found}), and pickled weights are not read; save them as .safetensors: ` +
      "AutoModelForCausalLM.from_pretrained(folder).save_pretrained(other)",
  ],
  [
    /\.(h5|msgpack|npz|tflite)$|\.nemo$/,
    (found) => `${found} is of another framework; take the model's folder with .safetensors, or a .gguf file of it`,
  ],
  [
    /^snapshots\/$/,
    () => "it is a model in the hub's cache; pass the folder below snapshots that holds config.json",
  ],
];

/** What a folder without the weights that are read holds instead, and what to do; null where nothing is known. */
export function otherForm(names: string[], folder: string): string | null {
  for (const [pattern, message] of OTHERS) {
    const found = names.find((name) => pattern.test(name));
    if (found !== undefined) return message(found, folder);
  }
  return null;
}

/**
 * An adapter changes the weights that it belongs to, also where these lie beside it.
 *
 * @throws {TypeError} If there is one, naming the model that it belongs to.
 */
export async function refuseAdapter(names: string[], folder: string): Promise<void> {
  if (!names.includes("adapter_config.json")) return;
  const path = join(folder, "adapter_config.json");
  const { base_model_name_or_path: base, peft_type: type } = await readJsonObject(path);
  throw new TypeError(
    `Cannot open ${folder}: adapter_config.json makes it an adapter (${typeof type === "string" ? type : "LoRA"}) of ` +
      `${JSON.stringify(base ?? "a model that it does not name")}, and adapters are not applied; merge it with peft ` +
      "(merge_and_unload, save_pretrained) and pass the merged folder",
  );
}

/**
 * The file to open for a folder's weights: model.safetensors, the index of its shards, or the only .safetensors file.
 *
 * @throws {Deno.errors.NotFound} If there is none, saying what there is instead.
 * @throws {TypeError} If there are several and no index says what each holds.
 */
export async function weightsOfFolder(folder: string): Promise<string> {
  return join(folder, weightsAmong(await namesIn(folder), folder));
}

/** The name of that file, of those in the folder. */
export function weightsAmong(names: string[], folder: string): string {
  const found = names.filter((name) => /^[^/]+\.safetensors(\.index\.json)?$/.test(name) && !/^adapter_/.test(name));
  // In transformers' order: an index beside the whole file is left from before.
  const usual = ["model.safetensors", "model.safetensors.index.json"].find((name) => found.includes(name));
  if (usual) return usual;
  if (found.length === 0) {
    throw new Deno.errors.NotFound(
      `Cannot open ${folder}: it has no .safetensors file; ${otherForm(names, folder) ?? FIX}`,
    );
  }
  const shard = found.find((name) => /-\d+-of-\d+\.safetensors$/.test(name));
  const index = shard?.replace(/-\d+-of-\d+\.safetensors$/, ".safetensors.index.json");
  if (index && !found.includes(index)) {
    throw new Deno.errors.NotFound(
      `Cannot open ${folder}: ${shard} is a part of a model, and ${index}, which says what each part holds, is missing; ` +
        "get that file too",
    );
  }
  if (index) return index;
  if (found.length === 1) return found[0];
  throw new TypeError(
    `Cannot open ${folder}: of its files ${found.join(", ")} none is model.safetensors or its index; pass one as ` +
      "{ ref: spec, weights: path }",
  );
}
