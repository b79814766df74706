/** A layer made narrower (or wider): head sizes that kernels accept, groups and proportions as they were. */
import type { ChannelSpec, MixerSpec, PositionSpec } from "./spec.ts";

/** Sizes of a head that every kernel accepts, beside the architecture's own. */
const HEAD_DIMS = [16, 32, 64, 128, 256];

export interface Narrower<T> {
  part: T;
  /** How far its proportions are from the original's: 0 is none, 0.1 about 10 %. */
  misfit: number;
}

/** A mixer for a model `ratio` times as wide. */
export function narrowerMixer(mixer: MixerSpec, ratio: number): Narrower<MixerSpec> {
  switch (mixer.kind) {
    case "attention": {
      const { heads, groups, headDim, misfit } = headShape(mixer.heads, mixer.kvHeads, mixer.headDim, ratio);
      const part = { ...mixer, heads, kvHeads: groups, headDim };
      if (mixer.scale !== undefined) part.scale = mixer.scale * Math.sqrt(mixer.headDim / headDim);
      if (mixer.position) part.position = narrowerPosition(mixer.position, headDim / mixer.headDim);
      return { part, misfit };
    }
    case "mla": {
      // Every head has its own keys and values: one group each.
      const { heads, headDim: valueDim, misfit } = headShape(mixer.heads, mixer.heads, mixer.valueDim, ratio);
      const dim = (size: number) => roundTo(size * valueDim / mixer.valueDim, 8);
      const part = {
        ...mixer,
        heads,
        kvRank: roundTo(mixer.kvRank * ratio, 16),
        nopeDim: dim(mixer.nopeDim),
        ropeDim: dim(mixer.ropeDim),
        valueDim,
      };
      if (mixer.queryRank !== undefined) part.queryRank = roundTo(mixer.queryRank * ratio, 16);
      if (mixer.scale !== undefined) {
        part.scale = mixer.scale * Math.sqrt((mixer.nopeDim + mixer.ropeDim) / (part.nopeDim + part.ropeDim));
      }
      if (mixer.position) part.position = narrowerPosition(mixer.position, part.ropeDim / mixer.ropeDim);
      return { part, misfit };
    }
    case "linear": {
      const { keyHeads = mixer.heads } = mixer;
      const { heads, groups, headDim: valueDim, misfit } = headShape(mixer.heads, keyHeads, mixer.valueDim, ratio);
      const keyDim = roundTo(mixer.keyDim * valueDim / mixer.valueDim, 8);
      const part = { ...mixer, heads, keyDim, valueDim };
      if (mixer.keyHeads !== undefined) part.keyHeads = groups;
      if (mixer.position) part.position = narrowerPosition(mixer.position, keyDim / mixer.keyDim);
      return { part, misfit };
    }
    case "mamba2": {
      const { heads, groups, headDim, misfit } = headShape(mixer.heads, mixer.groups ?? 1, mixer.headDim, ratio);
      const stateDim = roundTo(mixer.stateDim * headDim / mixer.headDim, 16);
      return { part: { ...mixer, heads, headDim, stateDim, ...(mixer.groups && { groups }) }, misfit };
    }
    case "rwkv6": {
      const width = Math.round(mixer.heads * mixer.headDim * ratio), ideal = mixer.headDim * Math.sqrt(ratio);
      const misfitOf = (dim: number) => 0.2 * Math.abs(Math.log(dim / ideal));
      // Heads fill the width, a multiple of 8, whatever it is.
      const fitting = [...HEAD_DIMS, mixer.headDim].filter((dim) => dim <= mixer.headDim && width % dim === 0);
      const headDim = fitting.reduce((best, dim) => misfitOf(dim) < misfitOf(best) ? dim : best, fitting[0] ?? 8);
      const { mixRank = 32, decayRank = 64 } = mixer, rank = (size: number) => roundTo(size * ratio, 8);
      const ranks = { mixRank: rank(mixRank), decayRank: rank(decayRank) };
      return { part: { ...mixer, heads: width / headDim, headDim, ...ranks }, misfit: misfitOf(headDim) };
    }
    case "convolution":
      return { part: mixer, misfit: 0 };
  }
}

/** Rotary positions of heads `ratio` times as wide. */
export function narrowerPosition(position: PositionSpec, ratio: number): PositionSpec {
  if (position.kind !== "rope") return position;
  const { dims, scaling } = position;
  const narrow = { ...position };
  if (dims !== undefined) narrow.dims = roundTo(dims * ratio, 2);
  if (scaling?.kind === "factors") {
    const pairs = Math.max(1, Math.round(scaling.factors.length * ratio));
    const factors = Array.from({ length: pairs }, (_, i) => scaling.factors[Math.floor(i / ratio)]);
    narrow.scaling = { ...scaling, factors };
  }
  return narrow;
}

export interface ChannelSize {
  /** Times as wide inside. */
  ratio: number;
  /** Times as many experts, of which a token is sent to times as many. */
  expertShare: number;
  /** Sizes become multiples of it; 0: they stay fractions. */
  unit: number;
}

export function resizedChannel(channel: ChannelSpec, { ratio, expertShare, unit }: ChannelSize): ChannelSpec {
  if (channel.kind === "none") return channel;
  const size = (size: number) => unit ? roundTo(size * ratio, unit) : size * ratio;
  const intermediateSize = size(channel.intermediateSize);
  if (channel.kind !== "moe") return { ...channel, intermediateSize };
  const { shared, groups } = channel;
  return {
    ...channel,
    experts: roundTo(channel.experts * expertShare, groups?.count ?? 1),
    topK: Math.max(1, Math.round(channel.topK * expertShare)),
    intermediateSize,
    ...(shared && { shared: { ...shared, intermediateSize: size(shared.intermediateSize) } }),
  };
}

/** The nearest multiple, at least one. */
export function roundTo(value: number, unit: number): number {
  return Math.max(1, Math.round(value / unit)) * unit;
}

/**
 * Heads of a mixer `ratio` times as wide: their size goes with the root of it, their number does the rest; so many of
 * them share a group's keys as before. One group stays one group, with at least two heads.
 */
function headShape(heads: number, groups: number, headDim: number, ratio: number) {
  const width = heads * headDim * ratio, ideal = headDim * Math.sqrt(ratio);
  const shapes = [...HEAD_DIMS.filter((dim) => dim < headDim), headDim].map((dim) => {
    const shared = groups === 1
      ? { heads: Math.max(Math.min(2, heads), Math.round(width / dim)), groups: 1 }
      : inGroups(heads / groups, width / dim);
    const total = shared.heads * dim;
    const misfit = Math.abs(Math.log(total / width)) + 0.2 * Math.abs(Math.log(dim / ideal)) +
      (total % 32 === 0 ? 0 : 0.1); // int4 and int8 need blocks of 32
    return { ...shared, headDim: dim, misfit };
  });
  return shapes.reduce((best, shape) => shape.misfit < best.misfit ? shape : best);
}

function inGroups(size: number, heads: number) {
  const groups = Math.max(1, Math.round(heads / size));
  return { heads: groups * size, groups };
}
