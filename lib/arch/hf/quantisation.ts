/** Folders whose weights are packed by a method of quantisation: none is read here, and each is refused by its name. */
import { join } from "node:path";
import { readJsonObject } from "../json_file.ts";
import type { Safetensors } from "../safetensors.ts";
import type { HfConfig } from "./config.ts";

const FIX = "take the folder of the unquantised model, or a .gguf file of it";

/** Fields that describe a quantisation: transformers' name, compressed-tensors' older one, MLX's. */
const FIELDS = ["quantization_config", "compression_config", "quantization"];

/**
 * @throws {TypeError} If the configuration, or its part for text, names a method of quantisation.
 */
export function refuseQuantised(config: HfConfig): void {
  for (const part of [config, config.inner("text_config")]) {
    for (const field of FIELDS) {
      const given = part?.inner(field);
      if (given) part!.refuse(`${field}${methodOf(given)}; packed weights are not read: ${FIX}`);
    }
  }
}

/** What a field says of its method. */
function methodOf(given: HfConfig): string {
  if (given.has("quant_method")) return `.quant_method is ${JSON.stringify(given.values.quant_method)}`;
  for (const flag of ["load_in_4bit", "load_in_8bit"]) {
    if (given.values[flag] === true) return `.${flag} is true, the method bitsandbytes`;
  }
  if (given.has("quant_algo")) return `.quant_algo is ${JSON.stringify(given.values.quant_algo)}, a method of ModelOpt`;
  if (given.has("bits")) return ` has ${given.values.bits} bits and no quant_method, as MLX and older tools write it`;
  return ` has no quant_method (its fields: ${Object.keys(given.values).join(", ") || "none"})`;
}

/** Files in which older tools name the method beside a configuration that says nothing, and what they say. */
const BESIDE: Record<string, (values: Record<string, unknown>) => unknown> = {
  "quantize_config.json": ({ quant_method }) => quant_method ?? "gptq",
  "quant_config.json": ({ quant_method }) => quant_method ?? "awq",
  "hf_quant_config.json": ({ quantization }) => (quantization as Record<string, unknown> | undefined)?.quant_algo,
};

/**
 * @param names Files of the folder.
 * @throws {TypeError} If one of them says by which method the weights are packed.
 */
export async function refuseQuantisedBeside(names: string[], folder: string): Promise<void> {
  for (const [name, methodIn] of Object.entries(BESIDE)) {
    if (!names.includes(name)) continue;
    const method = methodIn(await readJsonObject(join(folder, name)));
    if (!method) continue;
    throw new TypeError(
      `Cannot open ${folder}: ${name} says that its weights are packed by ${
        JSON.stringify(method)
      }; packed weights are ` +
        `not read: ${FIX}`,
    );
  }
}

/** What tensors of packed weights are called, and by which method. */
const PACKED: [RegExp, string][] = [
  [/\.(qweight|qzeros|g_idx)$/, "gptq or awq"],
  [/\.(absmax|nested_absmax|quant_map|SCB)$|\.quant_state\./, "bitsandbytes"],
  [/\.weight_packed$/, "compressed-tensors"],
  [/\.weight_scale_inv$/, "fp8"],
  [/_blocks$/, "mxfp4"],
  [/\.weight\._(data|scale|shift)$/, "quanto"],
  [/\.(codes|codebooks)$/, "aqlm"],
  [/\.W_q$/, "hqq"],
  [/\.weight_scale(_2)?$/, "fp8, nvfp4, quanto or compressed-tensors"],
  [/\.scales$/, "mlx"],
];

/**
 * For folders whose configuration names no method, although their tensors are packed.
 *
 * @throws {TypeError} Naming a packed tensor and the methods that write such ones.
 */
export function refusePacked({ path, tensors }: Safetensors): void {
  for (const [names, method] of PACKED) {
    const packed = tensors.keys().find((name) => names.test(name));
    if (packed === undefined) continue;
    throw new TypeError(
      `Cannot use the weights of ${path}: ${packed} is a tensor of weights that are quantised by ${method}; ` +
        `packed weights are not read: ${FIX}`,
    );
  }
}
