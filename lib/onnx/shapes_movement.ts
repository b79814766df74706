/** Shape rules of operators that make, move and pick elements. Their values are followed: shapes are computed by them. */
import { tensorAttribute } from "./attributes.ts";
import type { NodeView, ShapeRule } from "./node_view.ts";
import { axisOf, broadcastDims, broadcastValues, NotKnown, strided, stridesOf, type Tensor, tensor } from "./tensor.ts";
import { elementCount } from "./tensor_types.ts";

/** The values (if known) and the weight stay; only the shape changes. */
function view(x: Tensor, dims: number[]): Tensor[] {
  if (elementCount(x.dims) !== elementCount(dims)) {
    throw new RangeError(`[${x.dims}] can't take the shape [${dims}]`);
  }
  return [{ ...x, dims }];
}

function reshape(n: NodeView): Tensor[] {
  const x = n.input(0), keepZero = n.number("allowzero", 0) === 0;
  const dims = n.values(1).map((d, axis) => (d === 0 && keepZero ? x.dims[axis] ?? 0 : d));
  const open = dims.indexOf(-1);
  if (open >= 0) {
    dims[open] = 1;
    const others = elementCount(dims);
    dims[open] = others === 0 ? 0 : elementCount(x.dims) / others;
  }
  return view(x, dims);
}

function flatten(n: NodeView): Tensor[] {
  const { dims } = n.input(0), axis = n.number("axis", 1), at = axis < 0 ? axis + dims.length : axis;
  return view(n.input(0), [elementCount(dims.slice(0, at)), elementCount(dims.slice(at))]);
}

function squeeze(n: NodeView): Tensor[] {
  const x = n.input(0), given = n.numbers("axes", 1)?.map((a) => axisOf(a, x.dims.length));
  return view(x, x.dims.filter((d, i) => (given ? !given.includes(i) : d !== 1)));
}

function unsqueeze(n: NodeView): Tensor[] {
  const x = n.input(0), axes = n.numbers("axes", 1) ?? [], rank = x.dims.length + axes.length;
  const added = new Set(axes.map((a) => axisOf(a, rank))), rest = [...x.dims];
  return view(x, Array.from({ length: rank }, (_, i) => (added.has(i) ? 1 : rest.shift()!)));
}

function transpose(n: NodeView): Tensor[] {
  const x = n.input(0), perm = n.list("perm") ?? [...x.dims.keys()].reverse();
  const dims = perm.map((axis) => x.dims[axisOf(axis, x.dims.length)]), steps = stridesOf(x.dims);
  const values = x.values && (() => strided(x.values!, dims, perm.map((axis) => steps[axis])));
  return [{ ...tensor(x.type, dims, values), weight: x.weight }];
}

function concat(n: NodeView): Tensor[] {
  const parts = n.inputs.map((_, i) => n.input(i)), first = parts[0].dims;
  const axis = axisOf(n.number("axis"), first.length);
  for (const { dims } of parts) {
    if (dims.length !== first.length || dims.some((d, i) => i !== axis && d !== first[i])) {
      throw new RangeError(`shapes ${parts.map((p) => `[${p.dims}]`).join(" and ")} do not join at axis ${axis}`);
    }
  }
  const dims = first.map((d, i) => (i === axis ? parts.reduce((sum, p) => sum + p.dims[axis], 0) : d));
  if (parts.some((p) => !p.values)) return [tensor(parts[0].type, dims)];
  const inner = elementCount(first.slice(axis + 1)), outer = elementCount(first.slice(0, axis));
  return [tensor(parts[0].type, dims, () => {
    const out = new Float64Array(elementCount(dims));
    for (let o = 0, at = 0; o < outer; o++) {
      for (const p of parts) {
        const length = p.dims[axis] * inner;
        out.set(p.values!.subarray(o * length, (o + 1) * length), at);
        at += length;
      }
    }
    return out;
  })];
}

/** Parts whose sizes depend on data (the tokens of each expert) are taken as equal: sums over them do not change. */
function split(n: NodeView): Tensor[] {
  const x = n.input(0), axis = axisOf(n.number("axis", 0), x.dims.length), size = x.dims[axis];
  const count = n.node.outputs.length, byData = n.optional(1) !== null && n.input(1).values === null;
  if (byData) n.assumptions.push(`the ${count} parts of "${n.node.name}" depend on data: taken as equal`);
  const sizes = byData ? evenly(size, count) : n.numbers("split", 1) ?? chunks(size, count);
  if (sizes.reduce((a, b) => a + b, 0) !== size) throw new RangeError(`parts ${sizes} of an axis of ${size}`);
  let start = 0;
  return sizes.map((length) => {
    const part = slice(x, axis, start, length, 1);
    start += length;
    return part;
  });
}

/** Sizes that differ by one at most. */
function evenly(size: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => Math.floor(size / count) + (i < size % count ? 1 : 0));
}

/** Equal sizes with a smaller last one, as `num_outputs` means it. */
function chunks(size: number, count: number): number[] {
  const each = Math.ceil(size / count);
  return Array.from({ length: count }, (_, i) => Math.max(0, Math.min(each, size - i * each)));
}

/** Along one axis, from `start`, `length` elements `step` apart. */
function slice(x: Tensor, axis: number, start: number, length: number, step: number): Tensor {
  const dims = x.dims.map((d, i) => (i === axis ? length : d)), steps = stridesOf(x.dims);
  const strides = steps.map((s, i) => (i === axis ? s * step : s));
  return tensor(x.type, dims, x.values && (() => strided(x.values!, dims, strides, start * steps[axis])));
}

function slices(n: NodeView): Tensor[] {
  const x = n.input(0), old = n.opset < 10;
  const starts = old ? n.list("starts") ?? [] : n.values(1), ends = old ? n.list("ends") ?? [] : n.values(2);
  const axes = (old ? n.list("axes") : n.optional(3) && n.values(3)) ?? [...starts.keys()];
  const steps = (n.optional(4) && n.values(4)) ?? starts.map(() => 1);
  return [starts.reduce((part, start, i) => {
    const axis = axisOf(axes[i], x.dims.length), size = part.dims[axis], step = steps[i];
    if (step === 0) throw new RangeError("a step of 0");
    const clamp = (at: number, low: number, high: number) => Math.min(Math.max(at < 0 ? at + size : at, low), high);
    const from = step > 0 ? clamp(start, 0, size) : clamp(start, 0, size - 1);
    const to = step > 0 ? clamp(ends[i], 0, size) : clamp(ends[i], -1, size - 1);
    return slice(part, axis, from, Math.max(0, Math.ceil((to - from) / step)), step);
  }, x)];
}

function gather(n: NodeView): Tensor[] {
  const x = n.input(0), picked = n.input(1), axis = axisOf(n.number("axis", 0), x.dims.length);
  const before = x.dims.slice(0, axis), after = x.dims.slice(axis + 1), dims = [...before, ...picked.dims, ...after];
  const { values } = x, rows = picked.values;
  if (!values || !rows) return [tensor(x.type, dims)];
  const inner = elementCount(after), size = x.dims[axis];
  return [tensor(x.type, dims, () => {
    const out = new Float64Array(elementCount(dims));
    for (let o = 0, at = 0; o < elementCount(before); o++) {
      for (const row of rows) {
        const from = (o * size + (row < 0 ? row + size : row)) * inner;
        out.set(values.subarray(from, from + inner), at);
        at += inner;
      }
    }
    return out;
  })];
}

function gatherNd(n: NodeView): Tensor[] {
  const x = n.input(0), at = n.input(1).dims, batch = n.number("batch_dims", 0);
  return [tensor(x.type, [...at.slice(0, -1), ...x.dims.slice(batch + at[at.length - 1])])];
}

function expand(n: NodeView): Tensor[] {
  const x = n.input(0), dims = broadcastDims(x.dims, n.values(1));
  return [tensor(x.type, dims, x.values && (() => broadcastValues(x, dims)!))];
}

function tile(n: NodeView): Tensor[] {
  const x = n.input(0), repeats = n.values(1);
  return [tensor(x.type, x.dims.map((d, i) => d * repeats[i]))];
}

function pad(n: NodeView): Tensor[] {
  const x = n.input(0), pads = n.numbers("pads", 1) ?? [], half = pads.length / 2;
  const axes = n.optional(3) ? n.values(3).map((a) => axisOf(a, x.dims.length)) : [...x.dims.keys()];
  const dims = [...x.dims];
  axes.forEach((axis, i) => dims[axis] += pads[i] + pads[i + half]);
  return [tensor(x.type, dims)];
}

function range(n: NodeView): Tensor[] {
  const [start, limit, step] = [0, 1, 2].map((i) => n.values(i)[0]);
  const count = Math.max(0, Math.ceil((limit - start) / step));
  if (!Number.isFinite(count)) throw new RangeError(`from ${start} to ${limit} in steps of ${step}`);
  return [tensor(n.input(0).type, [count], () => Float64Array.from({ length: count }, (_, i) => start + i * step))];
}

/** A constant's tensor; a number or a list is one too. */
function constant(n: NodeView): Tensor[] {
  const value = tensorAttribute(n.node, "value");
  if (value) return [{ ...tensor(value.type, value.dims), values: value.values(2 ** 16), constant: true }];
  const floats = n.list("value_floats"), ints = n.list("value_ints"), list = floats ?? ints;
  if (list) {
    return [{ ...tensor(floats ? "float32" : "int64", [list.length], () => Float64Array.from(list)), constant: true }];
  }
  const float = n.node.attributes.get("value_float"), number = float ?? n.node.attributes.get("value_int");
  if (typeof number !== "number") throw new NotKnown("its constant is neither a tensor nor a number");
  const type = float === undefined ? "int64" : "float32";
  return [{ ...tensor(type, [], () => Float64Array.of(number)), constant: true }];
}

function constantOfShape(n: NodeView): Tensor[] {
  const value = tensorAttribute(n.node, "value"), dims = n.values(0), fill = value ? value.values(1)?.[0] : 0;
  const known = fill === undefined ? null : () => new Float64Array(elementCount(dims)).fill(fill);
  return [tensor(value?.type ?? "float32", dims, known)];
}

/** Shape, or a part of it. */
function shape(n: NodeView): Tensor[] {
  const { dims } = n.input(0), part = dims.slice(n.number("start", 0), n.number("end", dims.length));
  return [{ ...tensor("int64", [part.length], () => Float64Array.from(part)) }];
}

function oneHot(n: NodeView): Tensor[] {
  const { dims } = n.input(0), axis = n.number("axis", -1), at = axis < 0 ? axis + dims.length + 1 : axis;
  return [tensor(n.input(2).type, [...dims.slice(0, at), n.values(1)[0], ...dims.slice(at)])];
}

/** Rows of a table whose elements are quantised in blocks, dequantised. */
function gatherBlockQuantized(n: NodeView): Tensor[] {
  const data = n.input(0), scales = n.input(2), axis = axisOf(n.number("gather_axis", 0), data.dims.length);
  const width = unpackedWidth(n, data), row = data.dims.map((d, i) => (i === data.dims.length - 1 ? width : d));
  return [tensor(scales.type, [...row.slice(0, axis), ...n.input(1).dims, ...row.slice(axis + 1)])];
}

/** Elements of the last axis: uint8 data holds 8 / bits of them in a byte. */
function unpackedWidth(n: NodeView, data: Tensor): number {
  const last = data.dims[data.dims.length - 1];
  return data.type === "uint8" ? last * 8 / n.number("bits", 4) : last;
}

const first: ShapeRule = (n) => [tensor(n.input(0).type, n.input(0).dims)];

export const MOVEMENT_RULES: Record<string, ShapeRule> = {
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Concat: concat,
  Split: split,
  Slice: slices,
  Gather: gather,
  GatherElements: (n) => [tensor(n.input(0).type, n.input(1).dims)],
  GatherND: gatherNd,
  GatherBlockQuantized: gatherBlockQuantized,
  ScatterElements: first,
  ScatterND: first,
  TensorScatter: first,
  Expand: expand,
  Tile: tile,
  Pad: pad,
  Range: range,
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Shape: shape,
  Size: (n) => [tensor("int64", [], () => Float64Array.of(elementCount(n.input(0).dims)))],
  EyeLike: first,
  OneHot: oneHot,
};

/** Operators that show their first input's memory in another shape; onnxruntime copies nothing for them. */
export const VIEWS = new Set(["Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity"]);
