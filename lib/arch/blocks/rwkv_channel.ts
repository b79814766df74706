/** RWKV's channel mix (Peng et al. 2024, arXiv 2404.05892): an MLP with a gate, whose inputs see the token before. */
import type { PackedLinear, PackedTensor } from "../packer.ts";
import type { ArchSpec, RwkvChannelSpec } from "../spec.ts";
import { type Block, matrix, vector } from "./block.ts";
import { emitMix, emitShiftedBy, shiftState } from "./token_shift.ts";

type PackedRwkvChannel = {
  upMix: PackedTensor;
  receptanceMix: PackedTensor;
  up: PackedLinear;
  receptance: PackedLinear;
  down: PackedLinear;
};

/** sigmoid(receptance(x_r)) * down(relu(up(x_k))^2); the paper calls `up` the key and `down` the value. */
export function rwkvChannel(
  { hiddenSize: D }: ArchSpec,
  { intermediateSize: F }: RwkvChannelSpec,
): Block<PackedRwkvChannel> {
  return {
    parameters: [
      vector("upMix", D, "fraction"),
      vector("receptanceMix", D, "fraction"),
      matrix("up", F, D),
      matrix("receptance", D, D),
      matrix("down", D, F),
    ],
    states: [shiftState("channelShift", D)],
    pack: async (read, packer) => ({
      upMix: await packer.vector("upMix", await read("upMix")),
      receptanceMix: await packer.vector("receptanceMix", await read("receptanceMix")),
      up: await packer.linear("up", await read("up")),
      receptance: await packer.linear("receptance", await read("receptance")),
      down: await packer.linear("down", await read("down")),
    }),
    emit(place, weights, x) {
      const { nodes } = place, { g } = nodes;
      const shiftedBy = emitShiftedBy(place, "channelShift", x);
      const positive = g.node("Relu", [nodes.linear(emitMix(place, x, shiftedBy, weights.upMix), weights.up)]);
      const value = nodes.linear(g.node("Mul", [positive, positive]), weights.down);
      const receptance = nodes.linear(emitMix(place, x, shiftedBy, weights.receptanceMix), weights.receptance);
      return g.node("Mul", [g.node("Sigmoid", [receptance]), value]);
    },
  };
}
