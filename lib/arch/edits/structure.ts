/** Edits that leave the weights alone: which layers run, what they see, how positions and caches are kept. */
import type { ArchSpec, AttentionSpec, LayerSpec, PositionSpec, RopeScaling } from "../spec.ts";
import { type Change, indexInFile } from "./change.ts";

/** Only some layers, in their order. */
export function keepLayers(indexes: number[]): Change {
  return {
    spec(spec) {
      const layers = indexes.map((index, i) => {
        const layer = spec.layers[index];
        if (!layer || (i > 0 && index <= indexes[i - 1])) {
          throw new RangeError(
            `Cannot keep layers [${indexes}] of ${spec.name}: ${index} must be an index from 0 to ` +
              `${spec.layers.length - 1}, in rising order`,
          );
        }
        return { ...layer, weightsLayer: indexInFile(spec, index) };
      });
      return { ...spec, name: `${spec.name}, ${layers.length} of ${spec.layers.length} layers`, layers };
    },
  };
}

/**
 * At most so many keys that a token sees in a layer of softmax attention. Only layers that see more are changed: in a
 * pattern of local and global layers, local ones with a smaller window stay as they are, without sinks; all keep their
 * positions.
 */
export function limitWindow(window: number, sinks = 0): Change {
  const seesMore = ({ mixer }: LayerSpec) =>
    mixer.kind === "attention" &&
    (window < (mixer.window ?? Infinity) || (window === mixer.window && sinks !== (mixer.sinks ?? 0)));
  const limited = (layer: LayerSpec): LayerSpec => {
    if (!seesMore(layer)) return layer;
    return { ...layer, mixer: { ...layer.mixer as AttentionSpec, window, ...(sinks ? { sinks } : {}) } };
  };
  return {
    spec(spec) {
      if (!spec.layers.some(({ mixer }) => mixer.kind === "attention")) {
        throw new RangeError(`Cannot set a window in ${spec.name}: none of its layers is softmax attention`);
      }
      const name = `${spec.name}, window ${window}${sinks ? ` with ${sinks} sinks` : ""}`;
      return { ...spec, name, layers: spec.layers.map(limited) };
    },
  };
}

/** How keys and values are kept. */
export function setKvCache(kvCache: "fp32" | "int8"): Change {
  return {
    spec: (spec) => ({ ...spec, name: kvCache === "fp32" ? spec.name : `${spec.name}, KV ${kvCache}`, kvCache }),
  };
}

/** Another scaling of all rotary positions, in place of the one that they have; null: none. */
export function rescaleRope(scaling: RopeScaling | null, contextLength?: number): Change {
  const rescaled = (position: PositionSpec): PositionSpec => {
    if (position.kind !== "rope") return position;
    const { scaling: _, ...rest } = position;
    return scaling ? { ...rest, scaling } : rest;
  };
  const inLayer = (layer: LayerSpec): LayerSpec => {
    const { mixer } = layer;
    if (!("position" in mixer) || !mixer.position) return layer;
    return { ...layer, mixer: { ...mixer, position: rescaled(mixer.position) } };
  };
  return {
    spec(spec) {
      if (!hasRope(spec)) throw new RangeError(`Cannot rescale ${spec.name}: it has no rotary positions`);
      const name = `${spec.name}, RoPE ${scaling ? inWords(scaling) : "unscaled"}`;
      return {
        ...spec,
        name,
        contextLength: contextLength ?? spec.contextLength,
        position: rescaled(spec.position),
        layers: spec.layers.map(inLayer),
      };
    },
  };
}

function hasRope({ position, layers }: ArchSpec): boolean {
  return position.kind === "rope" ||
    layers.some(({ mixer }) => "position" in mixer && mixer.position?.kind === "rope");
}

function inWords(scaling: RopeScaling): string {
  return "factor" in scaling ? `${scaling.kind} x${scaling.factor}` : scaling.kind;
}
