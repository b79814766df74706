/** What a graph is counted from: a file, its bytes, or a model that was read before. */
import { type Check, shown } from "../check/check.ts";
import type { Rule } from "../check/rules.ts";
import type { OnnxModel } from "../onnx/onnx_model.ts";

const FILE = "a path or the bytes of a file";

function isFile(check: Check, at: string, value: unknown): value is string | Uint8Array {
  if (value === "") check.fail(`${at} must not be empty`);
  return typeof value === "string" || value instanceof Uint8Array;
}

export const GRAPH_FILE: Rule<string | Uint8Array> = (check, at, value) => {
  if (!isFile(check, at, value)) check.wrong(`${at} must be ${FILE}, got ${shown(value)}`);
};

export const GRAPH_SOURCE: Rule<string | Uint8Array | OnnxModel> = (check, at, value) => {
  if (isFile(check, at, value) || (typeof value === "object" && value !== null && "graph" in value)) return;
  check.wrong(`${at} must be ${FILE}, or a model that was read, got ${shown(value)}`);
};
