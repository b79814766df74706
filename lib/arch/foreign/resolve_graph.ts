/** From a reference to the graph that it stands for, where another program made it. */
import { basename, dirname, join, resolve } from "node:path";
import { readModel } from "../../onnx/read_model.ts";
import { filesIdentity } from "../file_range.ts";
import { namesIn } from "../hf/folder_contents.ts";
import { isFile, isFolder } from "../origin.ts";
import type { ModelOptions, ModelRef } from "../spec.ts";
import { dataFiles } from "./data_files.ts";
import { graphFacts } from "./facts.ts";
import { graphFile } from "./graph_file.ts";
import { graphLayout } from "./layout.ts";
import type { ResolvedGraph } from "./resolved_graph.ts";
import { graphWeights } from "./weights.ts";

/**
 * The graph of a reference that is to run as it is: an .onnx file, a folder that holds ONNX and no .safetensors, or one
 * that holds both where `format` says so; null for every other reference.
 *
 * @throws {TypeError} If the graph is no text decoder, or the reference has edits or weights, which go into no graph.
 * @throws {SyntaxError} If a file is damaged, or names others outside its folder.
 * @throws {RangeError} If there is no graph of the precision.
 */
export async function resolveGraph(ref: ModelRef, options: ModelOptions = {}): Promise<ResolvedGraph | null> {
  const full = typeof ref === "object" && "ref" in ref ? ref : { ref };
  const given = full.ref;
  if (typeof given !== "string" || given.startsWith("hf:")) return null;
  const precision = options.precision ?? full.precision;
  const path = await graphPath(given, full.format, precision);
  if (path === null) return null;
  for (const name of ["edits", "weights", "seed"] as const) {
    if (full[name] === undefined) continue;
    throw new TypeError(
      `Cannot open ${path} with ${name}: a graph made elsewhere runs as it is; pass the model's .safetensors or GGUF`,
    );
  }
  const tokenizerJson = full.tokenizer;
  if (tokenizerJson !== undefined && tokenizerJson !== "bytes") {
    throw new TypeError(`Cannot open ${path} with the tokenizer "${tokenizerJson}": the one in its folder is read`);
  }
  const folder = /[/\\]onnx$/.test(dirname(path)) ? dirname(dirname(path)) : dirname(path);
  const facts = await graphFacts(folder, await namesIn(folder));
  const model = await readModel(path), files = [path, ...await dataFiles(path, model)];
  const layout = graphLayout(model, path, facts.headDim), json = join(folder, "tokenizer.json");
  return {
    resolvedGraph: 1,
    name: basename(given.endsWith(".onnx") ? folder : resolve(given)),
    path,
    layout,
    facts: {
      ...facts,
      contextLength: facts.contextLength ?? unsaid(path, "how long its context is (max_position_embeddings)"),
      vocabSize: layout.vocabSize ?? facts.vocabSize ?? unsaid(path, "how large its vocabulary is (vocab_size)"),
    },
    weights: graphWeights(model),
    options: {
      precision,
      provider: options.provider ?? full.provider,
      threads: options.threads ?? full.threads,
      optimise: options.optimise ?? full.optimise,
    },
    files,
    identity: await filesIdentity(files),
    tokenizer: tokenizerJson === "bytes" || !await isFile(json) ? "bytes" : { json },
    ends: { folder },
  };
}

/** What of the reference's `format` and the files there makes a graph of it. */
async function graphPath(
  given: string,
  format: "onnx" | "safetensors" | undefined,
  precision: ModelOptions["precision"],
): Promise<string | null> {
  if (format === "safetensors") return null;
  if (given.endsWith(".onnx")) {
    if (await isFile(given)) return resolve(given);
    throw new Deno.errors.NotFound(`Cannot open ${given}: there is no such file`);
  }
  if (!/[/\\]/.test(given) || !await isFolder(given)) {
    if (format !== "onnx") return null;
    throw new TypeError(`Cannot open ${given} as ONNX: it is no folder`);
  }
  const folder = resolve(given), names = await namesIn(folder);
  if (!names.some((name) => name.endsWith(".onnx"))) {
    if (format !== "onnx") return null;
    throw new Deno.errors.NotFound(`Cannot open ${folder} as ONNX: it has no .onnx file`);
  }
  if (format === undefined && names.some((name) => name.endsWith(".safetensors"))) return null;
  return await graphFile(folder, names, precision);
}

function unsaid(path: string, what: string): never {
  throw new TypeError(`Cannot open ${path}: no config.json or genai_config.json beside it says ${what}`);
}
