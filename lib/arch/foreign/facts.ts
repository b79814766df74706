/** What the files beside a graph say of its model: config.json of transformers, genai_config.json of onnxruntime-genai. */
import { join } from "node:path";
import { HfConfig } from "../hf/config.ts";
import { readJsonObject } from "../json_file.ts";
import { genaiNames, type SaidNames } from "./genai_names.ts";

/** null: no file says. */
export interface GraphFacts {
  architecture: string | null;
  contextLength: number | null;
  vocabSize: number | null;
  layers: number | null;
  heads: number | null;
  kvHeads: number | null;
  headDim: number | null;
}

const UNKNOWN: GraphFacts = {
  ...{ architecture: null, contextLength: null, vocabSize: null },
  ...{ layers: null, heads: null, kvHeads: null, headDim: null },
};

/** The names that families of transformers have for one number. */
const NAMES = {
  contextLength: ["max_position_embeddings", "n_positions", "max_seq_len", "n_ctx", "seq_length"],
  vocabSize: ["vocab_size"],
  layers: ["num_hidden_layers", "n_layer", "num_layers", "n_layers"],
  heads: ["num_attention_heads", "n_head", "n_heads"],
  kvHeads: ["num_key_value_heads"],
  headDim: ["head_dim"],
  hiddenSize: ["hidden_size", "n_embd", "d_model"],
};

/**
 * What is said of a model, and of the names of its graph's inputs and outputs.
 *
 * @param files Names of the files in the folder.
 * @throws {SyntaxError} If a file is no JSON object, or a number in it is none.
 */
export async function graphFacts(folder: string, files: string[]): Promise<{ facts: GraphFacts; names: SaidNames }> {
  const read = async (name: string) =>
    files.includes(name) ? new HfConfig(join(folder, name), await readJsonObject(join(folder, name))) : null;
  const genai = await read("genai_config.json"), config = await read("config.json");
  const own = genai ? ofGenai(genai) : UNKNOWN, theirs = config ? ofTransformers(config) : UNKNOWN;
  const facts = Object.fromEntries(
    Object.keys(UNKNOWN).map((key) => [key, own[key as keyof GraphFacts] ?? theirs[key as keyof GraphFacts]]),
  ) as unknown as GraphFacts;
  return { facts, names: genai ? genaiNames(genai) : { states: [], sharesBuffers: null } };
}

function ofTransformers(whole: HfConfig): GraphFacts {
  const config = whole.inner("text_config") ?? whole;
  const first = (names: string[]) => {
    const name = names.find((name) => config.has(name));
    return name === undefined ? null : config.whole(name);
  };
  const heads = first(NAMES.heads), hidden = first(NAMES.hiddenSize);
  return {
    architecture: config.has("model_type") ? config.text("model_type") : null,
    contextLength: first(NAMES.contextLength),
    vocabSize: first(NAMES.vocabSize),
    layers: first(NAMES.layers),
    heads,
    kvHeads: first(NAMES.kvHeads) ?? heads,
    headDim: first(NAMES.headDim) ?? (heads && hidden ? hidden / heads : null),
  };
}

/** https://onnxruntime.ai/docs/genai/reference/config.html */
function ofGenai(config: HfConfig): GraphFacts {
  const model = config.inner("model"), decoder = model?.inner("decoder");
  const number = (from: HfConfig | null | undefined, key: string) => from?.has(key) ? from.whole(key) : null;
  return {
    architecture: model?.has("type") ? model.text("type") : null,
    contextLength: number(model, "context_length"),
    vocabSize: number(model, "vocab_size"),
    layers: number(decoder, "num_hidden_layers"),
    heads: number(decoder, "num_attention_heads"),
    kvHeads: number(decoder, "num_key_value_heads"),
    headDim: number(decoder, "head_size"),
  };
}
