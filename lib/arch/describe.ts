/** Architectures in few words: what a block is, and which layers repeat. */
import type { ArchSpec, ChannelSpec, LayerSpec, MixerSpec, PositionSpec } from "./spec.ts";

/** Layers that repeat: `layers` after one another, `times` in a row. */
export interface LayerGroup {
  layers: LayerSpec[];
  times: number;
  /** Index of the first one. */
  first: number;
}

const count = (n: number) => n.toLocaleString("en-US");

/**
 * A mixer of tokens: "attention, 9 heads of 64, 3 of keys, window 1,024".
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { describeMixer } from "./describe.ts";
 *
 * const mixer = { kind: "attention", heads: 9, kvHeads: 3, headDim: 64, window: 1024 } as const;
 * assert.equal(describeMixer(mixer), "attention, 9 heads of 64, 3 of keys, window 1,024");
 * ```
 */
export function describeMixer(mixer: MixerSpec): string {
  switch (mixer.kind) {
    case "attention":
      return [
        `attention, ${mixer.heads} heads of ${mixer.headDim}`,
        mixer.kvHeads < mixer.heads ? `${mixer.kvHeads} of keys` : "",
        mixer.window ? `window ${count(mixer.window)}${mixer.sinks ? ` and ${mixer.sinks} sinks` : ""}` : "",
        mixer.qkNorm ? "q and k normed" : "",
        mixer.softcap ? `soft-cap ${mixer.softcap}` : "",
        mixer.outputGate ? "gated" : "",
      ].filter(Boolean).join(", ");
    case "mla":
      return `latent attention, ${mixer.heads} heads of ${mixer.nopeDim} + ${mixer.ropeDim}, ` +
        `${mixer.kvRank + mixer.ropeDim} cached a token`;
    case "linear": {
      const names = { linear: "linear attention", gated: "gated linear attention", delta: "DeltaNet" };
      const name = mixer.rule === "gated_delta" ? "gated DeltaNet" : names[mixer.rule];
      const convolution = mixer.convolution ? `, convolution ${mixer.convolution}` : "";
      return `${name}, ${mixer.heads} heads, state ${mixer.keyDim} x ${mixer.valueDim}${convolution}`;
    }
    case "mamba2":
      return `Mamba-2, ${mixer.heads} heads of ${mixer.headDim}, state ${mixer.stateDim}`;
    case "rwkv6":
      return `RWKV-6, ${mixer.heads} heads of ${mixer.headDim}`;
    case "convolution":
      return `gated convolution over ${mixer.kernel} tokens`;
  }
}

/** A mixer of channels: "SwiGLU 1,536". */
export function describeChannel(channel: ChannelSpec): string {
  const names = {
    swiglu: "SwiGLU",
    geglu: "GeGLU",
    gelu: "GELU",
    gelu_erf: "GELU",
    relu: "ReLU",
    relu2: "ReLU²",
    rwkv: "RWKV channel mix",
  };
  switch (channel.kind) {
    case "none":
      return "no channel mixer";
    case "moe": {
      const shared = channel.shared ? ` + shared ${count(channel.shared.intermediateSize)}` : "";
      return `MoE, ${channel.topK} of ${channel.experts} experts of ${count(channel.intermediateSize)}${shared}`;
    }
    default:
      return `${names[channel.kind]} ${count(channel.intermediateSize)}`;
  }
}

/** Positions: "RoPE 10,000". */
export function describePosition(position: PositionSpec): string {
  switch (position.kind) {
    case "rope": {
      const dims = position.dims ? ` on ${position.dims} dimensions` : "";
      return `RoPE ${count(position.theta)}${dims}${position.scaling ? `, ${position.scaling.kind} scaling` : ""}`;
    }
    case "learned":
      return "learned positions";
    case "alibi":
      return "ALiBi";
    case "none":
      return "no positions";
  }
}

/** The longest pattern of layers that is looked for. */
const LONGEST_PATTERN = 12;

/** The layers of a spec as repeated patterns, the shortest pattern that covers most at each place. */
export function layerGroups({ layers }: ArchSpec): LayerGroup[] {
  const keys = layers.map(({ weightsLayer: _, ...layer }) => JSON.stringify(layer));
  const groups: LayerGroup[] = [];
  for (let first = 0; first < layers.length;) {
    let best = { length: 1, times: 1 };
    for (let length = 1; length <= LONGEST_PATTERN; length++) {
      let times = 1;
      while (repeats(keys, first, first + times * length, length)) times++;
      if (times > 1 && length * times > best.length * best.times) best = { length, times };
    }
    groups.push({ layers: layers.slice(first, first + best.length), times: best.times, first });
    first += best.length * best.times;
  }
  return groups;
}

function repeats(keys: string[], a: number, b: number, length: number): boolean {
  if (b + length > keys.length) return false;
  for (let i = 0; i < length; i++) if (keys[a + i] !== keys[b + i]) return false;
  return true;
}
