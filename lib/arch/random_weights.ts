/** Seeded random weights, for architectures that have none: right sizes and safe magnitudes, no meaning. */
import { seededRandom } from "../stats/random.ts";
import type { Parameter } from "./blocks/block.ts";
import { layerParameters, modelParameters } from "./blocks/layer.ts";
import type { Matrix } from "./quant_blocks.ts";
import type { ArchSpec } from "./spec.ts";
import type { WeightSource } from "./weight_source.ts";

/** As shown to people. */
export function randomLabel(seed: number): string {
  return `random, seed ${seed}`;
}

/**
 * Normal weights with standard deviation 1/sqrt(columns), norms of 1, biases of 0; decays and time steps from the ranges
 * that Mamba and RWKV start from, shares of a token from 0 to 1. Every matrix has a generator of its own, made from the
 * seed and the matrix's place, so an edit that drops a layer leaves the others as they were.
 */
export function randomWeights(spec: ArchSpec, seed: number): WeightSource {
  const byName = (parameters: Parameter[]) => new Map(parameters.map((p) => [p.name, p]));
  const model = byName(modelParameters(spec)), layers = new Map<number, Map<string, Parameter>>();
  return {
    label: randomLabel(seed),
    storedAs: null,
    model: (name) => Promise.resolve(draw(model.get(name)!, `${seed}/${name}`)),
    layer(index, name) {
      let parameters = layers.get(index);
      if (!parameters) {
        const layer = spec.layers.find((l, i) => (l.weightsLayer ?? i) === index)!;
        layers.set(index, parameters = byName(layerParameters(spec, layer)));
      }
      return Promise.resolve(draw(parameters.get(name)!, `${seed}/${index}/${name}`));
    },
    form: () => null,
  };
}

function draw({ rows, cols, init }: Parameter, place: string): Matrix {
  const values = new Float32Array(rows * cols), random = seededRandom(hash(place));
  const fill = (value: () => number) => {
    for (let i = 0; i < values.length; i++) values[i] = value();
  };
  switch (init) {
    case "normal":
      fill(() => random.normal() / Math.sqrt(cols));
      break;
    case "ones":
      values.fill(1);
      break;
    case "zeros":
      break;
    case "decay": // ln A, A in 1..16
      fill(() => Math.log(1 + 15 * random.next()));
      break;
    case "fraction": // 0..1
      fill(() => random.next());
      break;
    case "decay_rate": // ln of a rate in 0.0025..0.37, evenly on a log scale
      fill(() => -6 + 5 * random.next());
      break;
    case "time_step": // softplus gives a step in 0.001..0.1, evenly on a log scale
      fill(() => {
        const step = 0.001 * 100 ** random.next();
        return step + Math.log(-Math.expm1(-step));
      });
  }
  return { rows, cols, values };
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}
