/** Which of a folder's ONNX files is the model. */
import { dirname, join, normalize } from "node:path";
import { readJsonObject } from "../json_file.ts";
import { isFile } from "../origin.ts";
import type { Precision } from "../model_ref.ts";
import { usualGraph } from "./graph_names.ts";

/** Files that a download leaves behind which did not come to its end. */
const HALF = /\.(part|partial|incomplete|crdownload|download|tmp|aria2)$/;

/**
 * The graph of a folder.
 *
 * @param names Of the files in the folder, those in its folder "onnx" with that in front.
 * @param precision That was asked for; undefined takes what there is.
 * @throws {TypeError} If there are several and none is usually the model; {RangeError} if none has the precision.
 */
export async function graphFile(folder: string, names: string[], precision?: Precision): Promise<string> {
  if (names.includes("genai_config.json")) return join(folder, await genaiFile(folder));
  const graphs = names.filter((name) => name.endsWith(".onnx"));
  for (const place of [".", "onnx"]) {
    const inside = graphs.filter((name) => dirname(name) === place).map((name) => name.split("/").at(-1)!);
    const found = usualGraph(inside, precision);
    if (found) return join(folder, place, found);
  }
  // What an only graph holds is known when it has been read.
  if (graphs.length === 1) return join(folder, graphs[0]);
  const listed = `it has several graphs (${graphs.join(", ")})`,
    pass = `pass the file itself, e.g. "${join(folder, graphs[0])}"`;
  if (precision !== undefined && precision !== "stored") {
    throw new RangeError(
      `Cannot open ${folder} in ${precision}: ${listed}, and none is called after it; leave the precision out, or ${pass}`,
    );
  }
  throw new TypeError(`Cannot open ${folder}: ${listed}, and none is called model.onnx; ${pass}`);
}

/** The downloads in a folder that did not come to their end, as an error names them; "" where there are none. */
export function halfDownloads(names: string[]): string {
  const half = names.filter((name) => HALF.test(name));
  return half.length ? ` (${half.join(", ")}: a download that did not end; fetch it again)` : "";
}

/** The file that genai_config.json names, which may come from anywhere. */
async function genaiFile(folder: string): Promise<string> {
  const path = join(folder, "genai_config.json"), config = await readJsonObject(path);
  const name = (config.model as { decoder?: { filename?: unknown } } | null)?.decoder?.filename;
  if (typeof name !== "string" || !name.endsWith(".onnx") || /^([/\\]|\.\.|[A-Za-z]:)/.test(normalize(name))) {
    throw new SyntaxError(
      `Cannot open ${path}: model.decoder.filename is ${JSON.stringify(name)}, not an .onnx file inside the folder`,
    );
  }
  if (await isFile(join(folder, name))) return name;
  throw new Deno.errors.NotFound(
    `Cannot open ${path}: it says that its graph is in ${name}, and there is no such file`,
  );
}
