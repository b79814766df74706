/** A Llama-like graph written by hand for the tests of costs, with weights that lie nowhere. */
import { GraphBuilder, MS } from "../../lib/onnx/graph_builder.ts";

export interface LlamaSizes {
  hidden: number;
  layers: number;
  heads: number;
  kvHeads: number;
  headDim: number;
  inner: number;
  vocab: number;
  window?: number;
  /** Rows that the head runs on. */
  logits: "all" | "last";
}

/** The published shape of SmolLM2-135M. */
export const SMOLLM2: LlamaSizes = {
  hidden: 576,
  layers: 30,
  heads: 9,
  kvHeads: 3,
  headDim: 64,
  inner: 1536,
  vocab: 49152,
  logits: "last",
};

/** Inputs ids [batch, tokens], seqlens [batch], total_length [], past.L.key|value [batch, kvHeads, past, headDim]. */
export function llamaGraph(sizes: LlamaSizes): Uint8Array {
  const { hidden: D, heads, kvHeads, headDim, inner: F, vocab, window, logits } = sizes;
  const g = new GraphBuilder("llama");
  let offset = 0;
  const weight = (name: string, ...dims: number[]) => {
    const length = 4 * dims.reduce((a, b) => a * b), at = { location: "none.bin", offset, length };
    offset += length;
    return g.weight(name, "float32", dims, at);
  };
  g.input("ids", "int64", ["batch", "tokens"]);
  g.input("seqlens", "int32", ["batch"]);
  g.input("total_length", "int32", []);
  const table = weight("embedding", vocab, D);
  const cos = weight("rope.cos", 8192, headDim / 2), sin = weight("rope.sin", 8192, headDim / 2);
  let residual = g.node("Gather", [table, "ids"]), delta = "";
  const norm = (name: string) => {
    if (delta === "") return g.node("SimplifiedLayerNormalization", [residual, weight(name, D)], { axis: -1 });
    const sum = g.fresh("residual"), normed = g.fresh("normed");
    const inputs = [residual, delta, weight(name, D)];
    g.node("SkipSimplifiedLayerNormalization", inputs, {}, { domain: MS, outputs: [normed, "", "", sum] });
    residual = sum;
    return normed;
  };
  for (let i = 0; i < sizes.layers; i++) {
    const at = (name: string) => `layers.${i}.${name}`, caches = ["key", "value"];
    for (const kind of caches) g.input(`past.${i}.${kind}`, "float32", ["batch", kvHeads, "past", headDim]);
    const qkv = g.node("MatMul", [norm(at("norm1")), weight(at("qkv"), D, (heads + 2 * kvHeads) * headDim)]);
    const attended = g.fresh("attended"), past = caches.map((kind) => `past.${i}.${kind}`);
    g.node("GroupQueryAttention", [qkv, "", "", ...past, "seqlens", "total_length", cos, sin], {
      num_heads: heads,
      kv_num_heads: kvHeads,
      do_rotary: 1,
      ...(window === undefined ? {} : { local_window_size: window }),
    }, { domain: MS, outputs: [attended, ...caches.map((kind) => `present.${i}.${kind}`)] });
    delta = g.node("MatMul", [attended, weight(at("o"), heads * headDim, D)]);
    const x = norm(at("norm2"));
    const gate = g.node("MatMul", [x, weight(at("gate"), D, F)]), up = g.node("MatMul", [x, weight(at("up"), D, F)]);
    const activated = g.node("QuickGelu", [gate], { alpha: { float: 1 } }, { domain: MS });
    delta = g.node("MatMul", [g.node("Mul", [activated, up]), weight(at("down"), F, D)]);
    for (const kind of caches) g.output(`present.${i}.${kind}`, "float32", ["batch", kvHeads, "total", headDim]);
  }
  const normed = norm("finalNorm"), last = g.constant("minus_1", "int64", [], [-1]);
  const rows = logits === "all" ? normed : g.node("Gather", [normed, last], { axis: 1 });
  g.node("FusedMatMul", [rows, table], { transB: 1 }, { domain: MS, outputs: ["logits"] });
  g.output("logits", "float32", logits === "all" ? ["batch", "tokens", vocab] : ["batch", vocab]);
  return g.model();
}
