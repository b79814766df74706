/** ONNX graphs of a repository: transformers.js's and optimum's names, and the builder's of onnxruntime-genai. */
import type { HubFile } from "../../store/hub/cache.ts";
import { type HubReference, referenceTo } from "../../store/hub/reference.ts";
import { megabytes } from "../../store/hub/size.ts";
import { unmergedPair, usualGraph } from "../foreign/graph_names.ts";
import type { Precision } from "../model_ref.ts";
import { besideOf, type HubModelFiles, refused } from "./model_files.ts";

export interface OnnxQuestion {
  /** The graph itself. */
  graph?: string;
  /** Or a folder that holds one, directly or in its folder "onnx". */
  folder?: string;
  precision?: Precision;
}

/**
 * @returns Null where there is no graph.
 * @throws {RangeError} If the graph that is asked for is not there, or several could be meant.
 */
export function onnxFiles(
  source: string,
  reference: HubReference,
  files: HubFile[],
  question: OnnxQuestion & { graph: string },
): HubModelFiles;
export function onnxFiles(
  source: string,
  reference: HubReference,
  files: HubFile[],
  question: OnnxQuestion,
): HubModelFiles | null;
export function onnxFiles(
  source: string,
  reference: HubReference,
  files: HubFile[],
  { graph, folder = "", precision }: OnnxQuestion,
): HubModelFiles | null {
  const graphs = files.filter((file) => file.path.endsWith(".onnx"));
  const listed = (of: HubFile[]) =>
    of.map((file) => `${referenceTo(reference, file.path)} (${megabytes(sizeOf(dataOf(file, files)))})`).join(", ");
  if (graph !== undefined) {
    const found = graphs.find((file) => file.path === graph);
    if (found) return planOf(found, found.path);
    throw refused(
      source,
      `the repository has no such file; ${graphs.length ? `pass one of ${listed(graphs)}` : "it has no ONNX graph"}`,
    );
  }
  const places = [folder, folder === "" ? "onnx" : `${folder}/onnx`];
  const inside = places.map((place) => graphs.filter((file) => folderOf(file.path) === place)).find((g) => g.length);
  if (!inside) return null;
  const chosen = choose(inside, precision);
  if (chosen) return planOf(chosen, folder);
  throw refused(
    source,
    `it has several graphs${precision ? `, and none is called after ${precision}` : ""}; pass one of ${listed(inside)}`,
  );

  /** @param open The graph where it was asked for, else its folder. */
  function planOf(file: HubFile, open: string): HubModelFiles {
    const at = folderOf(file.path), configs = at.replace(/(^|\/)onnx$/, "");
    const also = [...new Set([...besideOf(at, files), ...besideOf(configs, files)])];
    return { form: "onnx", open, beside: also, weights: withPast(file).flatMap((f) => dataOf(f, files)) };
  }

  /** A decoder without a cache comes with one that has it. */
  function withPast(file: HubFile): HubFile[] {
    const pair = unmergedPair(nameOf(file.path)), at = folderOf(file.path);
    const both = pair && files.filter((f) => folderOf(f.path) === at && Object.values(pair).includes(nameOf(f.path)));
    return both ?? [file];
  }
}

/** A graph and the files of its weights: `NAME.onnx_data`, `NAME.onnx_data_1`, `NAME.onnx.data`. */
function dataOf(graph: HubFile, files: HubFile[]): HubFile[] {
  const isData = (path: string) =>
    path.startsWith(graph.path) && /^[._]data([._-]?\d+)?$/.test(path.slice(graph.path.length));
  return [graph, ...files.filter((file) => isData(file.path))];
}

/** The one of the precision; without one, the plain graph, or the only one. */
function choose(graphs: HubFile[], precision?: Precision): HubFile | undefined {
  const found = usualGraph(graphs.map((graph) => nameOf(graph.path)), precision ?? "fp32");
  return found === null ? graphs.length === 1 ? graphs[0] : undefined : graphs.find((g) => nameOf(g.path) === found);
}

function sizeOf(files: HubFile[]): number {
  return files.reduce((sum, file) => sum + file.bytes, 0);
}

function folderOf(path: string): string {
  return path.split("/").slice(0, -1).join("/");
}

function nameOf(path: string): string {
  return path.split("/").at(-1)!;
}
