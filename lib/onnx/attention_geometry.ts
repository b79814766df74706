/** Sizes of the fused attention operators, which differ in where they say them. */
import type { NodeView } from "./node_view.ts";
import type { OnnxNode } from "./onnx_model.ts";
import type { Tensor } from "./tensor.ts";

export interface AttentionGeometry {
  batch: number;
  /** Query heads. */
  heads: number;
  kvHeads: number;
  /** Head size of queries and keys. */
  headDim: number;
  valueDim: number;
  /** New tokens. */
  tokens: number;
  /** Keys of the new tokens and the past ones. */
  total: number;
  causal: boolean;
  /** Keys that a token sees, itself included; Infinity for all. */
  window: number;
  /** What is added to (or allows) the scores. */
  mask: Tensor | null;
  /** Axes of a query or key head that are turned by their position. */
  rotaryDim: number;
  /** Shapes of the caches that come out; null where the operator gives none. */
  present: { key: number[]; value: number[]; type: string } | null;
  /** Inputs that are caches of the past. */
  past: Tensor[];
  /** Shape of the result. */
  output: number[];
}

/** The geometry of a fused attention node, or null for another operator. */
export function attentionGeometry(n: NodeView): AttentionGeometry | null {
  switch (`${n.node.domain}:${n.node.opType}`) {
    case "com.microsoft:GroupQueryAttention":
      return groupQuery(n);
    case "com.microsoft:MultiHeadAttention":
      return multiHead(n);
    case "com.microsoft:Attention":
      return packedAttention(n);
    case ":Attention":
      return attention(n);
    default:
      return null;
  }
}

/**
 * `total_sequence_length` says how many keys a cache of fixed length holds; where its value is not known, the past
 * tensor is taken to hold past tokens only (a growing cache).
 */
function groupQuery(n: NodeView): AttentionGeometry {
  const heads = n.number("num_heads"), kvHeads = n.number("kv_num_heads");
  const [batch, tokens, width] = n.input(0).dims, packed = n.optional(1) === null;
  const headDim = width / (packed ? heads + 2 * kvHeads : heads);
  const past = [3, 4].map((i) => n.optional(i)).filter((x) => x !== null), slots = past[0]?.dims[2] ?? 0;
  const known = n.optional(6)?.values?.[0], sliding = n.number("sliding_window_cache", 0) === 1;
  const held = known ?? slots + tokens, window = n.number("local_window_size", -1);
  const length = sliding ? slots : Math.max(slots, held);
  const cache = [batch, kvHeads, length, past[0]?.dims[3] ?? headDim], cos = n.optional(7);
  return {
    batch,
    heads,
    kvHeads,
    headDim,
    valueDim: headDim,
    tokens,
    total: sliding ? Math.min(held, Math.max(slots, tokens)) : held,
    causal: n.number("causal", 1) === 1,
    window: window > 0 ? window : Infinity,
    mask: n.optional(10),
    rotaryDim: n.number("do_rotary", 0) && cos ? 2 * cos.dims[cos.dims.length - 1] : 0,
    present: { key: cache, value: cache, type: past[0]?.type ?? n.input(0).type },
    past,
    output: [batch, tokens, heads * headDim],
  };
}

/** Queries [B, S, D] or packed [B, S, H, 3, d]; keys [B, L, D], packed [B, L, H, 2, d], or already by head. */
function multiHead(n: NodeView): AttentionGeometry {
  const heads = n.number("num_heads"), q = n.input(0).dims, key = n.optional(1)?.dims, value = n.optional(2)?.dims;
  const headDim = q.length === 5 ? q[4] : q[2] / heads;
  const newKeys = key === undefined ? q[1] : key.length === 4 ? key[2] : key[1];
  const valueDim = value === undefined ? headDim : value.length === 4 ? value[3] : value[2] / heads;
  const past = [6, 7].map((i) => n.optional(i)).filter((x) => x !== null);
  const total = (past[0]?.dims[2] ?? 0) + newKeys;
  return {
    ...plain(n, q[0], heads, heads, headDim, valueDim, q[1], total, past),
    causal: n.number("unidirectional", 0) === 1,
    mask: n.optional(5),
    output: [q[0], q[1], heads * valueDim],
  };
}

/** One input, and the projections to queries, keys and values inside. */
function packedAttention(n: NodeView): AttentionGeometry {
  const heads = n.number("num_heads"), [batch, tokens] = n.input(0).dims, width = n.input(1).dims[1];
  const sizes = n.list("qkv_hidden_sizes") ?? [width / 3, width / 3, width / 3];
  const past = n.optional(4), total = (past?.dims[3] ?? 0) + tokens, headDim = sizes[0] / heads;
  return {
    ...plain(n, batch, heads, heads, headDim, sizes[2] / heads, tokens, total, past ? [past] : []),
    causal: n.number("unidirectional", 0) === 1,
    mask: n.optional(5),
    output: [batch, tokens, sizes[2]],
    present: null,
  };
}

/** ai.onnx: by head [B, H, S, d], or [B, S, H d] with the counts as attributes. */
function attention(n: NodeView): AttentionGeometry {
  const [q, k, v] = [0, 1, 2].map((i) => n.input(i).dims), byHead = q.length === 4;
  const heads = byHead ? q[1] : n.number("q_num_heads"), kvHeads = byHead ? k[1] : n.number("kv_num_heads");
  const tokens = byHead ? q[2] : q[1], past = [4, 5].map((i) => n.optional(i)).filter((x) => x !== null);
  const total = (past[0]?.dims[2] ?? 0) + (byHead ? k[2] : k[1]);
  const headDim = byHead ? q[3] : q[2] / heads, valueDim = byHead ? v[3] : v[2] / kvHeads;
  return {
    ...plain(n, q[0], heads, kvHeads, headDim, valueDim, tokens, total, past),
    causal: n.number("is_causal", 0) === 1,
    mask: n.optional(3),
    output: byHead ? [q[0], heads, tokens, valueDim] : [q[0], tokens, heads * valueDim],
  };
}

function plain(
  n: NodeView,
  batch: number,
  heads: number,
  kvHeads: number,
  headDim: number,
  valueDim: number,
  tokens: number,
  total: number,
  past: Tensor[],
): Omit<AttentionGeometry, "causal" | "mask" | "output"> {
  const cache = (width: number) => [batch, kvHeads, total, width];
  const present = { key: cache(headDim), value: cache(valueDim), type: n.input(0).type };
  return { batch, heads, kvHeads, headDim, valueDim, tokens, total, window: Infinity, rotaryDim: 0, present, past };
}

/** Whether an input is a table of the cosines or sines of positions. */
export function isTable({ opType, domain }: OnnxNode, input: number): boolean {
  if (opType === "GroupQueryAttention") return input === 7 || input === 8;
  const first = domain === "" ? 1 : 2;
  return opType === "RotaryEmbedding" && (input === first || input === first + 1);
}
