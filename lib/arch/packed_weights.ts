/** All weights of a spec, packed: embedding, layers, final norm, head. */
import { layerBlocks } from "./blocks/layer.ts";
import type { PackedPart } from "./blocks/block.ts";
import { type PackedNorm, packNorm } from "./blocks/norm.ts";
import { type PackedLinear, type PackedTensor, Packer, type WeightSink } from "./packer.ts";
import { dequantise, isQuantised, type Matrix } from "./quant_blocks.ts";
import type { Precision } from "./model_ref.ts";
import type { ArchSpec } from "./spec.ts";
import { readLayer, readModel, type WeightSource } from "./weight_source.ts";

export type PackedEmbedding =
  | { form: "dense"; table: PackedTensor }
  | { form: "blocks"; bits: 4 | 8; blockSize: number; q: PackedTensor; scales: PackedTensor };

export interface PackedLayer {
  /** By name: those that the layer's placement has. */
  norms: Record<string, PackedNorm>;
  mixer: PackedPart;
  channel: PackedPart;
}

export interface PackedWeights {
  location: string;
  embedding: PackedEmbedding;
  embeddingNorm: PackedNorm | null;
  /** Learned positions, [contextLength][hiddenSize]. */
  positions: PackedTensor | null;
  layers: PackedLayer[];
  finalNorm: PackedNorm;
  head: PackedLinear;
  headBias: PackedTensor | null;
  /** Bytes of the file. */
  bytes: number;
}

/**
 * Pack the weights of a spec.
 *
 * @param onLayer Called after every layer.
 * @throws {SyntaxError} If a matrix of the source has another shape than the spec says, or numbers that are not finite.
 */
export async function packWeights(
  spec: ArchSpec,
  source: WeightSource,
  precision: Precision,
  location: string,
  sink: WeightSink,
  onLayer: (layer: number) => void = () => {},
): Promise<PackedWeights> {
  const packer = new Packer(precision, location, sink);
  const read = readModel(spec, source);
  const { embedding, tiedHead } = await packEmbedding(packer, packer.toPrecision(await read("embedding")), spec);
  const embeddingNorm = spec.embeddingNorm ? await packNorm(spec.norm, "embeddingNorm", read, packer) : null;
  const positions = spec.position.kind === "learned"
    ? await packer.tensor(
      "position_table",
      "float32",
      [spec.contextLength, spec.hiddenSize],
      dequantise(await read("positions")),
    )
    : null;
  const layers: PackedLayer[] = [];
  for (const [i, layer] of spec.layers.entries()) {
    const { norms, mixer, channel } = layerBlocks(spec, layer);
    const readOne = readLayer(spec, source, i), within = packer.within(`layers.${i}.`);
    const packedNorms: Record<string, PackedNorm> = {};
    for (const name of norms) packedNorms[name] = await packNorm(spec.norm, name, readOne, within);
    layers.push({
      norms: packedNorms,
      mixer: await mixer.pack(readOne, within),
      channel: await channel.pack(readOne, within),
    });
    onLayer(i);
  }
  const finalNorm = await packNorm(spec.norm, "finalNorm", read, packer);
  const head = tiedHead ?? await packer.linear("head", await read("head"));
  const headBias = spec.headBias ? await packer.vector("headBias", await read("headBias")) : null;
  return { location, embedding, embeddingNorm, positions, layers, finalNorm, head, headBias, bytes: packer.bytes };
}

/** Bytes of the tensors that these weights name, each counted once (a tied head is the embedding). */
export function packedBytes(weights: PackedWeights): number {
  const lengths = new Map<number, number>();
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const { offset, length, dims } = value as Partial<PackedTensor>;
    if (dims && offset !== undefined && length !== undefined) lengths.set(offset, length);
    else Object.values(value).forEach(visit);
  };
  visit(weights);
  return [...lengths.values()].reduce((a, b) => a + b, 0);
}

/** The table, and the head that shares its bytes where the model is tied. */
async function packEmbedding(
  packer: Packer,
  table: Matrix,
  spec: ArchSpec,
): Promise<{ embedding: PackedEmbedding; tiedHead: PackedLinear | null }> {
  const dims = [spec.vocabSize, spec.hiddenSize];
  if (!isQuantised(table)) {
    const tensor = await packer.tensor("embedding", "float32", dims, table.values);
    return {
      embedding: { form: "dense", table: tensor },
      tiedHead: spec.tiedHead ? { form: "transposed", weight: tensor } : null,
    };
  }
  // GatherBlockQuantized knows no minima: such a table is looked up in fp32.
  if (table.mins) {
    const tensor = await packer.tensor("embedding", "float32", dims, dequantise(table));
    const tiedHead = spec.tiedHead ? await packer.blocks("head", table) : null;
    return { embedding: { form: "dense", table: tensor }, tiedHead };
  }
  const blocks = await packer.blocks("embedding", table);
  const { bits, blockSize, q, scales } = blocks;
  const rowBytes = spec.hiddenSize * bits / 8;
  return {
    embedding: {
      form: "blocks",
      bits,
      blockSize,
      // The same bytes under the shape that the lookup wants.
      q: { ...q, name: "embedding.rows", dims: [spec.vocabSize, rowBytes] },
      scales: { ...scales, name: "embedding.rows.scales", dims: [spec.vocabSize, spec.hiddenSize / blockSize] },
    },
    tiedHead: spec.tiedHead ? blocks : null,
  };
}
