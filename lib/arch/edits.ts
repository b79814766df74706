/** Changes of an architecture that keep its weights. */
import type { ArchEdit, ArchSpec, LayerSpec } from "./spec.ts";

/**
 * The spec after the edits, left to right.
 *
 * @throws {RangeError} If an edit names a layer that is not there, or a window below 1.
 */
export function applyEdits(spec: ArchSpec, edits: ArchEdit[] = []): ArchSpec {
  return edits.reduce(applyEdit, spec);
}

function applyEdit(spec: ArchSpec, edit: ArchEdit): ArchSpec {
  if ("keepLayers" in edit) return keepLayers(spec, edit.keepLayers);
  if ("window" in edit) return limitWindow(spec, edit.window, edit.sinks);
  if ("kvCache" in edit) return setKvCache(spec, edit.kvCache);
  throw new TypeError(`Unknown edit ${JSON.stringify(edit)}; there are: keepLayers, window, kvCache`);
}

function keepLayers(spec: ArchSpec, indexes: number[]): ArchSpec {
  if (indexes.length === 0) throw new RangeError("Cannot keep layers []: give at least one index");
  const layers = indexes.map((index, i) => {
    const layer = spec.layers[index];
    if (!layer || (i > 0 && index <= indexes[i - 1])) {
      throw new RangeError(
        `Cannot keep layers [${indexes}] of ${spec.name}: ${index} must be an index from 0 to ` +
          `${spec.layers.length - 1}, in rising order`,
      );
    }
    return { ...layer, weightsLayer: layer.weightsLayer ?? index };
  });
  return { ...spec, name: `${spec.name}, ${layers.length} of ${spec.layers.length} layers`, layers };
}

function setKvCache(spec: ArchSpec, kvCache: "fp32" | "int8"): ArchSpec {
  if (kvCache !== "fp32" && kvCache !== "int8") {
    throw new RangeError(`Cannot keep keys and values as "${kvCache}": there are fp32 and int8`);
  }
  return { ...spec, name: kvCache === "fp32" ? spec.name : `${spec.name}, KV ${kvCache}`, kvCache };
}

function limitWindow(spec: ArchSpec, window: number, sinks = 0): ArchSpec {
  if (!Number.isInteger(window) || window < 1) {
    throw new RangeError(`Cannot set a window of ${window} tokens: it must be an integer of at least 1`);
  }
  if (!Number.isInteger(sinks) || sinks < 0) {
    throw new RangeError(`Cannot keep ${sinks} sinks: it must be a whole number of tokens`);
  }
  let limited = 0;
  const layers = spec.layers.map((layer): LayerSpec => {
    const { mixer } = layer;
    if (mixer.kind !== "attention") return layer;
    limited++;
    return {
      ...layer,
      mixer: { ...mixer, window: Math.min(window, mixer.window ?? Infinity), ...(sinks ? { sinks } : {}) },
    };
  });
  if (!limited) throw new RangeError(`Cannot set a window in ${spec.name}: none of its layers is softmax attention`);
  const named = `${spec.name}, window ${window}${sinks ? ` with ${sinks} sinks` : ""}`;
  return { ...spec, name: named, layers };
}
