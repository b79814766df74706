/** Version of the onnxruntime-node that is installed. */
import { projectRoot } from "../store/paths.ts";

/** "unknown" where its package.json cannot be read. */
export async function onnxruntimeVersion(): Promise<string> {
  try {
    return JSON.parse(await Deno.readTextFile(`${projectRoot()}/node_modules/onnxruntime-node/package.json`)).version;
  } catch {
    return "unknown";
  }
}
