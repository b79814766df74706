/** A model in a GGUF file: the spec from the metadata, the weights by llama.cpp's tensor names. */
import { basename } from "node:path";
import { layerParameters, modelParameters } from "../blocks/layer.ts";
import type { GgufFile } from "../gguf_file.ts";
import { dequantise, type Matrix, permuteRows, scaled } from "../quant_blocks.ts";
import type { ArchSpec, LayerSpec } from "../spec.ts";
import type { WeightSource } from "../weight_source.ts";
import { GGUF_FAMILIES, type GgufFamily } from "./families.ts";
import { GgufKeys, headDimOf } from "./keys.ts";
import { ropeOf, ropeTensors } from "./rope.ts";

const MODEL_TENSORS: Record<string, string> = { embedding: "token_embd", head: "output", finalNorm: "output_norm" };
/** Differences of a kind that a message shows. */
const SHOWN = 8;

/**
 * The architecture that a GGUF file describes.
 *
 * @throws {TypeError} If its architecture is none of those that are known, or uses something that is not built.
 * @throws {SyntaxError} If a key is missing or has the wrong type.
 */
export async function specFromGguf(file: GgufFile, name: string): Promise<ArchSpec> {
  const keys = keysOf(file);
  const { family, attention, channel, placement, scaledEmbedding, logitSoftcap } = familyOf(file);
  const hiddenSize = keys.count("embedding_length"), headDim = headDimOf(keys);
  if (keys.count("attention.value_length", headDim) !== headDim) {
    keys.refuse("heads whose values are of another size than their keys are not built");
  }
  const layers = keys.count("block_count");
  if (layers > file.tensorNames.length) keys.refuse(`block_count is ${layers}, more than its tensors`);
  const layer = (index: number): LayerSpec => {
    const heads = keys.countOf(index, "attention.head_count");
    return {
      mixer: {
        kind: "attention",
        heads,
        kvHeads: keys.countOf(index, "attention.head_count_kv", heads),
        headDim,
        ...attention(keys, index),
      },
      channel: channel(keys, index),
      ...(placement ? { placement } : {}),
    };
  };
  const { position, contextLength } = await ropeOf(keys, headDim);
  const softcap = keys.has("final_logit_softcapping") ? keys.decimal("final_logit_softcapping") : logitSoftcap;
  return {
    name,
    family: family(keys),
    vocabSize: vocabularySize(keys),
    hiddenSize,
    contextLength,
    layers: Array.from({ length: layers }, (_, i) => layer(i)),
    norm: { kind: "rmsnorm", epsilon: keys.decimal("attention.layer_norm_rms_epsilon") },
    position,
    tiedHead: !keys.holds("output.weight"),
    ...(scaledEmbedding ? { embeddingScale: Math.sqrt(hiddenSize) } : {}),
    ...(softcap ? { logitSoftcap: softcap } : {}),
  };
}

function keysOf(file: GgufFile): GgufKeys {
  return new GgufKeys(file, String(file.metadata["general.architecture"]));
}

/** The tokens count, as in llama.cpp; vocab_size is what a file without a tokenizer has. */
function vocabularySize(keys: GgufKeys): number {
  const tokens = keys.file.metadata["tokenizer.ggml.tokens"];
  const count = Array.isArray(tokens) ? tokens.length : keys.count("vocab_size");
  const table = `${MODEL_TENSORS.embedding}.weight`;
  if (!keys.holds(table)) return count;
  const { rows } = keys.file.shape(table);
  if (rows === count) return count;
  const said = Array.isArray(tokens) ? "tokenizer.ggml.tokens" : `${keys.architecture}.vocab_size`;
  throw new SyntaxError(
    `Cannot open ${keys.file.path}: ${said} says ${count} tokens, and ${table} has ${rows} rows; the tokenizer is ` +
      "another model's, or the file was put together wrongly",
  );
}

/**
 * The weights of a GGUF file.
 *
 * @throws {SyntaxError} Listing the tensors that are missing, or of no use to the architecture.
 */
export function ggufWeights(file: GgufFile, spec: ArchSpec): WeightSource {
  const { tensors } = familyOf(file), held = new Set(file.tensorNames);
  checkTensors(file, spec, tensors);
  return {
    label: basename(file.path),
    storedAs: file.quantisation === "F32" ? null : file.quantisation,
    model: (name) => file.read(fileName(MODEL_TENSORS[name])),
    async layer(index, name) {
      const tensor = tensors[name], full = `blk.${index}.${fileName(nameOf(tensor))}`;
      const scale = factorOf(full, "scale"), factors = scale && held.has(scale) ? await file.read(scale) : null;
      const stored = scaled(await file.read(full), factors ? dequantise(factors)[0] : 1);
      if (typeof tensor === "string") return stored;
      const layer = spec.layers[index], { rows, cols } = stored, count = tensor.count(layer);
      if (count !== (rows > 1 ? rows : cols)) {
        throw new SyntaxError(
          `Cannot use the weights of ${
            basename(file.path)
          }: layer ${index}, ${tensor.name} is ${rows} x ${cols}, the ` +
            `architecture needs ${rows > 1 ? `${count} x ${cols}` : `1 x ${count}`}`,
        );
      }
      return outputs(stored, tensor.rows(layer));
    },
    form: (layer, name) =>
      file.form(layer === null ? fileName(MODEL_TENSORS[name]) : `blk.${layer}.${fileName(nameOf(tensors[name]))}`),
  };
}

function familyOf(file: GgufFile): GgufFamily {
  const architecture = file.metadata["general.architecture"];
  if (typeof architecture === "string" && Object.hasOwn(GGUF_FAMILIES, architecture)) {
    return GGUF_FAMILIES[architecture];
  }
  throw new TypeError(
    `Cannot open ${file.path}: its architecture is "${architecture}"; this version runs: ` +
      Object.keys(GGUF_FAMILIES).join(", "),
  );
}

const nameOf = (tensor: GgufFamily["tensors"][string]) => typeof tensor === "string" ? tensor : tensor.name;
const fileName = (tensor: string) => tensor.endsWith(".bias") ? tensor : `${tensor}.weight`;

/** The tensor of one number that a layer's matrix, or what is multiplied with it, is scaled by. */
function factorOf(matrix: string, what: "scale" | "input_scale"): string | null {
  return /^blk\..*\.weight$/.test(matrix) ? matrix.replace(/weight$/, what) : null;
}

/** Some outputs of a matrix (its rows), or of a bias (its numbers), which a file keeps as one row. */
function outputs(m: Matrix, order: number[]): Matrix {
  if (m.rows > 1) return permuteRows(m, order);
  const values = dequantise(m);
  return { rows: 1, cols: order.length, values: Float32Array.from(order, (i) => values[i]) };
}

function checkTensors(file: GgufFile, spec: ArchSpec, tensors: GgufFamily["tensors"]): void {
  const needed = new Set(modelParameters(spec).map(({ name }) => fileName(MODEL_TENSORS[name])));
  spec.layers.forEach((layer, i) => {
    for (const { name } of layerParameters(spec, layer)) needed.add(`blk.${i}.${fileName(nameOf(tensors[name]))}`);
  });
  const held = new Set(file.tensorNames), inSpec = ropeTensors(keysOf(file));
  const missing = [...needed].filter((name) => !held.has(name));
  // NVFP4 and MXFP4 files scale whole matrices; an input's scale is for kernels that round it.
  const factors = new Set([...needed].flatMap((name) => [factorOf(name, "scale"), factorOf(name, "input_scale")]));
  const isFactor = (name: string) => factors.has(name) && file.shape(name).rows * file.shape(name).cols === 1;
  const extra = file.tensorNames.filter((name) => !needed.has(name) && !inSpec.includes(name) && !isFactor(name));
  const parts = ([["missing", missing], ["of no use to the architecture", extra]] as const)
    .filter(([, names]) => names.length > 0)
    .map(([what, names]) =>
      `${what}: ${names.slice(0, SHOWN).join(", ")}${names.length > SHOWN ? ` and ${names.length - SHOWN} more` : ""}`
    );
  if (parts.length === 0) return;
  throw new SyntaxError(`Cannot use the weights of ${file.path}. Tensors ${parts.join(". Tensors ")}`);
}
