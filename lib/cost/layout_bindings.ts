/** Numbers for a graph's symbols by what its inputs were found to mean, whatever they are called. */
import type { GraphLayout } from "../arch/foreign/layout.ts";
import { type Bindings, namedDims } from "../onnx/dims.ts";
import type { OnnxModel } from "../onnx/onnx_model.ts";
import { elementCount } from "../onnx/tensor_types.ts";
import type { PassBindings, PassSizes } from "./graph_bindings.ts";

/** @param layout Of this model. */
export function layoutPass(
  { ids, mask, positions, keep, useCache, caches }: GraphLayout,
  { graph }: OnnxModel,
  sizes: PassSizes,
): PassBindings {
  const { batch } = sizes, past = caches.length ? sizes.past : 0;
  const tokens = caches.length ? sizes.tokens : sizes.past + sizes.tokens, total = past + tokens;
  const bindings: Bindings = {}, values: PassBindings["values"] = {};
  const bind = (name: string, axes: (number | null)[]) => {
    const input = graph.inputs.find((input) => input.name === name)!;
    namedDims(input).forEach((dim, axis) => {
      const size = axes[axis];
      if (typeof dim === "string" && typeof size === "number") bindings[dim] ??= size;
    });
  };
  bind(ids.name, [batch, tokens]);
  for (const { past: name, dims } of caches) bind(name, [batch, ...dims.map((d) => d === "slots" ? past : d)]);
  if (mask) {
    bind(mask.name, [batch, total]);
    values[mask.name] = (dims) => new Float64Array(elementCount(dims)).fill(1);
  }
  if (positions) {
    bind(positions.name, [batch, tokens]);
    values[positions.name] = (dims) => Float64Array.from({ length: elementCount(dims) }, (_, i) => past + i % dims[1]);
  }
  if (keep) bindings[keep.name] = 0;
  if (useCache) bindings[useCache] = past > 0 ? 1 : 0;
  return { bindings, values };
}
