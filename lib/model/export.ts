/** A model as a folder that onnxruntime-genai and transformers.js open. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { progress } from "../progress.ts";
import { Packer } from "../arch/packer.ts";
import { packWeights } from "../arch/packed_weights.ts";
import { MODEL_OPTIONS } from "../arch/ref_fields.ts";
import { resolveModel } from "../arch/resolve.ts";
import { packRopeTables } from "../arch/rope_tables.ts";
import { checkArgument, checkOptions } from "../check/options.ts";
import { word } from "../check/rules.ts";
import type { ModelOptions, ModelRef } from "../arch/model_ref.ts";
import type { ArchSpec, AttentionSpec } from "../arch/spec.ts";
import { weightsOf } from "../arch/weights_of.ts";
import { STEP_NAMES, stepGraph, whyNoStepGraph } from "../arch/step_graph.ts";
import { biasKinds, hasAlibi } from "../arch/visible.ts";
import { type ExportedTokenizer, exportedTokenizer } from "./export_tokenizer.ts";

/** transformers.js reads external data as `<model>_data`, `<model>_data_1` and so on. */
const DATA_FILES = ["model.onnx_data", "model.onnx_data_1"] as const;

export interface ExportedModel {
  folder: string;
  /** Names of the written files, within the folder. */
  files: string[];
}

/**
 * Write a model for other runtimes: `onnx/model.onnx` with its data beside it, `genai_config.json` for onnxruntime-genai,
 * `config.json` and `generation_config.json` for transformers.js, and the tokenizer for both. The graph has the library's
 * own fused nodes and the weights at the reference's precision. Where prompts start with BOS, transformers.js puts it there,
 * and onnxruntime-genai after `tokenizer.update_options(add_special_tokens="true")`.
 *
 * @param folder Made if it is not there; files of an earlier export are replaced.
 * @throws {TypeError} If the architecture has states that these runtimes cannot carry; the message names the layer.
 * @example
 * ```ts ignore
 * await exportModel({ ref: "smollm2-135m", edits: [{ keepLayers: [0, 1, 2, 27, 28, 29] }] }, "exported/small");
 * ```
 */
export async function exportModel(ref: ModelRef, folder: string, options: ModelOptions = {}): Promise<ExportedModel> {
  checkOptions("Cannot export the model", options, MODEL_OPTIONS);
  checkArgument("Cannot export the model", "folder", folder, word);
  const resolved = await resolveModel(ref, options), { spec } = resolved;
  const reason = whyNoStepGraph(spec);
  if (reason) throw new TypeError(`Cannot export ${resolved.name}: ${reason}`);
  const onnx = join(folder, "onnx");
  await mkdir(onnx, { recursive: true });

  const bar = progress(`exporting ${resolved.name}`, spec.layers.length);
  const weights = await toFile(join(onnx, DATA_FILES[0]), async (sink) =>
    await packWeights(
      spec,
      await weightsOf(resolved),
      resolved.precision,
      DATA_FILES[0],
      sink,
      (layer) => bar.update(layer + 1),
    ));
  const rope = await toFile(
    join(onnx, DATA_FILES[1]),
    (sink) => packRopeTables(spec, new Packer("fp32", DATA_FILES[1], sink)),
  );
  bar.finish();
  await writeFile(join(onnx, "model.onnx"), stepGraph(spec, { weights, rope }).model());

  const tokenizer = await exportedTokenizer(resolved);
  const texts: Record<string, unknown> = {
    "genai_config.json": genaiConfig(spec, tokenizer),
    "config.json": transformersConfig(spec, tokenizer, rope.length > 0),
    "generation_config.json": { bos_token_id: tokenizer.bosId, eos_token_id: endsOf(tokenizer), do_sample: false },
    ...tokenizer.files,
  };
  for (const [name, content] of Object.entries(texts)) {
    await writeFile(join(folder, name), JSON.stringify(content, null, 2));
  }
  return { folder, files: ["onnx/model.onnx", ...DATA_FILES.map((name) => `onnx/${name}`), ...Object.keys(texts)] };
}

/** What is written piece by piece into a file. */
async function toFile<T>(path: string, write: (sink: (bytes: Uint8Array) => Promise<void>) => Promise<T>): Promise<T> {
  using file = await Deno.create(path);
  return await write(async (bytes) => {
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  });
}

/** The ends of texts as configurations have them: one id, a list of several, or null. */
function endsOf({ endIds }: ExportedTokenizer): number | readonly number[] | null {
  return endIds.length > 1 ? endIds : endIds[0] ?? null;
}

/** https://onnxruntime.ai/docs/genai/reference/config.html */
function genaiConfig(spec: ArchSpec, tokenizer: ExportedTokenizer) {
  const { heads, kvHeads, headDim } = spec.layers[0].mixer as AttentionSpec;
  const { bosId, eosId, endIds } = tokenizer, end = eosId ?? endIds[0] ?? 0;
  return {
    model: {
      // The kind of decoder in genai's words: token ids in, logits and keys and values out. Its own "gpt2" is another.
      type: "llama",
      bos_token_id: bosId ?? end,
      eos_token_id: endsOf(tokenizer) ?? end,
      pad_token_id: end,
      context_length: spec.contextLength,
      vocab_size: spec.vocabSize,
      decoder: {
        session_options: { log_id: "onnxruntime-genai", provider_options: [] },
        filename: "onnx/model.onnx",
        head_size: headDim,
        hidden_size: spec.hiddenSize,
        num_attention_heads: heads,
        num_key_value_heads: kvHeads,
        num_hidden_layers: spec.layers.length,
        inputs: {
          input_ids: "input_ids",
          attention_mask: "attention_mask",
          past_key_names: STEP_NAMES.past("%d", "key"),
          past_value_names: STEP_NAMES.past("%d", "value"),
        },
        outputs: {
          logits: "logits",
          present_key_names: STEP_NAMES.present("%d", "key"),
          present_value_names: STEP_NAMES.present("%d", "value"),
        },
      },
    },
    search: {
      do_sample: false,
      max_length: spec.contextLength,
      min_length: 0,
      num_beams: 1,
      num_return_sequences: 1,
      // A mask that the graph computes is as wide as the tokens so far, a shared buffer as wide as the context.
      past_present_share_buffer: !hasAlibi(spec) && biasKinds(spec).every(({ sinks }) => !sinks),
      temperature: 1,
      top_k: 1,
      top_p: 1,
    },
  };
}

/** The fields of a Llama's configuration that transformers.js reads (`configs.js`), whatever the family. */
function transformersConfig(spec: ArchSpec, tokenizer: ExportedTokenizer, hasRope: boolean) {
  const { heads, kvHeads, headDim } = spec.layers[0].mixer as AttentionSpec;
  return {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    bos_token_id: tokenizer.bosId,
    eos_token_id: endsOf(tokenizer),
    head_dim: headDim,
    hidden_size: spec.hiddenSize,
    max_position_embeddings: spec.contextLength,
    num_attention_heads: heads,
    num_hidden_layers: spec.layers.length,
    num_key_value_heads: kvHeads,
    vocab_size: spec.vocabSize,
    "transformers.js_config": { use_external_data_format: { "model.onnx": hasRope ? 2 : 1 } },
  };
}
