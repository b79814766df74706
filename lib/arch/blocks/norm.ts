/** Norms over the last axis: RMSNorm (Zhang and Sennrich 2019) and LayerNorm (Ba et al. 2016). */
import { MS } from "../../onnx/graph_builder.ts";
import type { Nodes } from "../nodes.ts";
import type { PackedTensor, Packer } from "../packer.ts";
import type { NormSpec } from "../spec.ts";
import { type Parameter, type ReadParameter, vector } from "./block.ts";

export type PackedNorm = { weight: PackedTensor; bias: PackedTensor | null };

/** The parameters of a norm called `name`; a LayerNorm's bias is `nameBias`. */
export function normParameters(norm: NormSpec, name: string, size: number): Parameter[] {
  return [vector(name, size), ...(norm.kind === "layernorm" ? [vector(`${name}Bias`, size, "zeros")] : [])];
}

export async function packNorm(norm: NormSpec, name: string, read: ReadParameter, packer: Packer): Promise<PackedNorm> {
  const weight = await packer.vector(name, await read(name));
  const bias = norm.kind === "layernorm" ? await packer.vector(`${name}Bias`, await read(`${name}Bias`)) : null;
  return { weight, bias };
}

export function emitNorm(nodes: Nodes, norm: NormSpec, x: string, { weight, bias }: PackedNorm): string {
  const attributes = { axis: -1, epsilon: { float: norm.epsilon } };
  if (!bias) return nodes.g.node("SimplifiedLayerNormalization", [x, nodes.weight(weight)], attributes);
  return nodes.g.node("LayerNormalization", [x, nodes.weight(weight), nodes.weight(bias)], attributes);
}

/** The norm of a sum, and the sum itself: one node for both. */
export function emitSumNorm(nodes: Nodes, norm: NormSpec, x: string, skip: string, { weight, bias }: PackedNorm) {
  const { g } = nodes;
  const sum = g.fresh("residual"), normed = g.fresh("normed");
  const epsilon = { float: norm.epsilon };
  const outputs = [normed, "", "", sum];
  if (bias) {
    const operands = [x, skip, nodes.weight(weight), nodes.weight(bias)];
    g.node("SkipLayerNormalization", operands, { epsilon }, { domain: MS, outputs });
  } else {
    g.node("SkipSimplifiedLayerNormalization", [x, skip, nodes.weight(weight)], { epsilon }, { domain: MS, outputs });
  }
  return { normed, sum };
}
