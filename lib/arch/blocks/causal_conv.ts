/** The causal depthwise convolution of recurrent mixers, whose last inputs are a state from run to run. */
import { MS } from "../../onnx/graph_builder.ts";
import type { PackedTensor, Packer } from "../packer.ts";
import { dequantise } from "../quant_blocks.ts";
import type { Place, ReadParameter, StateShape } from "./block.ts";

/** The inputs that the next token still sees: those of the kernel's taps but one. */
export function convolutionState(channels: number, taps: number): StateShape {
  return { name: "convolution", dims: [taps - 1, channels], type: "float32" };
}

/** The parameter `convolution`, [channels][taps], in the layout of a depthwise convolution. */
export async function packKernel(read: ReadParameter, packer: Packer): Promise<PackedTensor> {
  const kernel = await read("convolution");
  return packer.tensor("convolution", "float32", [kernel.rows, 1, kernel.cols], dequantise(kernel));
}

/** [batch, tokens, channels] in and out: each channel is the sum of its last inputs times the taps, plus the bias. */
export function emitCausalConv(
  { nodes, inputs, layer }: Place,
  x: string,
  kernel: PackedTensor,
  bias: PackedTensor | null = null,
): string {
  const { g } = nodes, { past, present } = inputs.state(layer, "convolution"), convolved = g.fresh("convolved");
  const operands = [x, nodes.weight(kernel), bias ? nodes.weight(bias) : "", past];
  // The operator's own activation takes five times as long as the convolution (512 tokens of 1,152 channels, CPU).
  const attributes = { activation: "none", channels_last: 1 };
  return g.node("CausalConvWithState", operands, attributes, { domain: MS, outputs: [convolved, present] });
}
