/** A gated short convolution in place of attention, as LFM2 has it. */
import type { PackedLinear, PackedTensor } from "../packer.ts";
import type { ArchSpec, ConvolutionSpec } from "../spec.ts";
import { type Block, convolution as kernelOf, matrix } from "./block.ts";
import { convolutionState, emitCausalConv, packKernel } from "./causal_conv.ts";

type PackedConvolution = { in: PackedLinear; convolution: PackedTensor; o: PackedLinear };

/** o(c * conv(b * x)) with b, c and x from one matrix `in`, in this order. */
export function convolution({ hiddenSize: D }: ArchSpec, { kernel }: ConvolutionSpec): Block<PackedConvolution> {
  return {
    parameters: [matrix("in", 3 * D, D), kernelOf("convolution", D, kernel), matrix("o", D, D)],
    states: [convolutionState(D, kernel)],
    pack: async (read, packer) => ({
      in: await packer.linear("in", await read("in")),
      convolution: await packKernel(read, packer),
      o: await packer.linear("o", await read("o")),
    }),
    emit(place, weights, hidden) {
      const { nodes } = place, { g } = nodes;
      const [b, c, x] = nodes.split(nodes.linear(hidden, weights.in), [D, D, D]);
      const convolved = emitCausalConv(place, g.node("Mul", [b, x]), weights.convolution);
      return nodes.linear(g.node("Mul", [c, convolved]), weights.o);
    },
  };
}
