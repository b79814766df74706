/** Channel mixers without routing: gated and plain MLPs. */
import { MS } from "../../onnx/graph_builder.ts";
import type { PackedLinear, PackedTensor } from "../packer.ts";
import type { ArchSpec, GatedMlpSpec, MlpSpec } from "../spec.ts";
import { type Block, matrix, vector } from "./block.ts";

type PackedGatedMlp = { gate: PackedLinear; up: PackedLinear; down: PackedLinear };

/** down(act(gate(x)) * up(x)): Shazeer 2020 (arXiv 2002.05202). */
export function gatedMlp(
  { hiddenSize: D }: ArchSpec,
  { kind, intermediateSize: F }: GatedMlpSpec,
): Block<PackedGatedMlp> {
  return {
    parameters: [matrix("gate", F, D), matrix("up", F, D), matrix("down", D, F)],
    states: [],
    pack: async (read, packer) => ({
      gate: await packer.linear("gate", await read("gate")),
      up: await packer.linear("up", await read("up")),
      down: await packer.linear("down", await read("down")),
    }),
    emit({ nodes }, weights, x) {
      const { g } = nodes;
      const gate = nodes.linear(x, weights.gate);
      // QuickGelu with alpha 1 is x * sigmoid(x), SiLU, in one pass.
      const activated = kind === "swiglu"
        ? g.node("QuickGelu", [gate], { alpha: { float: 1 } }, { domain: MS })
        : g.node("FastGelu", [gate], {}, { domain: MS });
      return nodes.linear(g.node("Mul", [activated, nodes.linear(x, weights.up)]), weights.down);
    },
  };
}

type PackedMlp = { up: PackedLinear; down: PackedLinear; upBias: PackedTensor | null; downBias: PackedTensor | null };

/** down(act(up(x))), with biases where the spec has them. */
export function mlp(
  { hiddenSize: D }: ArchSpec,
  { kind, intermediateSize: F, bias = false }: MlpSpec,
): Block<PackedMlp> {
  return {
    parameters: [
      matrix("up", F, D),
      ...(bias ? [vector("upBias", F, "zeros")] : []),
      matrix("down", D, F),
      ...(bias ? [vector("downBias", D, "zeros")] : []),
    ],
    states: [],
    pack: async (read, packer) => ({
      up: await packer.linear("up", await read("up")),
      upBias: bias ? await packer.vector("upBias", await read("upBias")) : null,
      down: await packer.linear("down", await read("down")),
      downBias: bias ? await packer.vector("downBias", await read("downBias")) : null,
    }),
    emit({ nodes }, weights, x) {
      const { g } = nodes;
      const inner = nodes.affine(x, weights.up, weights.upBias);
      return nodes.affine(activate(inner), weights.down, weights.downBias);

      function activate(value: string): string {
        switch (kind) {
          case "gelu":
            return g.node("FastGelu", [value], {}, { domain: MS });
          case "gelu_erf":
            return g.node("Gelu", [value]);
          case "relu":
            return g.node("Relu", [value]);
          case "relu2": {
            const positive = g.node("Relu", [value]);
            return g.node("Mul", [positive, positive]);
          }
        }
      }
    },
  };
}
