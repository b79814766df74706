/** What a model carries from run to run: keys and values that grow, and recurrent states that do not. */
import type { GraphBuilder } from "../onnx/graph_builder.ts";
import type { StateShape } from "./blocks/block.ts";
import { layerStates } from "./blocks/layer.ts";
import type { ArchSpec, AttentionSpec } from "./spec.ts";

/** Name of a state's input or output, the same in every graph. */
export function cacheName(which: "past" | "present", layer: number, state: StateShape["name"]): string {
  return `${which}.${layer}.${state}`;
}

/** Calls `visit` for every state of every layer, in the order of the graphs' inputs. */
export function forEachState(spec: ArchSpec, visit: (layer: number, state: StateShape) => void): void {
  spec.layers.forEach((layer, i) => layerStates(spec, layer).forEach((state) => visit(i, state)));
}

/** The dims of a state in a batch with so many slots; numbers, or symbols of a graph. */
export function stateDims<B extends number | string, S extends number | string>(
  { dims }: StateShape,
  batch: B,
  slots: S,
): (number | B | S)[] {
  return [batch, ...dims.map((dim) => dim === "slots" ? slots : dim)];
}

/** Whether a state has a slot for every token. */
export function grows(state: StateShape): boolean {
  return state.dims.includes("slots");
}

/** Whether a spec has states that every token changes whole: then no token may be masked out, and nothing be padded. */
export function isRecurrent(spec: ArchSpec): boolean {
  return spec.layers.some((layer) => layerStates(spec, layer).some((state) => !grows(state)));
}

/** Calls `visit` for the key and the value of every softmax attention. */
export function forEachKeyValue(
  spec: ArchSpec,
  visit: (layer: number, kind: "key" | "value", mixer: AttentionSpec) => void,
): void {
  spec.layers.forEach(({ mixer }, layer) => {
    if (mixer.kind === "attention") { for (const kind of ["key", "value"] as const) visit(layer, kind, mixer); }
  });
}

/** Declare the scales of an int8 cache as inputs, float32 [1, kvHeads, 1, headDim] for every layer and kind. */
export function scaleInputs(g: GraphBuilder, spec: ArchSpec): void {
  if (spec.kvCache !== "int8") return;
  forEachKeyValue(spec, (layer, kind, { kvHeads, headDim }) => {
    g.input(scaleName(layer, kind), "float32", [1, kvHeads, 1, headDim]);
  });
}

/** Name of the input that holds the scales of an int8 cache. */
export function scaleName(layer: number, kind: "key" | "value"): string {
  return `scale.${layer}.${kind}`;
}
