/** FLOPs of one node with the shapes that it met, in the three conventions of `FlopsConvention`. */
import { type AttentionGeometry, attentionGeometry } from "../onnx/attention_geometry.ts";
import type { Execution } from "../onnx/graph_scope.ts";
import type { NodeView } from "../onnx/node_view.ts";
import { isElementwise } from "../onnx/shapes_elementwise.ts";
import { expertsGeometry, linearAttentionGeometry } from "../onnx/shapes_fused.ts";
import { causalConvolution, productOf } from "../onnx/shapes_products.ts";
import { elementCount, isFloat } from "../onnx/tensor_types.ts";
import { attentionPairs } from "./attention_pairs.ts";
import type { ConventionFlops } from "./flops_convention.ts";

/**
 * Element-wise FLOPs for one element of the first output, in the executed convention. The constants of norm and softmax
 * are LLM-Viewer's, as in flops.ts; an activation that is two functions (x times its sigmoid) counts 2; comparisons,
 * selections and copies count nothing.
 */
const PER_ELEMENT: Record<string, number> = {
  LayerNormalization: 7,
  SimplifiedLayerNormalization: 7,
  RMSNormalization: 7,
  GroupNormalization: 7,
  SkipLayerNormalization: 8,
  SkipSimplifiedLayerNormalization: 8,
  GatedRMSNorm: 10,
  LpNormalization: 3,
  Softmax: 5,
  LogSoftmax: 5,
  CumSum: 1,
  CumProd: 1,
  QuickGelu: 2,
  Gelu: 2,
  FastGelu: 2,
  BiasGelu: 3,
  Swish: 2,
  HardSwish: 2,
  Mish: 2,
  BiasAdd: 2,
  Dropout: 0,
  LinearAttentionGate: 4,
  DequantizeLinear: 2,
  GatherBlockQuantized: 2,
};

/** FLOPs of one run of a node; a node that is computed when the model is opened has none. */
export function nodeFlops({ view, outputs, constant }: Execution): ConventionFlops {
  if (constant) return same(0);
  const attention = attentionGeometry(view);
  if (attention) return attentionFlops(view, attention);
  switch (view.node.opType) {
    case "LinearAttention":
      return recurrentFlops(view);
    case "CausalConvWithState":
      return causalConvFlops(view);
    case "MoE":
    case "QMoE":
      return expertsFlops(view);
    case "RotaryEmbedding":
      return elementwise(3 * rotatedElements(view));
  }
  const product = productOf(view), written = outputs[0];
  if (product) {
    const elements = elementCount(product.dims), dense = view.inputs.length > 1 ? 2 * elements * product.inner : 0;
    return { dense, causal: dense, executed: dense + (biasOf(view) ? elements : 0) };
  }
  if (!written || !isFloat(written.type)) return same(0);
  return elementwise(elementwiseFlops(view, elementCount(written.dims)));
}

function same(flops: number): ConventionFlops {
  return { dense: flops, causal: flops, executed: flops };
}

function elementwise(flops: number): ConventionFlops {
  return { dense: 0, causal: 0, executed: flops };
}

function biasOf(n: NodeView): boolean {
  const at: Record<string, number> = { Gemm: 2, FusedGemm: 2, Conv: 2, MatMulNBits: 5 };
  return n.optional(at[n.node.opType] ?? -1) !== null;
}

function elementwiseFlops(n: NodeView, elements: number): number {
  const { opType } = n.node;
  if (opType in PER_ELEMENT) return PER_ELEMENT[opType] * elements;
  if (opType.startsWith("Reduce")) return elementCount(n.input(0).dims);
  if (opType === "Sum" || opType === "Mean" || opType === "Max" || opType === "Min") {
    return (n.inputs.length - 1) * elements;
  }
  return isElementwise(opType) ? elements : 0;
}

/** Elements that rotary positions turn: 2 * width of the table, of every head. */
function rotatedElements(n: NodeView): number {
  const { dims } = n.input(0), tableAt = n.node.domain === "" ? 1 : 2, heads = n.number("num_heads", 0);
  const table = n.input(tableAt).dims, rotary = 2 * table[table.length - 1];
  const perHead = dims.length === 4 ? dims[3] : heads > 0 ? dims[2] / heads : rotary;
  return elementCount(dims) / perHead * rotary;
}

function attentionFlops(n: NodeView, g: AttentionGeometry): ConventionFlops {
  const each = 2 * (g.headDim + g.valueDim), full = g.batch * g.heads * g.tokens * g.total;
  const packed = n.node.opType === "Attention" && n.node.domain !== "";
  const projection = packed ? 2 * elementCount(n.input(0).dims) * n.input(1).dims[1] : 0;
  const rotary = 3 * g.batch * g.tokens * g.rotaryDim * (g.heads + g.kvHeads);
  const scores = (g.mask ? 6 : 5) * full;
  return {
    dense: projection + each * full,
    causal: projection + each * visiblePairs(g),
    executed: projection + each * full + scores + rotary,
  };
}

/** Query-key pairs of all heads that the order, the window and a mask of known values let through. */
export function visiblePairs(g: AttentionGeometry): number {
  const { tokens, total, mask } = g, past = total - tokens, heads = g.batch * g.heads;
  const values = mask && mask.dims[mask.dims.length - 1] === total ? mask.values : null;
  if (!values) return heads * (g.causal ? attentionPairs(tokens, past, g.window) : tokens * total);
  const rows = mask!.dims[mask!.dims.length - 2] ?? 1,
    shown = mask!.type === "bool" ? (x: number) => x !== 0 : isVisible;
  let visible = 0;
  for (let i = 0; i < values.length; i++) {
    const key = i % total, row = Math.floor(i / total) % rows;
    // A mask of one row stands for all tokens.
    for (let query = row; query < (rows === 1 ? tokens : row + 1); query++) {
      const behind = past + query - key;
      if (shown(values[i]) && (!g.causal || behind >= 0 && behind < g.window)) visible++;
    }
  }
  return heads / (values.length / (rows * total)) * visible;
}

/** Whether a number that is added to a score leaves it in; exporters hide with -10000 at the least. */
export function isVisible(added: number): boolean {
  return added > -1e4;
}

/**
 * Of one key-value head and token: the state's update by an outer product 2 dk dv, the delta rules' look-up of what is
 * stored 2 dk dv; of one query head: the read 2 dk dv. Executed: the decay of the state dk dv.
 */
function recurrentFlops(n: NodeView): ConventionFlops {
  const { batch, tokens, heads, kvHeads, keyDim, valueDim, rule } = linearAttentionGeometry(n);
  const state = keyDim * valueDim, rows = batch * tokens;
  const update = (rule.includes("delta") ? 4 : 2) * kvHeads * state, read = 2 * Math.max(heads, kvHeads) * state;
  const products = rows * (update + read), decay = rule.startsWith("gated") ? rows * kvHeads * state : 0;
  return { dense: products, causal: products, executed: products + decay };
}

function causalConvFlops(n: NodeView): ConventionFlops {
  const { batch, channels, tokens, width } = causalConvolution(n), elements = batch * channels * tokens;
  const dense = 2 * elements * width, activation = n.text("activation", "none") === "none" ? 0 : 2 * elements;
  return { dense, causal: dense, executed: dense + activation + (n.optional(2) ? elements : 0) };
}

/** Every row goes through the experts that it is sent to, whatever a kernel computes. */
function expertsFlops(n: NodeView): ConventionFlops {
  const g = expertsGeometry(n), routed = g.tokens * g.active, dense = 2 * routed * g.weights;
  const swiglu = n.text("activation_type", "relu") === "swiglu";
  const activation = routed * (swiglu ? 3 * g.first / 2 : 2 * g.first), routing = 5 * g.tokens * g.experts;
  return { dense, causal: dense, executed: dense + activation + routing };
}
