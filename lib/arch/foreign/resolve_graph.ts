/** From a reference to the graph that it stands for, where another program made it. */
import { basename, dirname, join, resolve } from "node:path";
import { readModel } from "../../onnx/read_model.ts";
import { filesIdentity, fileSize, readRange } from "../file_range.ts";
import { namesIn } from "../hf/folder_contents.ts";
import { type HubGraph, hubGraph } from "../hub/origin.ts";
import { isFile, isFolder } from "../origin.ts";
import type { ModelOptions, ModelRef, Precision } from "../model_ref.ts";
import { dataFiles } from "./data_files.ts";
import { graphFacts } from "./facts.ts";
import { graphFile, halfDownloads } from "./graph_file.ts";
import { precisionIn, unmergedPair } from "./graph_names.ts";
import { graphLayout } from "./layout.ts";
import { otherForms } from "./other_forms.ts";
import type { ResolvedGraph } from "./resolved_graph.ts";
import { countedOnce } from "./twice_stored.ts";
import { locationsOf } from "./walk.ts";
import { type GraphWeights, graphWeights } from "./weights.ts";

type Format = "onnx" | "safetensors";

/**
 * The graph of a reference that is to run as it is: an .onnx file, a folder or a repository of the hub that holds ONNX and
 * no .safetensors, or one that holds both where `format` says so; null for every other reference.
 *
 * @throws {TypeError} If the graph is no text decoder, or the reference has edits or weights, which go into no graph.
 * @throws {SyntaxError} If a file is damaged, or names others outside its folder.
 * @throws {RangeError} If there is no graph of the precision.
 * @throws {HubError} If it is on the hub and cannot be fetched.
 */
export async function resolveGraph(ref: ModelRef, options: ModelOptions = {}): Promise<ResolvedGraph | null> {
  const full = typeof ref === "object" && "ref" in ref ? ref : { ref };
  const given = full.ref, { format, tokenizer: asked } = full;
  if (typeof given !== "string" || format === "safetensors") return null;
  const precision = options.precision ?? full.precision;
  const hub = given.startsWith("hf:") ? await hubGraph(given, { precision, format }) : null;
  const named = hub?.path ?? (given.startsWith("hf:") ? null : await graphPath(given, format, precision));
  if (named === null) return null;
  for (const name of ["edits", "weights", "seed"] as const) {
    if (full[name] === undefined) continue;
    throw new TypeError(
      `Cannot open ${named} with ${name}: a graph made elsewhere runs as it is; pass the model's .safetensors or GGUF`,
    );
  }
  if (asked !== undefined && asked !== "bytes") {
    throw new TypeError(`Cannot open ${named} with the tokenizer "${asked}": the one in its folder is read`);
  }
  const isOwn = !hub && !given.endsWith(".onnx") && basename(resolve(given)) !== "onnx";
  const folder = isOwn ? resolve(given) : await folderOf(named),
    names = await namesIn(folder),
    said = await graphFacts(folder, names);
  const { path, first: before } = await bothOf(named);
  const { model, files, layout } = await readGraph(path, hub, names, said);
  const first = before === null ? null : await readGraph(before, hub, names, said);
  if (first) requireSameCaches(before!, first.model.graph.outputs.map((o) => o.name), layout.caches);
  const { facts } = said, json = join(folder, "tokenizer.json"), all = [...files, ...first?.files ?? []];
  const weights = graphWeights(model), others = hub ? [] : otherForms(folder, named, names);
  requirePrecision(named, weights, precision);
  return {
    resolvedGraph: 1,
    name: hub?.name ?? basename(given.endsWith(".onnx") ? folder : resolve(given)),
    path,
    layout: first ? { ...layout, sharesBuffers: false } : layout, // what the first gives has room for nothing more
    ...(first ? { first: { path: before!, layout: first.layout } } : {}),
    facts: {
      ...facts,
      contextLength: facts.contextLength ?? unsaid(path, "how long its context is (max_position_embeddings)"),
      vocabSize: layout.vocabSize ?? facts.vocabSize ?? unsaid(path, "how large its vocabulary is (vocab_size)"),
    },
    weights: await countedOnce(weights, path, model, files),
    options: {
      precision,
      provider: options.provider ?? full.provider,
      threads: options.threads ?? full.threads,
      optimise: options.optimise ?? full.optimise,
    },
    ...(others.length ? { notes: others } : {}),
    ...(hub ? { hub: hub.hub } : {}),
    files: all,
    identity: await filesIdentity(all),
    tokenizer: asked === "bytes" || !await isFile(json) ? "bytes" : { json },
    tokenizerNamed: asked === "bytes" || await isFile(json),
    ends: { folder },
  };
}

/** Where configurations and tokenizer lie: beside the graph, or above its folder "onnx". */
async function folderOf(path: string): Promise<string> {
  const here = dirname(path);
  if (basename(here) !== "onnx" || await isFile(join(here, "config.json"))) return here;
  return dirname(here);
}

/** What of the reference's `format` and the files there makes a graph of it. */
async function graphPath(
  given: string,
  format: Format | undefined,
  precision: Precision | undefined,
): Promise<string | null> {
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
    throw new Deno.errors.NotFound(
      `Cannot open ${folder} as ONNX: it has no .onnx file${halfDownloads(names)}; pass a folder that has one`,
    );
  }
  if (format === undefined && names.some((name) => name.endsWith(".safetensors"))) return null;
  return await graphFile(folder, names, precision);
}

/** The graph that goes on from caches, and the one that reads prompts where the model has two. */
async function bothOf(path: string): Promise<{ path: string; first: string | null }> {
  const pair = unmergedPair(basename(path)), first = join(dirname(path), pair?.first ?? "");
  const withPast = join(dirname(path), pair?.withPast ?? "");
  return pair && await isFile(first) && await isFile(withPast) ? { path: withPast, first } : { path, first: null };
}

async function readGraph(
  path: string,
  hub: HubGraph | null,
  names: string[],
  said: Awaited<ReturnType<typeof graphFacts>>,
) {
  await refusePointer(path);
  const model = await readModel(path);
  await hub?.fetchData(locationsOf(model));
  const data = await dataFiles(path, model, halfDownloads(names));
  return { model, files: [path, ...data], layout: graphLayout(model, path, said.names, said.facts) };
}

/** What a repository holds in place of a large file that was not fetched. */
async function refusePointer(path: string): Promise<void> {
  const start = "version https://git-lfs", size = await fileSize(path);
  if (size > 1024 || !new TextDecoder().decode(await readRange(path, 0, size)).startsWith(start)) return;
  throw new SyntaxError(`Cannot open ${path}: it is a pointer of Git LFS, not the file; get that by "git lfs pull"`);
}

function requireSameCaches(path: string, outputs: string[], caches: { past: string; present: string }[]): void {
  const missing = caches.find(({ present }) => !outputs.includes(present));
  if (!missing) return;
  throw new TypeError(
    `Cannot open ${path}: it has no output "${missing.present}", which decoder_with_past_model goes on from`,
  );
}

function requirePrecision(path: string, { type }: GraphWeights, precision: Precision | undefined): void {
  if (precision === undefined || precision === "stored" || precision === type) return;
  if (precisionIn(basename(path)) === precision) return;
  throw new RangeError(
    `Cannot open ${path} in ${precision}: a graph made elsewhere runs as it is, and its weights are ${type}; leave the ` +
      `precision out, or pass a folder that has a graph in ${precision}`,
  );
}

function unsaid(path: string, what: string): never {
  throw new TypeError(
    `Cannot open ${path}: no config.json or genai_config.json beside it says ${what}; write it into one there`,
  );
}
