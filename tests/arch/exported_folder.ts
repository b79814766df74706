/** A folder as exporters write it, of a small model: a graph made elsewhere to whoever opens it. */
import { join } from "node:path";
import type { ModelRef } from "../../lib/arch/model_ref.ts";
import { exportModel } from "../../lib/model/export.ts";
import { tinySpec } from "../model/tiny_spec.ts";
import { inTempFolder } from "./temp_folder.ts";

export const OWN: ModelRef = { ref: tinySpec(), seed: 3 };

/** @param use Gets the folder, and the path of its graph; both are removed afterwards. */
export async function withExported(use: (folder: string, graph: string) => Promise<void>): Promise<void> {
  await inTempFolder(async (folder) => {
    await exportModel(OWN, folder);
    await use(folder, join(folder, "onnx", "model.onnx"));
  });
}
