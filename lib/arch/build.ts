/**
 * Built models on disk: one folder for a weights source and a precision, with the packed weights and, for every edit
 * of the architecture, its graphs. Edits that keep the weights share them: a window or fewer layers cost kilobytes.
 * Everything is written beside and renamed, so a folder that exists is whole.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { progress } from "../progress.ts";
import { besidePath } from "../store/beside.ts";
import { cacheDir } from "../store/paths.ts";
import { writeWhole } from "../store/whole_file.ts";
import { batchGraph } from "./batch_graph.ts";
import { generateGraph } from "./generate_graph.ts";
import type { GraphWeights } from "./decoder.ts";
import { Packer } from "./packer.ts";
import { type PackedWeights, packWeights } from "./packed_weights.ts";
import { packRopeTables, ropeChoices, type RopeTable } from "./rope_tables.ts";
import { scoreGraph } from "./score_graph.ts";
import type { Precision } from "./model_ref.ts";
import type { ArchSpec } from "./spec.ts";
import type { WeightSource } from "./weight_source.ts";

/** Part of every cache key: raise it when the packing of weights changes. */
export const BUILD_VERSION = 5;
/** Part of a graph's key: raise it when a graph changes. */
export const GRAPH_VERSION = 9;
const WEIGHTS_FILE = "weights.bin";
const ROPE_FILE = "rope.bin";

export type GraphKind = "generate" | "score" | "batch";
const GRAPHS: Record<GraphKind, (spec: ArchSpec, data: GraphWeights) => { model(): Uint8Array<ArrayBuffer> }> = {
  generate: generateGraph,
  score: scoreGraph,
  batch: batchGraph,
};

/** A short, stable name for any JSON value. */
export function cacheKey(value: unknown): string {
  return createHash("sha256").update(JSON.stringify([BUILD_VERSION, value])).digest("hex").slice(0, 20);
}

export interface BuiltModel {
  folder: string;
  weights: PackedWeights;
  /** Path of a graph, built when it is not there yet. */
  graph(kind: GraphKind): Promise<string>;
}

/**
 * The built model of a spec, from the cache where it is there.
 *
 * @param base The spec that the weights belong to.
 * @param spec The spec to run: `base` after its edits.
 * @param identity What tells this weights source from every other.
 */
export async function buildOnDisk(
  base: ArchSpec,
  spec: ArchSpec,
  identity: string,
  precision: Precision,
  source: () => Promise<WeightSource>,
): Promise<BuiltModel> {
  const folder = cacheDir("models", cacheKey([identity, precision]));
  if (!await exists(folder)) {
    await writeFolder(folder, async (dir) => {
      const bar = progress(`building ${base.name} ${precision}`, base.layers.length);
      using file = await Deno.create(join(dir, WEIGHTS_FILE));
      const sink = async (bytes: Uint8Array) => {
        for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
      };
      const packed = await packWeights(
        base,
        await source(),
        precision,
        WEIGHTS_FILE,
        sink,
        (layer) => bar.update(layer + 1),
      );
      bar.finish();
      await Deno.writeTextFile(join(dir, "weights.json"), JSON.stringify(packed));
    });
  }
  const weights = layersOf(base, spec, JSON.parse(await Deno.readTextFile(join(folder, "weights.json"))));
  const key = cacheKey([GRAPH_VERSION, spec]);
  return {
    folder,
    weights,
    async graph(kind) {
      const path = join(folder, `${kind}_${key}.onnx`);
      if (!await exists(path)) {
        const rope = await ropeOnDisk(spec, folder);
        await writeWhole(path, GRAPHS[kind](spec, { weights, rope }).model());
      }
      return path;
    },
  };
}

/** The tables of a spec's rotary positions, in a file that all specs with these positions share. */
async function ropeOnDisk(spec: ArchSpec, folder: string): Promise<RopeTable[]> {
  const location = `rope_${cacheKey([ropeChoices(spec), spec.contextLength])}.bin`;
  const { tables, data } = await ropeInMemory(spec, location);
  if (!await exists(join(folder, location))) await writeWhole(join(folder, location), data);
  return tables;
}

async function ropeInMemory(spec: ArchSpec, location: string): Promise<{ tables: RopeTable[]; data: Bytes }> {
  const chunks: Uint8Array[] = [];
  const packer = new Packer("fp32", location, (bytes) => void chunks.push(bytes));
  return { tables: await packRopeTables(spec, packer), data: joined(chunks, packer.bytes) };
}

/** A model that needs no file, for random weights: its graphs as bytes, and the weights that they read. */
export async function buildInMemory(base: ArchSpec, spec: ArchSpec, precision: Precision, source: WeightSource) {
  const chunks: Uint8Array[] = [];
  const packed = await packWeights(base, source, precision, WEIGHTS_FILE, (bytes) => void chunks.push(bytes));
  const rope = await ropeInMemory(spec, ROPE_FILE);
  const weights = layersOf(base, spec, packed);
  return {
    weights,
    graph: (kind: GraphKind) => GRAPHS[kind](spec, { weights, rope: rope.tables }).model(),
    externalData: [
      { path: WEIGHTS_FILE, data: joined(chunks, packed.bytes) },
      ...(rope.tables.length ? [{ path: ROPE_FILE, data: rope.data }] : []),
    ],
  };
}

type Bytes = Uint8Array<ArrayBuffer>;

function joined(chunks: Uint8Array[], bytes: number): Bytes {
  const data = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) data.set(chunk, at), at += chunk.length;
  return data;
}

/** The packed weights of an edited spec's layers. */
function layersOf(base: ArchSpec, spec: ArchSpec, packed: PackedWeights): PackedWeights {
  const stored = base.layers.map((layer, i) => layer.weightsLayer ?? i);
  return { ...packed, layers: spec.layers.map((layer, i) => packed.layers[stored.indexOf(layer.weightsLayer ?? i)]) };
}

async function writeFolder(folder: string, fill: (dir: string) => Promise<void>): Promise<void> {
  const beside = await besidePath(folder);
  await Deno.mkdir(beside, { recursive: true });
  try {
    await fill(beside);
    // Another process may have built the same model meanwhile: its folder is as good.
    if (!await exists(folder)) await Deno.rename(beside, folder);
  } finally {
    if (await exists(beside)) await Deno.remove(beside, { recursive: true });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
