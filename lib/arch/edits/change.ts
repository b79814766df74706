/** What every edit is: a change of an architecture, and of its weights where it needs others. */
import type { BlockForm, Matrix } from "../quant_blocks.ts";
import type { ArchSpec, LayerSpec } from "../spec.ts";
import type { WeightSource } from "../weight_source.ts";

export interface Change {
  /** The architecture after it; throws where the edit does not fit. */
  spec(spec: ArchSpec): ArchSpec;
  /** The weights after it, from those of the architecture `before` it. Absent: the same ones. */
  weights?: WeightChange;
  /** The ids that a cut of the vocabulary keeps, of those before it, in their new order. */
  vocabulary?: number[];
}

export type WeightChange = (source: WeightSource, before: ArchSpec) => WeightSource;

/** A source some of whose matrices are made into others; `layer` is the one that the file calls `index`. */
export function changed(
  source: WeightSource,
  before: ArchSpec,
  change: {
    model?: (m: Matrix, name: string) => Matrix;
    layer?: (m: Matrix, name: string, layer: LayerSpec, index: number) => Matrix;
    /** What becomes of the form of a layer's matrix; default: it stays. */
    form?: (form: BlockForm | null, name: string, layer: LayerSpec, index: number) => BlockForm | null;
  },
): WeightSource {
  const { model = (m) => m, layer = (m) => m, form = (f) => f } = change;
  return {
    label: source.label,
    storedAs: source.storedAs,
    model: async (name) => model(await source.model(name), name),
    layer: async (index, name) => layer(await source.layer(index, name), name, layerOfFile(before, index), index),
    form(index, name) {
      const stored = source.form(index, name);
      return index === null ? stored : form(stored, name, layerOfFile(before, index), index);
    },
  };
}

/** The index that a layer has in the weights' file. */
export function indexInFile(spec: ArchSpec, layer: number): number {
  return spec.layers[layer].weightsLayer ?? layer;
}

function layerOfFile(spec: ArchSpec, index: number): LayerSpec {
  return spec.layers.find((_, i) => indexInFile(spec, i) === index)!;
}
