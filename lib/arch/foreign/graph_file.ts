/** Which of a folder's ONNX files is the model. */
import { join, normalize } from "node:path";
import { readJsonObject } from "../json_file.ts";
import type { Precision } from "../spec.ts";

/** Ends of file names, by what transformers.js calls the form of the weights. */
const SUFFIXES: Partial<Record<Precision, string[]>> = {
  fp32: [""],
  fp16: ["_fp16"],
  int8: ["_int8", "_quantized"],
  int4: ["_q4"],
};
const STEMS = ["model", "decoder_model_merged", "decoder_with_past_model", "decoder_model"];

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
  const wanted = precision === undefined || precision === "stored"
    ? Object.values(SUFFIXES).flat()
    : SUFFIXES[precision];
  const usual = STEMS.flatMap((stem) => (wanted ?? []).flatMap((s) => [`${stem}${s}.onnx`, `onnx/${stem}${s}.onnx`]));
  const found = usual.find((name) => graphs.includes(name));
  if (found) return join(folder, found);
  if (precision !== undefined && precision !== "stored") {
    throw new RangeError(
      `Cannot open ${folder} in ${precision}: no file of it is called so; it has ${graphs.join(", ")}; leave the ` +
        "precision out, or pass one of these files",
    );
  }
  if (graphs.length === 1) return join(folder, graphs[0]);
  throw new TypeError(
    `Cannot open ${folder}: it has several graphs (${
      graphs.join(", ")
    }), and none is called model.onnx; pass the file ` +
      `itself, e.g. "${join(folder, graphs[0])}"`,
  );
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
  return name;
}
