/** The files beside an ONNX file that hold its weights: named by the file itself, so looked at before anything reads them. */
import { realpath, stat } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import type { OnnxModel } from "../../onnx/onnx_model.ts";
import { tensorsOf } from "./walk.ts";

/**
 * Paths of all files of external weights.
 *
 * @param half What is said of downloads in the folder that did not come to their end.
 * @throws {Deno.errors.NotFound} If one is not there.
 * @throws {SyntaxError} If one lies elsewhere than in the model's folder, by way of a symbolic link, or is too short.
 */
export async function dataFiles(path: string, model: OnnxModel, half = ""): Promise<string[]> {
  /** By file, the tensor that ends last. */
  const last = new Map<string, { name: string; end: number }>();
  for (const { name, external } of tensorsOf(model)) {
    const end = external ? external.offset + external.length : 0;
    if (external && end >= (last.get(external.location)?.end ?? 0)) last.set(external.location, { name, end });
  }
  // In the hub's cache a folder is all links into another one, the model's file among them.
  const folders = [await realpath(dirname(path)), dirname(await realpath(path))];
  const files: string[] = [];
  for (const [location, { name, end }] of last) {
    const file = join(dirname(path), location);
    const real = await realpath(file).catch(() => {
      throw new Deno.errors.NotFound(
        `Cannot open ${path}: its weights are in ${location}, and there is no such file${half}`,
      );
    });
    if (!folders.some((folder) => real.startsWith(folder + sep))) {
      throw new SyntaxError(
        `Cannot open ${path}: ${location}, which its weights are in, is a link to ${real}, out of the model's folder; ` +
          "put the file itself there",
      );
    }
    const { size } = await stat(real);
    if (size < end) {
      throw new SyntaxError(
        `Cannot open ${path}: tensor "${name}" ends at byte ${end} of ${location}, which has ${size}; the file did not ` +
          "come whole: fetch it again",
      );
    }
    files.push(file);
  }
  return files;
}
