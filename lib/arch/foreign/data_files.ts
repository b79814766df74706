/** The files beside an ONNX file that hold its weights: named by the file itself, so looked at before anything reads them. */
import { realpath } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import type { OnnxAttribute, OnnxGraph, OnnxModel, OnnxNode, OnnxTensor } from "../../onnx/onnx_model.ts";

/**
 * Paths of all files of external weights.
 *
 * @throws {Deno.errors.NotFound} If one is not there.
 * @throws {SyntaxError} If one lies elsewhere than in the model's folder, by way of a symbolic link.
 */
export async function dataFiles(path: string, model: OnnxModel): Promise<string[]> {
  const locations = new Set<string>();
  for (const tensor of tensorsOf(model)) if (tensor.external) locations.add(tensor.external.location);
  // In the hub's cache a folder is all links into another one, the model's file among them.
  const folders = [await realpath(dirname(path)), dirname(await realpath(path))];
  const files: string[] = [];
  for (const location of locations) {
    const file = join(dirname(path), location);
    const real = await realpath(file).catch(() => {
      throw new Deno.errors.NotFound(`Cannot open ${path}: its weights are in ${location}, and there is no such file`);
    });
    if (!folders.some((folder) => real.startsWith(folder + sep))) {
      throw new SyntaxError(
        `Cannot open ${path}: ${location}, which its weights are in, is a link to ${real}, out of the model's folder; ` +
          "put the file itself there",
      );
    }
    files.push(file);
  }
  return files;
}

/** Every tensor of a model, those in subgraphs and functions too. */
export function* tensorsOf({ graph, functions }: OnnxModel): Generator<OnnxTensor> {
  yield* inGraph(graph);
  for (const { nodes, defaults } of functions.values()) {
    yield* inNodes(nodes);
    yield* inAttributes(defaults);
  }
}

function* inGraph({ initializers, nodes }: OnnxGraph): Generator<OnnxTensor> {
  yield* initializers.values();
  yield* inNodes(nodes);
}

function* inNodes(nodes: OnnxNode[]): Generator<OnnxTensor> {
  for (const { attributes } of nodes) yield* inAttributes(attributes);
}

function* inAttributes(attributes: Map<string, OnnxAttribute>): Generator<OnnxTensor> {
  for (const value of attributes.values()) {
    if (typeof value !== "object" || Array.isArray(value)) continue;
    if ("nodes" in value) yield* inGraph(value);
    else if ("external" in value) yield value;
  }
}
