/** Every reader of a file that nobody vouches for, with good files for it. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { tableFromArrays, tableToIPC } from "@uwdata/flechette";
import { parquetWriteBuffer } from "hyparquet-writer";
import { layerParameters, modelParameters } from "../../lib/arch/blocks/layer.ts";
import { resolveModel } from "../../lib/arch/resolve.ts";
import { weightsOf } from "../../lib/arch/weights_of.ts";
import { readLayer, readModel as modelReader } from "../../lib/arch/weight_source.ts";
import { graphCost } from "../../lib/cost/graph_cost.ts";
import { tokenizerOf } from "../../lib/model/tokenizer_files.ts";
import { GraphBuilder } from "../../lib/onnx/graph_builder.ts";
import { ResultStore } from "../../lib/store/results.ts";
import { openTable } from "../../lib/store/table_file.ts";
import { ggufBytes, llamaMetadata, llamaTensors } from "../arch/gguf_writer.ts";
import { f32, safetensorsBytes } from "../arch/safetensors_writer.ts";

export interface FuzzedReader {
  name: string;
  /** The file's name below the folder of a run. */
  file: string;
  isText?: boolean;
  good(folder: string): Uint8Array | Promise<Uint8Array>;
  read(path: string): Promise<unknown>;
}

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** The architecture of a reference, and every number of its weights. */
async function wholeModel(ref: string): Promise<void> {
  const resolved = await resolveModel(ref), { base } = resolved, source = await weightsOf(resolved);
  for (const { name } of modelParameters(base)) await modelReader(base, source)(name);
  for (const [i, layer] of base.layers.entries()) {
    for (const { name } of layerParameters(base, layer)) await readLayer(base, source, i)(name);
  }
}

const CONFIG = {
  model_type: "llama",
  architectures: ["LlamaForCausalLM"],
  vocab_size: 4,
  hidden_size: 32,
  intermediate_size: 32,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  max_position_embeddings: 32,
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  tie_word_embeddings: true,
  hidden_act: "silu",
  bos_token_id: 0,
  eos_token_id: [2, 3],
};

const rows = (n: number, ...shape: number[]) => f32(shape, Array.from({ length: n }, (_, i) => Math.sin(i)));
const tensors = () =>
  safetensorsBytes({
    "model.embed_tokens.weight": rows(128, 4, 32),
    "model.norm.weight": rows(32, 32),
    ...Object.fromEntries(
      Object.entries({
        "input_layernorm": [32],
        "self_attn.q_proj": [32, 32],
        "self_attn.k_proj": [16, 32],
        "self_attn.v_proj": [16, 32],
        "self_attn.o_proj": [32, 32],
        "post_attention_layernorm": [32],
        "mlp.gate_proj": [32, 32],
        "mlp.up_proj": [32, 32],
        "mlp.down_proj": [32, 32],
      }).map(([name, shape]) => [
        `model.layers.0.${name}.weight`,
        rows(shape.reduce((a, b) => a * b, 1), ...shape),
      ]),
    ),
  });

const TOKENIZER = {
  version: "1.0",
  added_tokens: [{
    id: 3,
    content: "</s>",
    special: true,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  }],
  normalizer: { type: "NFC" },
  pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
  post_processor: null,
  decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
  model: { type: "BPE", vocab: { a: 0, b: 1, ab: 2 }, merges: ["a b"], byte_fallback: false, fuse_unk: false },
};

function graph(): Uint8Array {
  const g = new GraphBuilder("g");
  g.input("x", "float32", ["n", 8]);
  g.weight("w", "float32", [8, 4], { location: "w.bin", offset: 0, length: 128 });
  const axes = g.constant("axes", "int64", [1], [-1]);
  const product = g.node("MatMul", ["x", "w"]), sum = g.node("ReduceSum", [product, axes], { keepdims: 1 });
  g.output(g.node("Softmax", [sum], { axis: -1 }), "float32", ["n", 1]);
  return g.model();
}

const QUESTIONS = Array.from(
  { length: 40 },
  (_, i) => ({ question: `What is ${i} + 1?`, answer: i + 1, choices: ["a", "b"] }),
);
const columns = {
  question: QUESTIONS.map((q) => q.question),
  answer: QUESTIONS.map((q) => q.answer),
  choices: QUESTIONS.map((q) => q.choices),
};

async function table(path: string): Promise<void> {
  const { total, at } = await openTable(path);
  for (let i = 0; i < total; i++) at(i);
}

/** Puts the other files of a folder model beside the damaged one. */
async function beside(folder: string, files: Record<string, Uint8Array>): Promise<void> {
  await mkdir(join(folder, "model"), { recursive: true });
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, "model", name), bytes);
}

export const READERS: FuzzedReader[] = [
  {
    name: "GGUF",
    file: "model.gguf",
    good: () => ggufBytes(llamaMetadata(), llamaTensors()),
    read: wholeModel,
  },
  {
    name: "GGUF tokenizer",
    file: "tokenizer.gguf",
    good: () => ggufBytes(llamaMetadata(), []),
    read: async (path) => {
      const tokenizer = await tokenizerOf({ gguf: path }, 4, null);
      await tokenizer.decode(await tokenizer.encode("ab a"));
    },
  },
  {
    name: "safetensors",
    file: join("model", "model.safetensors"),
    async good(folder) {
      await beside(folder, { "config.json": encode(CONFIG) });
      return tensors();
    },
    read: (path) => wholeModel(dirname(path)),
  },
  {
    name: "config.json",
    file: join("model", "config.json"),
    isText: true,
    async good(folder) {
      await beside(folder, { "model.safetensors": tensors() });
      return encode(CONFIG);
    },
    read: (path) => wholeModel(dirname(path)),
  },
  {
    name: "tokenizer.json",
    file: "tokenizer.json",
    isText: true,
    good: () => encode(TOKENIZER),
    read: async (path) => {
      const tokenizer = await tokenizerOf({ json: path }, 4, null);
      await tokenizer.decode(await tokenizer.encode("ab a"));
    },
  },
  { name: "ONNX", file: "model.onnx", good: graph, read: async (path) => void await graphCost(path, { n: 3 }) },
  {
    name: "Arrow",
    file: "rows.arrow",
    good: () => tableToIPC(tableFromArrays(columns), { format: "file" })!,
    read: table,
  },
  {
    name: "Parquet",
    file: "rows.parquet",
    good: () =>
      new Uint8Array(parquetWriteBuffer({
        columnData: [
          { name: "question", data: columns.question, type: "STRING" },
          { name: "answer", data: columns.answer, type: "INT32" },
        ],
      })),
    read: table,
  },
  {
    name: "JSON Lines",
    file: "rows.jsonl",
    isText: true,
    good: () => new TextEncoder().encode(QUESTIONS.map((q) => JSON.stringify(q)).join("\n")),
    read: table,
  },
  {
    name: "store",
    file: "results.sqlite",
    async good(folder) {
      const path = join(folder, "good.sqlite"), items = new ResultStore(path).items("a run");
      for (let i = 0; i < 20; i++) items.put(`item ${i}`, { logLikelihood: -i });
      items.close();
      return await Deno.readFile(path);
    },
    read(path) {
      const store = new ResultStore(path, { waitMs: 20 }), items = store.items("a run");
      try {
        for (let i = 0; i < 20; i++) items.get(`item ${i}`);
        store.twins("a machine");
      } finally {
        items.close();
      }
      return Promise.resolve();
    },
  },
];
