/** Shape rules of whole blocks in one operator: attention, recurrent states, experts. */
import { attentionGeometry } from "./attention_geometry.ts";
import type { NodeView, ShapeRule } from "./node_view.ts";
import { type Tensor, tensor } from "./tensor.ts";

function attention(n: NodeView): (Tensor | null)[] {
  const { output, present, batch, heads, tokens, total } = attentionGeometry(n)!;
  const { type } = n.input(0);
  return [
    tensor(type, output),
    present && tensor(present.type, present.key),
    present && tensor(present.type, present.value),
    tensor(type, [batch, heads, tokens, total]),
  ];
}

/** One past and one present tensor for keys and values: [2, batch, heads, length, size]. */
function packedAttention(n: NodeView): Tensor[] {
  const { output, batch, heads, total, headDim } = attentionGeometry(n)!, { type } = n.input(0);
  return [tensor(type, output), tensor(type, [2, batch, heads, total, headDim])];
}

export interface LinearAttentionGeometry {
  batch: number;
  tokens: number;
  heads: number;
  kvHeads: number;
  keyDim: number;
  valueDim: number;
  rule: string;
}

export function linearAttentionGeometry(n: NodeView): LinearAttentionGeometry {
  const heads = n.number("q_num_heads"), kvHeads = n.number("kv_num_heads"), [batch, tokens, width] = n.input(0).dims;
  const valueDim = n.input(2).dims[2] / kvHeads, rule = n.text("update_rule", "gated_delta");
  return { batch, tokens, heads, kvHeads, keyDim: width / heads, valueDim, rule };
}

function linearAttention(n: NodeView): Tensor[] {
  const { batch, tokens, heads, kvHeads, keyDim, valueDim } = linearAttentionGeometry(n), past = n.optional(3);
  return [
    tensor(n.input(0).type, [batch, tokens, Math.max(heads, kvHeads) * valueDim]),
    tensor(past?.type ?? n.input(0).type, past?.dims ?? [batch, kvHeads, keyDim, valueDim]),
  ];
}

function causalConv(n: NodeView): Tensor[] {
  const x = n.input(0), width = n.input(1).dims[2] ?? 1, state = (width - 1) * n.number("dilation", 1);
  const last = n.number("channels_last", 0) === 1, past = n.optional(3);
  const made = last ? [x.dims[0], state, x.dims[2]] : [x.dims[0], x.dims[1], state];
  return [tensor(x.type, x.dims), tensor(past?.type ?? x.type, past?.dims ?? made)];
}

export interface ExpertsGeometry {
  /** Rows that are routed. */
  tokens: number;
  experts: number;
  /** Experts that a row goes to. */
  active: number;
  /** Weights of one expert. */
  weights: number;
  /** Rows of the first matrix: a gate and an up projection together have twice the inner size. */
  first: number;
}

/** Sizes of MoE and QMoE, whose weights are [experts, outputs, inputs], packed on the last axis where quantised. */
export function expertsGeometry(n: NodeView): ExpertsGeometry {
  const quantised = n.node.opType === "QMoE", x = n.input(0).dims, hidden = x[x.length - 1];
  const fc = (quantised ? [2, 5, 8] : [2, 4, 6]).map((i) => n.optional(i));
  const [experts, first, inputs] = n.input(2).dims, pack = hidden / inputs;
  const elements = fc.reduce((sum, w) => sum + (w ? w.dims.reduce((a, b) => a * b, 1) * pack : 0), 0);
  const rows = x.slice(0, -1).reduce((a, b) => a * b, 1);
  return { tokens: rows, experts, active: n.number("k", 1), weights: elements / experts, first };
}

const first: ShapeRule = (n) => [tensor(n.input(0).type, n.input(0).dims)];

export const FUSED_RULES: Record<string, ShapeRule> = {
  GroupQueryAttention: attention,
  MultiHeadAttention: attention,
  Attention: attention,
  "com.microsoft:Attention": packedAttention,
  LinearAttention: linearAttention,
  CausalConvWithState: causalConv,
  MoE: first,
  QMoE: first,
};
