/** Which of a repository's files make the model that a reference asks for: only these are fetched. */
import type { HubFile } from "../../store/hub/cache.ts";
import { type HubReference, referenceTo } from "../../store/hub/reference.ts";
import { megabytes } from "../../store/hub/size.ts";
import { modelNameOf, shardPaths } from "../gguf/shards.ts";
import { otherForm, weightsAmong } from "../hf/folder_contents.ts";
import type { Precision } from "../model_ref.ts";
import { besideOf, type HubModelFiles, nameIn, refused } from "./model_files.ts";
import { onnxFiles } from "./onnx_layout.ts";

/** Files of llama.cpp that are no language model by themselves. */
const NO_MODEL = /(^|\/)(mmproj|imatrix)[^/]*\.gguf$|\.imatrix\.gguf$/i;
/** Models that an error lists. */
const MOST_LISTED = 24;

/**
 * @param files All of the repository.
 * @param options The form, where there are several, and the precision among ONNX graphs of one model.
 * @throws {RangeError} If there is no model at that place, or several: the message lists them with what to pass.
 */
export function modelFiles(
  source: string,
  reference: HubReference,
  files: HubFile[],
  { precision, format }: { precision?: Precision; format?: "onnx" | "safetensors" } = {},
): HubModelFiles {
  const { path } = reference;
  if (path.endsWith(".gguf")) return ggufFiles(source, reference, files, path);
  if (path.endsWith(".onnx")) return onnxFiles(source, reference, files, { graph: path });
  if (files.some((file) => file.path === path)) {
    const folder = path.split("/").slice(0, -1).join("/");
    throw refused(source, `it is a file; pass the folder that holds it, ${referenceTo(reference, folder)}`);
  }
  const below = path === "" ? files : files.filter((file) => file.path.startsWith(`${path}/`));
  if (!below.length) throw refused(source, `the repository has no such folder or file; ${choices(reference, files)}`);
  const names = namesAt(path, below), onnx = () => onnxFiles(source, reference, files, { folder: path, precision });
  if (format === "onnx") return onnx() ?? fail("it has no ONNX graph there");
  if (names.some((name) => /\.safetensors$/.test(name) && !/^adapter_/.test(name))) {
    if (names.includes("config.json")) return folderFiles(source, path, files, names);
    return fail("it has weights and no config.json there");
  }
  const here = ggufModels(below.filter((file) => !file.path.slice(path.length + 1).includes("/")));
  if (here.length) return onlyGguf(source, reference, files, here);
  const graph = format === "safetensors" ? null : onnx();
  if (graph) return graph;
  const deeper = ggufModels(below);
  if (deeper.length) return onlyGguf(source, reference, files, deeper);
  return fail(otherForm(names, source) ?? "it holds no model");

  function fail(reason: string): never {
    throw refused(source, `${reason}; ${choices(reference, files)}`);
  }
}

/** The shards that an index names, of those that the repository has. */
export function shardsOf(source: string, plan: HubModelFiles, files: HubFile[], map: unknown): HubFile[] {
  const shards = new Set<unknown>(typeof map === "object" && map !== null ? Object.values(map) : []);
  return [...shards].map((name) => {
    const found = files.find((file) => nameIn(plan.open, file.path) === name);
    if (found && /^[^/\\]+\.safetensors$/.test(String(name))) return found;
    throw refused(source, `${plan.index!.path} names the shard ${JSON.stringify(name)}, which the repository has not`);
  });
}

function folderFiles(source: string, folder: string, files: HubFile[], names: string[]): HubModelFiles {
  const name = weightsAmong(names, source);
  const weights = files.find((file) => nameIn(folder, file.path) === name)!, beside = besideOf(folder, files);
  const common = { form: "safetensors", open: folder, beside } as const;
  return name.endsWith(".json") ? { ...common, weights: [], index: weights } : { ...common, weights: [weights] };
}

function ggufFiles(source: string, reference: HubReference, files: HubFile[], path: string): HubModelFiles {
  const weights = shardPaths(path).map((part) => {
    const found = files.find((file) => file.path === part);
    if (found) return found;
    if (part === path) throw refused(source, `the repository has no such file; ${choices(reference, files)}`);
    throw refused(source, `its part ${part} is not in the repository`);
  });
  return { form: "gguf", open: path, beside: [], weights };
}

function onlyGguf(source: string, reference: HubReference, files: HubFile[], found: string[]): HubModelFiles {
  if (found.length === 1) return ggufFiles(source, reference, files, found[0]);
  throw refused(source, `it has ${found.length} GGUF models; ${choices(reference, files)}`);
}

/** A path a model: of a split one, its first file. */
function ggufModels(files: HubFile[]): string[] {
  const paths = files.map((file) => file.path).filter((path) => path.endsWith(".gguf") && !NO_MODEL.test(path));
  return paths.filter((path) => shardPaths(path)[0] === path);
}

/** What could be passed, with sizes. */
function choices(reference: HubReference, files: HubFile[]): string {
  const sizeOf = (paths: string[]) => files.filter((f) => paths.includes(f.path)).reduce((sum, f) => sum + f.bytes, 0);
  const found: [path: string, bytes: number][] = ggufModels(files).map((path) => [path, sizeOf(shardPaths(path))]);
  for (const folder of new Set(files.map((file) => file.path.split("/").slice(0, -1).join("/")))) {
    const inside = files.filter((file) =>
      /^[^/]+\.(safetensors|onnx|onnx[._]data[^/]*)$/.test(nameIn(folder, file.path) ?? "")
    );
    if (inside.length && !/^adapter_/.test(nameIn(folder, inside[0].path)!)) {
      found.push([folder, sizeOf(inside.map((file) => file.path))]);
    }
  }
  if (!found.length) return "it has no model in safetensors, GGUF or ONNX";
  const lines = found.sort(([, a], [, b]) => a - b).slice(0, MOST_LISTED).map(([path, bytes]) =>
    `${referenceTo(reference, path)} (${megabytes(bytes)})`
  );
  const more = found.length > MOST_LISTED ? `, and ${found.length - MOST_LISTED} more` : "";
  return `pass one of ${lines.join(", ")}${more}`;
}

/** Names of files in a folder and, as in a folder on disk, in its folder "onnx". */
function namesAt(folder: string, files: HubFile[]): string[] {
  return files.flatMap((file) => {
    const inside = folder === "" ? file.path : file.path.slice(folder.length + 1);
    return inside.includes("/") && !/^onnx\/[^/]+$/.test(inside) ? [] : [inside];
  }).sort();
}

/** What a model of the hub is called: its repository, or its file. */
export function hubModelName({ repo }: HubReference, { form, open }: HubModelFiles): string {
  return form === "gguf" ? modelNameOf(open.split("/").at(-1)!) : repo.split("/")[1];
}
