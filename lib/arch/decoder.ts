/** The nodes that every graph of a decoder shares: embedding, layers, final norm, head. */
import { type GraphBuilder, MS } from "../onnx/graph_builder.ts";
import type { DecoderInputs } from "./blocks/block.ts";
import { layerBlocks, type NormName } from "./blocks/layer.ts";
import { emitNorm, emitSumNorm, type PackedNorm } from "./blocks/norm.ts";
import { Nodes } from "./nodes.ts";
import type { PackedWeights } from "./packed_weights.ts";
import { ropeKey, ropeOf, type RopeTable } from "./rope_tables.ts";
import type { ArchSpec } from "./spec.ts";

/** The files that a graph reads beside itself. */
export interface GraphWeights {
  weights: PackedWeights;
  rope: RopeTable[];
}

export class Decoder {
  readonly nodes: Nodes;

  /** Nodes go into `g`, weights and constants to `root` (the same builder, or the outer one of a subgraph). */
  constructor(root: GraphBuilder, g: GraphBuilder, readonly spec: ArchSpec, readonly data: GraphWeights) {
    this.nodes = new Nodes(root, g);
  }

  /**
   * Embedding, layers and final norm: float32 [batch, tokens, hidden].
   *
   * @param wanted Names an int64 [rows] of indexes into batch x tokens: only these rows are given then, [1, rows, hidden],
   * and what works on each token alone behind the last mixing of tokens runs on them alone.
   */
  hidden(inputs: DecoderInputs, wanted?: string): string {
    const { nodes, spec, data: { weights } } = this;
    const stream = new Residual(nodes, spec, this.#embed(inputs));
    spec.layers.forEach((layer, i) => {
      const blocks = layerBlocks(spec, layer), packed = weights.layers[i];
      const place = { nodes, inputs, layer: i, rope: () => this.rope(i) };
      const mixer = (x: string) => blocks.mixer.emit(place, packed.mixer, x);
      const channel = (x: string) => blocks.channel.emit(place, packed.channel, x);
      const both = layer.channel.kind !== "none";
      const norm = (name: NormName) => packed.norms[name];
      const lastMixed = () => {
        if (i === spec.layers.length - 1 && blocks.channel.states.length === 0) keepWanted();
      };
      switch (layer.placement ?? "pre") {
        case "pre":
          stream.add(mixer(stream.normed(norm("mixerNorm"))));
          lastMixed();
          if (both) stream.add(channel(stream.normed(norm("channelNorm"))));
          break;
        case "post":
          stream.add(emitNorm(nodes, spec.norm, mixer(stream.value()), norm("mixerPostNorm")));
          lastMixed();
          if (both) stream.add(emitNorm(nodes, spec.norm, channel(stream.value()), norm("channelPostNorm")));
          break;
        case "sandwich": {
          const mixed = mixer(stream.normed(norm("mixerNorm")));
          stream.add(emitNorm(nodes, spec.norm, mixed, norm("mixerPostNorm")));
          lastMixed();
          if (!both) break;
          const channelled = channel(stream.normed(norm("channelNorm")));
          stream.add(emitNorm(nodes, spec.norm, channelled, norm("channelPostNorm")));
          break;
        }
        case "parallel": {
          const x = stream.normed(norm("mixerNorm"));
          const other = emitNorm(nodes, spec.norm, stream.value(), norm("channelNorm"));
          stream.add(nodes.g.node("Add", [mixer(x), channel(other)]));
          break;
        }
        case "parallel_shared": {
          const x = stream.normed(norm("mixerNorm"));
          stream.add(nodes.g.node("Add", [mixer(x), channel(x)]));
        }
      }
    });
    keepWanted();
    return stream.normed(weights.finalNorm);

    function keepWanted(): void {
      if (wanted) stream.keep(wanted);
      wanted = undefined;
    }
  }

  /** Logits of rows of the hidden state: [rows, hidden] -> [rows, vocabSize]; `rank` is the number of axes. */
  head(rows: string, rank = 2): string {
    const { nodes, spec, data: { weights } } = this;
    const logits = nodes.affine(rows, weights.head, weights.headBias, rank);
    if (spec.logitSoftcap === undefined) return logits;
    const cap = nodes.float(spec.logitSoftcap);
    return nodes.g.node("Mul", [nodes.g.node("Tanh", [nodes.g.node("Div", [logits, cap])]), cap]);
  }

  /** The head on the last token of each row: float32 [batch, tokens, hidden] -> [batch, vocab]. */
  lastLogits(hidden: string): string {
    const { g } = this.nodes;
    return this.head(g.node("Gather", [hidden, this.nodes.root.literal("int64", [], [-1])], { axis: 1 }));
  }

  /** The tables of a layer's rotary positions and how many dimensions they turn, or null where it has none. */
  rope(layer: number): { cos: string; sin: string; dims: number } | null {
    const choice = ropeOf(this.spec, this.spec.layers[layer]);
    if (!choice) return null;
    const table = this.data.rope.find(({ key }) => key === ropeKey(choice))!;
    return { cos: this.nodes.weight(table.cos), sin: this.nodes.weight(table.sin), dims: choice.dims };
  }

  #embed(inputs: DecoderInputs): string {
    const { nodes, spec, data: { weights: { embedding: e, embeddingNorm, positions } } } = this;
    const { g } = nodes;
    let x = e.form === "dense"
      ? g.node("Gather", [nodes.weight(e.table), inputs.ids])
      : g.node("GatherBlockQuantized", [nodes.weight(e.q), inputs.ids, nodes.weight(e.scales)], {
        bits: e.bits,
        block_size: e.blockSize,
        gather_axis: 0,
        quantize_axis: 1,
      }, { domain: MS });
    if (spec.embeddingScale !== undefined) x = g.node("Mul", [x, nodes.float(spec.embeddingScale)]);
    if (embeddingNorm) x = emitNorm(nodes, spec.norm, x, embeddingNorm);
    if (positions) x = g.node("Add", [x, g.node("Gather", [nodes.weight(positions), inputs.positions()])]);
    return x;
  }
}

/** The residual stream; the last block's output is added together with the next norm, in one node. */
class Residual {
  #delta: string | null = null;
  #sum: string;

  constructor(readonly nodes: Nodes, readonly spec: ArchSpec, start: string) {
    this.#sum = start;
  }

  add(delta: string): void {
    this.#sum = this.value();
    this.#delta = delta;
  }

  /** Go on with some rows only, indexes into batch x tokens. */
  keep(rows: string): void {
    const { nodes, spec: { hiddenSize } } = this;
    const chosen = (x: string) => nodes.g.node("Gather", [nodes.reshape(x, [1, -1, hiddenSize]), rows], { axis: 1 });
    this.#sum = chosen(this.#sum);
    if (this.#delta !== null) this.#delta = chosen(this.#delta);
  }

  value(): string {
    if (this.#delta !== null) {
      this.#sum = this.nodes.g.node("Add", [this.#sum, this.#delta]);
      this.#delta = null;
    }
    return this.#sum;
  }

  normed(weight: PackedNorm): string {
    if (this.#delta === null) return emitNorm(this.nodes, this.spec.norm, this.#sum, weight);
    const { normed, sum } = emitSumNorm(this.nodes, this.spec.norm, this.#sum, this.#delta, weight);
    this.#sum = sum;
    this.#delta = null;
    return normed;
  }
}
