/** What else a folder holds of the model that ran, so that a result says which of them it is of. */
import { basename, dirname, join } from "node:path";
import { unmergedPair } from "./graph_names.ts";

/**
 * The other forms of a model, in sentences.
 *
 * @param ran The file that runs.
 * @param names Of the files in the folder, those in its folder "onnx" with that in front.
 */
export function otherForms(folder: string, ran: string, names: string[]): string[] {
  const graphs = names.filter((name) => name.endsWith(".onnx") && !isPartOf(join(folder, name), ran));
  const weights = names.filter((name) => name.endsWith(".safetensors") && join(folder, name) !== ran);
  const notes: string[] = [];
  if (graphs.length) {
    const how = ran.endsWith(".onnx") ? "by `precision` or their paths" : 'by format: "onnx"';
    notes.push(`${basename(ran)} ran, and its folder holds ${graphs.join(", ")} too, which open ${how}`);
  }
  if (weights.length && ran.endsWith(".onnx")) {
    notes.push(`${basename(ran)} ran, and its folder holds ${weights[0]} too, which opens by format: "safetensors"`);
  }
  return notes;
}

/** Whether a file is the graph that ran, or the other of its pair. */
function isPartOf(path: string, ran: string): boolean {
  const pair = unmergedPair(basename(ran));
  return path === ran ||
    (pair !== null && dirname(path) === dirname(ran) && Object.values(pair).includes(basename(path)));
}
