/** A plan of what is fetched of a repository. */
import type { HubFile } from "../../store/hub/cache.ts";

/** What is fetched of a model, and what is then opened. */
export interface HubModelFiles {
  form: "safetensors" | "gguf" | "onnx";
  /** Path in the repository: a file, or a folder (empty: the repository itself). */
  open: string;
  /** Configurations and tokenizer. */
  beside: HubFile[];
  weights: HubFile[];
  /** Says which shards the weights are; `weights` is empty then. */
  index?: HubFile;
}

/** What is read of a folder beside its weights. */
const BESIDE = new Set([
  ...["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"],
  ...["chat_template.jinja", "chat_template.json", "genai_config.json"],
  // Files that make a folder something that is refused by name.
  ...["adapter_config.json", "quantize_config.json", "quant_config.json", "hf_quant_config.json"],
]);

/** The files that a folder's tokenizer and configuration need. */
export function besideOf(folder: string, files: HubFile[]): HubFile[] {
  return files.filter((file) => BESIDE.has(nameIn(folder, file.path) ?? ""));
}

/** The name of a file that lies directly in a folder, else null. */
export function nameIn(folder: string, path: string): string | null {
  const name = folder === "" ? path : path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : "/";
  return name.includes("/") ? null : name;
}

export function refused(source: string, reason: string): RangeError {
  return new RangeError(`Cannot open ${source}: ${reason}`);
}
