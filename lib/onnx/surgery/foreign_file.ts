/** A graph that was made elsewhere, opened to be changed: its weights stay in the files that they are in. */
import { readFile, realpath } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { create, fromBinary } from "@bufbuild/protobuf";
import {
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation as DataLocation,
} from "onnx-buf";

export interface ForeignFile {
  path: string;
  /** May be changed. The weights' locations are relative to `folder`. */
  model: ModelProto & { graph: GraphProto };
  /** The real folder below which all weights lie. */
  folder: string;
}

/** Smaller tensors stay in the graph: onnxruntime looks there for shapes, axes and what its fusions need. */
const SMALL_BYTES = 65_536;

/**
 * Open a file that `readModel` has accepted: offsets and locations in it are known to be good.
 *
 * Weights inside the file itself become external ones in that very file, so a changed graph is as small as its nodes, and
 * nothing is copied.
 */
export async function openForSurgery(path: string): Promise<ForeignFile> {
  const bytes = await readFile(path), model = fromBinary(ModelProtoSchema, bytes) as ForeignFile["model"];
  const places = new Map<string, string>();
  const real = async (location: string) => {
    if (!places.has(location)) places.set(location, await realpath(join(dirname(path), location)));
  };
  const own = await realpath(path), inside: TensorProto[] = [], outside: TensorProto[] = [];
  for (const tensor of tensorsOf(model.graph)) {
    if (tensor.dataLocation === DataLocation.EXTERNAL) {
      outside.push(tensor);
      await real(locationOf(tensor).value);
    } else if (tensor.rawData.length > SMALL_BYTES) inside.push(tensor);
  }
  const folder = commonFolder([own, ...places.values()]);
  for (const tensor of outside) {
    const location = locationOf(tensor);
    location.value = relative(folder, places.get(location.value)!);
  }
  for (const tensor of inside) pointInto(tensor, relative(folder, own), bytes);
  return { path, model, folder };
}

/** Initialisers of a graph and of those inside of it. */
function* tensorsOf(graph: GraphProto): Generator<TensorProto> {
  yield* graph.initializer;
  for (const { attribute } of graph.node) for (const { g } of attribute) if (g) yield* tensorsOf(g);
}

function locationOf({ externalData }: TensorProto) {
  return externalData.find(({ key }) => key === "location")!;
}

function pointInto(tensor: TensorProto, location: string, file: Uint8Array): void {
  const { rawData } = tensor,
    entry = (key: string, value: string | number) =>
      create(StringStringEntryProtoSchema, { key, value: String(value) });
  tensor.externalData = [
    entry("location", location),
    entry("offset", rawData.byteOffset - file.byteOffset),
    entry("length", rawData.length),
  ];
  tensor.dataLocation = DataLocation.EXTERNAL;
  tensor.rawData = new Uint8Array();
}

function commonFolder(files: string[]): string {
  const folders = files.map((file) => dirname(file).split(sep));
  const shared = folders[0].findIndex((part, at) => folders.some((parts) => parts[at] !== part));
  return (shared < 0 ? folders[0] : folders[0].slice(0, shared)).join(sep) || sep;
}
