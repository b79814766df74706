/** Where an architecture's numbers come from, by names that every file format is mapped to. */
import type { Parameter, ReadParameter } from "./blocks/block.ts";
import { layerParameters, modelParameters } from "./blocks/layer.ts";
import type { BlockForm, Matrix } from "./quant_blocks.ts";
import type { ArchSpec } from "./spec.ts";

export interface WeightSource {
  /** As shown to people: a file's name, or "random, seed 0". */
  label: string;
  /** The format that the weights are stored in, e.g. "Q4_K_M, 4.9 bits a weight"; null where they are plain fp32. */
  storedAs: string | null;
  /** A matrix outside the layers: embedding, finalNorm, head and what else `modelParameters` lists; [out][in]. */
  model(name: string): Promise<Matrix>;
  /** A matrix of layer `index` of the file, by a name of `layerParameters`, [out][in]. */
  layer(index: number, name: string): Promise<Matrix>;
  /** The form of a matrix, known without reading it: blocks, or null for floats. `layer` is null outside the layers. */
  form(layer: number | null, name: string): BlockForm | null;
}

/** Reads what stands outside the layers, checked against the spec. */
export function readModel(spec: ArchSpec, source: WeightSource): ReadParameter {
  const known = new Map(modelParameters(spec).map((p) => [p.name, p]));
  return async (name) => checked(source, name, await source.model(name), known.get(name)!);
}

/** Reads a layer's parameters, checked against the spec. */
export function readLayer(spec: ArchSpec, source: WeightSource, index: number): ReadParameter {
  const layer = spec.layers[index], stored = layer.weightsLayer ?? index;
  const known = new Map(layerParameters(spec, layer).map((p) => [p.name, p]));
  return async (name) =>
    checked(source, `layer ${stored}, ${name}`, await source.layer(stored, name), known.get(name)!);
}

function checked(source: WeightSource, what: string, m: Matrix, { rows, cols }: Parameter): Matrix {
  if (m.rows !== rows || m.cols !== cols) {
    throw new SyntaxError(
      `Cannot use the weights of ${source.label}: ${what} is ${m.rows} x ${m.cols}, the architecture needs ` +
        `${rows} x ${cols}`,
    );
  }
  const bad = ("q" in m ? m.scales : m.values).findIndex((v) => !Number.isFinite(v));
  if (bad < 0) return m;
  throw new SyntaxError(`Cannot use the weights of ${source.label}: ${what} holds a number that is not finite`);
}
