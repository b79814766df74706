/** The trainable form of an architecture: the same function as its fused graphs, of operators that have gradients. */
import { ropeKey, ropeOf, ropeTable } from "../arch/rope_tables.ts";
import type { ArchSpec, ChannelSpec, LayerSpec, MixerSpec } from "../arch/spec.ts";
import { attention } from "./blocks/attention.ts";
import { gatedConvolution } from "./blocks/convolution.ts";
import { gatedMlp, mlp } from "./blocks/channel.ts";
import { linearAttention } from "./blocks/linear_attention.ts";
import { mamba2 } from "./blocks/mamba2.ts";
import { mla } from "./blocks/mla.ts";
import { moe } from "./blocks/moe.ts";
import { emitNorm } from "./blocks/norm.ts";
import type { TrainPlace } from "./blocks/place.ts";
import type { Ops, Tensor } from "./ops.ts";
import type { Rotation } from "./token_ops.ts";

export interface TrainShape {
  /** Sequences. */
  batch: number;
  /** Of each sequence. */
  tokens: number;
}

/**
 * Emit an architecture.
 *
 * @param parameter Gives a parameter by its name in a weights file: "embedding", "layers.0.q".
 * @param ids int64 [batch * tokens].
 * @param rows int64 [n]: the tokens, counted over the whole batch, whose logits are wanted; null: all.
 * @returns Logits, float32 [n or batch * tokens, vocabSize].
 */
export function emitForward(
  ops: Ops,
  spec: ArchSpec,
  shape: TrainShape,
  parameter: (name: string) => Tensor,
  ids: Tensor,
  rows: Tensor | null,
): Tensor {
  const rotations = new Map<string, Rotation>();
  ops.block = "embedding";
  let x = ops.gather(parameter("embedding"), ids);
  if (spec.embeddingScale !== undefined) x = ops.mul(x, ops.scalar(spec.embeddingScale));
  const outside = { ops, spec, ...shape, parameter, rotation: null };
  if (spec.embeddingNorm) x = emitNorm(outside, x, "embeddingNorm");
  if (spec.position.kind === "learned") {
    x = ops.add(x, ops.gather(parameter("positions"), ops.int64(positionsOf(shape))));
  }
  spec.layers.forEach((layer, i) => {
    const place = {
      ops,
      spec,
      ...shape,
      parameter: (name: string) => parameter(`layers.${layer.weightsLayer ?? i}.${name}`),
      rotation: rotationOf(layer),
    };
    x = emitLayer(place, layer, i, x);
  });
  ops.block = "head";
  const last = emitNorm(outside, rows ? ops.gather(x, rows) : x, "finalNorm");
  let logits = ops.matMul(last, parameter(spec.tiedHead ? "embedding" : "head"), { transB: true });
  if (spec.headBias) logits = ops.add(logits, parameter("headBias"));
  if (spec.logitSoftcap === undefined) return logits;
  const cap = ops.scalar(spec.logitSoftcap);
  return ops.mul(ops.unary("Tanh", ops.div(logits, cap)), cap);

  function rotationOf(layer: LayerSpec): Rotation | null {
    const choice = ropeOf(spec, layer);
    if (!choice) return null;
    const key = ropeKey(choice), known = rotations.get(key);
    if (known) return known;
    const table = ropeTable(choice, shape.tokens), dims = [shape.tokens, choice.dims / 2];
    const rotation = {
      positions: ops.int64(positionsOf(shape), [shape.batch, shape.tokens]),
      cos: ops.constant([...table.cos], dims),
      sin: ops.constant([...table.sin], dims),
    };
    rotations.set(key, rotation);
    return rotation;
  }
}

/** One layer: [batch * tokens, hiddenSize] in and out. */
function emitLayer(place: TrainPlace, layer: LayerSpec, index: number, x: Tensor): Tensor {
  const { ops } = place, { placement = "pre" } = layer;
  const norm = (name: string, y: Tensor) => emitNorm(place, y, name);
  const mix = (y: Tensor) => {
    ops.block = `layers[${index}].mixer (${layer.mixer.kind})`;
    return emitMixer(place, layer.mixer, y);
  };
  const through = (y: Tensor) => {
    ops.block = `layers[${index}].channel (${layer.channel.kind})`;
    return emitChannel(place, layer.channel, y);
  };
  const both = layer.channel.kind !== "none";
  switch (placement) {
    case "pre": {
      const mixed = ops.add(x, mix(norm("mixerNorm", x)));
      return both ? ops.add(mixed, through(norm("channelNorm", mixed))) : mixed;
    }
    case "post": {
      const mixed = ops.add(x, norm("mixerPostNorm", mix(x)));
      return both ? ops.add(mixed, norm("channelPostNorm", through(mixed))) : mixed;
    }
    case "sandwich": {
      const mixed = ops.add(x, norm("mixerPostNorm", mix(norm("mixerNorm", x))));
      return both ? ops.add(mixed, norm("channelPostNorm", through(norm("channelNorm", mixed)))) : mixed;
    }
    case "parallel":
      return ops.sum([x, mix(norm("mixerNorm", x)), through(norm("channelNorm", x))]);
    case "parallel_shared": {
      const normed = norm("mixerNorm", x);
      return ops.sum([x, mix(normed), through(normed)]);
    }
  }
}

function emitMixer(place: TrainPlace, mixer: MixerSpec, x: Tensor): Tensor {
  const { kind } = mixer;
  switch (mixer.kind) {
    case "attention":
      return attention(place, mixer, x);
    case "mla":
      return mla(place, mixer, x);
    case "linear":
      return linearAttention(place, mixer, x);
    case "mamba2":
      return mamba2(place, mixer, x);
    case "convolution":
      return gatedConvolution(place, x);
    default:
      throw new TypeError(`Mixer ${kind} has no trainable form`); // checkTrainable says it first
  }
}

function emitChannel(place: TrainPlace, channel: ChannelSpec, x: Tensor): Tensor {
  const { kind } = channel;
  switch (channel.kind) {
    case "swiglu":
    case "geglu":
      return gatedMlp(place, channel, x);
    case "gelu":
    case "gelu_erf":
    case "relu":
    case "relu2":
      return mlp(place, channel, x);
    case "moe":
      return moe(place, channel, x);
    default:
      throw new TypeError(`Channel mixer ${kind} has no trainable form`);
  }
}

/** Where each token of a batch stands in its sequence. */
function positionsOf({ batch, tokens }: TrainShape): number[] {
  return Array.from({ length: batch * tokens }, (_, i) => i % tokens);
}
