/** Shape rules of operators that work element by element, of norms, softmaxes and reductions. */
import { typeName } from "./tensor_types.ts";
import type { NodeView, ShapeRule } from "./node_view.ts";
import { axisOf, broadcastDims, mapValues, stridesOf, type Tensor, tensor } from "./tensor.ts";

type Function = (...x: number[]) => number;

/** Functions of one element whose values are followed; null: only the shape. */
const UNARY: Record<string, Function | null> = {
  Abs: Math.abs,
  Neg: (x) => -x,
  Floor: Math.floor,
  Ceil: Math.ceil,
  Sqrt: Math.sqrt,
  Exp: Math.exp,
  Log: Math.log,
  Not: (x) => (x ? 0 : 1),
  Reciprocal: (x) => 1 / x,
  Sign: Math.sign,
};
/** Functions of one element that only weights and activations meet. */
const ACTIVATIONS =
  "Sigmoid Tanh Relu LeakyRelu Elu Selu Celu Softplus Softsign Gelu FastGelu QuickGelu Swish Mish Erf \
HardSigmoid HardSwish Sin Cos Tan Round Clip ThresholdedRelu PRelu Dropout BiasGelu LpNormalization".split(" ");

const BINARY: Record<string, Function> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Pow: (a, b) => a ** b,
  Mod: (a, b) => (b === 0 ? NaN : a - b * Math.floor(a / b)),
  And: (a, b) => (a && b ? 1 : 0),
  Or: (a, b) => (a || b ? 1 : 0),
  Xor: (a, b) => (!a !== !b ? 1 : 0),
};
const COMPARISONS: Record<string, Function> = {
  Equal: (a, b) => (a === b ? 1 : 0),
  Less: (a, b) => (a < b ? 1 : 0),
  LessOrEqual: (a, b) => (a <= b ? 1 : 0),
  Greater: (a, b) => (a > b ? 1 : 0),
  GreaterOrEqual: (a, b) => (a >= b ? 1 : 0),
};
const VARIADIC: Record<string, Function | null> = {
  Max: Math.max,
  Min: Math.min,
  Sum: (...x) => x.reduce((a, b) => a + b, 0),
  Mean: null,
};

function elementwise(f: Function | null, outputType?: string): ShapeRule {
  return (n) => {
    const inputs = n.inputs.filter((x) => x !== null);
    const dims = broadcastDims(...inputs.map((x) => x.dims));
    return [tensor(outputType ?? n.input(0).type, dims, f && mapValues(dims, inputs, f))];
  };
}

/** The first output is as the first input; a norm's further ones are left to `rest`. */
function likeFirst(...rest: ((n: NodeView) => Tensor | null)[]): ShapeRule {
  return (n) => [tensor(n.input(0).type, n.input(0).dims), ...rest.map((f) => f(n))];
}

/** The statistics that a norm gives beside its result: the normalised axes become 1. */
function statistics(n: NodeView): Tensor {
  const { dims } = n.input(0), axis = axisOf(n.number("axis", -1), dims.length);
  return tensor("float32", dims.map((d, i) => (i < axis ? d : 1)));
}

const sum = (n: NodeView) => tensor(n.input(0).type, n.input(0).dims);

function reduction(axesInputFrom: number, name: string): ShapeRule {
  return (n) => {
    const x = n.input(0), rank = x.dims.length;
    const given = n.opset >= axesInputFrom ? n.numbers("axes", 1) : n.list("axes");
    if ((!given || given.length === 0) && n.number("noop_with_empty_axes", 0) === 1) return [x];
    const axes = new Set(given?.length ? given.map((a) => axisOf(a, rank)) : x.dims.keys());
    const kept = x.dims.map((d, i) => (axes.has(i) ? 1 : d));
    const dims = n.number("keepdims", 1) ? kept : x.dims.filter((_, i) => !axes.has(i));
    return [tensor(x.type, dims, reducedValues(x, kept, name))];
  };
}

const REDUCED: Record<string, [start: number, f: (a: number, b: number) => number]> = {
  ReduceSum: [0, (a, b) => a + b],
  ReduceProd: [1, (a, b) => a * b],
  ReduceMax: [-Infinity, Math.max],
  ReduceMin: [Infinity, Math.min],
};

function reducedValues(x: Tensor, kept: number[], name: string): (() => Float64Array) | null {
  const { values } = x, rule = REDUCED[name];
  if (!values || !rule) return null;
  return () => {
    const [start, f] = rule, out = new Float64Array(kept.reduce((a, b) => a * b, 1)).fill(start);
    const from = stridesOf(x.dims), to = stridesOf(kept);
    for (let i = 0; i < values.length; i++) {
      const at = x.dims.reduce(
        (sum, d, axis) => sum + (kept[axis] === 1 ? 0 : (Math.floor(i / from[axis]) % d) * to[axis]),
        0,
      );
      out[at] = f(out[at], values[i]);
    }
    return out;
  };
}

function argument(n: NodeView): Tensor[] {
  const x = n.input(0), axis = axisOf(n.number("axis", 0), x.dims.length);
  const kept = x.dims.map((d, i) => (i === axis ? 1 : d));
  return [tensor("int64", n.number("keepdims", 1) ? kept : kept.filter((_, i) => i !== axis))];
}

function cast(n: NodeView): Tensor[] {
  const x = n.input(0), to = typeName(n.number("to")) ?? "unknown";
  const whole = !/^(float|bfloat)/.test(to);
  const f: Function = to === "bool" ? (v) => (v ? 1 : 0) : whole ? Math.trunc : (v) => v;
  const values = x.values && mapValues(x.dims, [x], f);
  return [{ ...tensor(to, x.dims, values), weight: to === x.type ? x.weight : null }];
}

/** Running sums of known values, for positions that are made from a mask. */
function cumSum(n: NodeView): Tensor[] {
  const x = n.input(0), { values } = x, axisValues = n.input(1).values;
  if (!values || !axisValues || n.number("exclusive", 0) || n.number("reverse", 0)) return [tensor(x.type, x.dims)];
  const axis = axisOf(axisValues[0], x.dims.length), step = stridesOf(x.dims)[axis], size = x.dims[axis];
  return [tensor(x.type, x.dims, () => {
    const out = values.slice();
    for (let i = 0; i < out.length; i++) if (Math.floor(i / step) % size > 0) out[i] += out[i - step];
    return out;
  })];
}

function trilu(n: NodeView): Tensor[] {
  const x = n.input(0), { values } = x, shift = n.optional(1) ? n.input(1).values?.[0] : 0;
  const upper = n.number("upper", 1) === 1, [rows, columns] = x.dims.slice(-2);
  if (!values || shift === undefined) return [tensor(x.type, x.dims)];
  return [tensor(x.type, x.dims, () =>
    values.map((v, i) => {
      const diagonal = i % columns - Math.floor(i / columns) % rows - shift;
      return (upper ? diagonal >= 0 : diagonal <= 0) ? v : 0;
    }))];
}

function where(n: NodeView): Tensor[] {
  const inputs = [n.input(0), n.input(1), n.input(2)], dims = broadcastDims(...inputs.map((x) => x.dims));
  return [tensor(n.input(1).type, dims, mapValues(dims, inputs, (c, a, b) => (c ? a : b)))];
}

function topK(n: NodeView): Tensor[] {
  const x = n.input(0), axis = axisOf(n.number("axis", -1), x.dims.length);
  const k = n.opset < 10 ? n.number("k") : n.values(1)[0];
  const dims = x.dims.map((d, i) => (i === axis ? k : d));
  return [tensor(x.type, dims), tensor("int64", dims)];
}

const divide: ShapeRule = (n) => {
  const whole = !/^(float|bfloat)/.test(n.input(0).type);
  return elementwise((a, b) => (whole ? Math.trunc(a / b) : a / b))(n);
};

const norm = likeFirst(statistics, statistics);
const skipNorm = likeFirst(statistics, statistics, sum);

export const ELEMENTWISE_RULES: Record<string, ShapeRule> = {
  ...Object.fromEntries(Object.entries({ ...UNARY, ...BINARY, ...VARIADIC }).map(([op, f]) => [op, elementwise(f)])),
  ...Object.fromEntries(Object.entries(COMPARISONS).map(([op, f]) => [op, elementwise(f, "bool")])),
  ...Object.fromEntries(ACTIVATIONS.map((op) => [op, likeFirst()])),
  ...Object.fromEntries(
    [
      "ReduceSum",
      "ReduceMean",
      "ReduceMax",
      "ReduceMin",
      "ReduceProd",
      "ReduceSumSquare",
      "ReduceL1",
      "ReduceL2",
      "ReduceLogSumExp",
    ].map((op) => [op, reduction(op === "ReduceSum" ? 13 : 18, op)]),
  ),
  Div: divide,
  Where: where,
  Cast: cast,
  CastLike: (n) => [tensor(n.input(1).type, n.input(0).dims)],
  IsNaN: (n) => [tensor("bool", n.input(0).dims)],
  IsInf: (n) => [tensor("bool", n.input(0).dims)],
  Trilu: trilu,
  CumSum: cumSum,
  CumProd: likeFirst(),
  TopK: topK,
  ArgMax: argument,
  ArgMin: argument,
  Softmax: likeFirst(),
  LogSoftmax: likeFirst(),
  LayerNormalization: norm,
  SimplifiedLayerNormalization: norm,
  RMSNormalization: likeFirst(),
  GroupNormalization: likeFirst(),
  BatchNormalization: likeFirst(),
  SkipLayerNormalization: skipNorm,
  SkipSimplifiedLayerNormalization: skipNorm,
  GatedRMSNorm: likeFirst(),
  LinearAttentionGate: likeFirst((n) => n.optional(3)),
  BiasAdd: likeFirst(),
  RotaryEmbedding: likeFirst(),
  Identity: (n) => [n.input(0)],
  Bernoulli: likeFirst(),
  RandomUniformLike: likeFirst(),
  RandomNormalLike: likeFirst(),
  Multinomial: (n) => [tensor("int32", [n.input(0).dims[0], n.number("sample_size", 1)])],
  QuantizeLinear: (n) => [tensor(n.optional(2)?.type ?? "uint8", n.input(0).dims)],
  DequantizeLinear: (n) => [{ ...tensor(n.input(1).type, n.input(0).dims), weight: n.input(0).weight }],
  DynamicQuantizeLinear: (n) => [tensor("uint8", n.input(0).dims), tensor("float32", []), tensor("uint8", [])],
};

/** Whether an operator is one function of each element, so that its cost is elements times a constant. */
export function isElementwise(opType: string): boolean {
  return opType in UNARY || opType in BINARY || opType in VARIADIC || opType === "Div" || ACTIVATIONS.includes(opType);
}
