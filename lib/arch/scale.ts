/** A small sibling of an architecture: its proportions and patterns at another number of parameters. */
import { TOKENS } from "../check/common.ts";
import { object, optional } from "../check/objects.ts";
import { checkArgument, checkOptions } from "../check/options.ts";
import { integer, quantity } from "../check/rules.ts";
import { layerParameters, modelParameters } from "./blocks/layer.ts";
import { keepsPattern, type LayerPattern, layerPattern, stack } from "./layer_pattern.ts";
import { narrowerMixer, narrowerPosition, resizedChannel, roundTo } from "./narrower.ts";
import { ARCH_SPEC } from "./ref_fields.ts";
import type { ArchSpec, LayerSpec } from "./spec.ts";
import { MOST_LAYERS, MOST_TABLE } from "./spec_fields.ts";
import { validateSpec } from "./validate.ts";

export interface ScaleOptions {
  /** Parameters wanted, a tied head counted once. */
  parameters: number;
  /** Default: as it is; 258 is what the bytes tokenizer needs. */
  vocabSize?: number;
  /** Default: as it is. Windows that would be longer shrink with it. */
  contextLength?: number;
  /** Default: as many as keep the ratio of depth to width, two or more. */
  layers?: number;
}

/** A thousand times the largest models. */
export const PARAMETERS = quantity({ min: 1, max: 1e15 });
export const SCALE_OPTIONS = object<ScaleOptions>({
  parameters: PARAMETERS,
  vocabSize: optional(integer({ min: 1, max: MOST_TABLE })),
  contextLength: optional(TOKENS),
  layers: optional(integer({ min: 1, max: MOST_LAYERS })),
});

/** How far the parameters may be from those wanted. */
const TOLERANCE = 0.05;
/** Widths are multiples of it: int8 and int4 weights come in blocks of 32. */
const BLOCK = 32;
/** Where blocks are too coarse to come near, in small models: widths that only fp32 runs. */
const FINE = 8;
/** Intermediate sizes become at most so many times larger or smaller than the width's. */
const MOST_STRETCH = 8;

/**
 * A sibling of a spec with nearly so many parameters, never more than 5 % off. Kept: the ratios of depth to width and of
 * width to intermediate size, as far as whole numbers let; query heads a group of keys and values; the number of experts
 * a token is sent to and how many there are, which shrink together where the model is too small for them; a local and
 * global pattern over the layers that are left; a hybrid's pattern whole. Heads are of 16, 32, 64, 128 or 256. The same
 * spec and options give the same sibling.
 *
 * @returns A spec named "gemma-2-2b at 10.1 M".
 * @throws {RangeError} If no sibling is near enough, or the layers do not fit the pattern.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { scale } from "./scale.ts";
 * import { zoo } from "./zoo/zoo.ts";
 *
 * const small = scale(zoo("llama-3.2-1b"), { parameters: 10e6, vocabSize: 4096, contextLength: 2048 });
 * assert.equal(small.name, "llama-3.2-1b at 9.97 M");
 * ```
 */
export function scale(spec: ArchSpec, options: ScaleOptions): ArchSpec {
  checkArgument("Cannot scale", "spec", spec, ARCH_SPEC);
  checkOptions(`Cannot scale ${spec.name}`, options, SCALE_OPTIONS);
  const { parameters } = options;
  const wish = `Cannot scale ${spec.name} to ${amount(parameters)} parameters`;
  const base = withSizes(spec, options);
  validateSpec(base);
  const pattern = layerPattern(base.layers);
  if (options.layers !== undefined && !keepsPattern(pattern, options.layers)) {
    throw new RangeError(`${wish} in ${options.layers} layers: ${patternInWords(pattern)}`);
  }
  const outside = vocabularyAt(base, FINE);
  if (outside > parameters) {
    throw new RangeError(
      `${wish}: its vocabulary of ${base.vocabSize} alone has ${
        amount(outside)
      } at a width of ${FINE}; pass vocabSize ` +
        `(258 for the bytes tokenizer)`,
    );
  }
  const all = [...candidates(base, pattern, options)];
  const near = all.filter(({ off }) => off <= TOLERANCE);
  if (near.length) {
    const best = near.reduce((a, b) => b.penalty < a.penalty ? b : a);
    const { parts } = sibling(base, pattern, best);
    const found = { ...stacked(parts, best), name: `${spec.name} at ${amount(best.count)}` };
    validateSpec(found);
    return found;
  }
  const { count, width, layers } = all.reduce((a, b) => b.off < a.off ? b : a);
  throw new RangeError(
    `${wish}: the nearest sibling has ${amount(count)} (width ${width}, ${layers} layers); pass another vocabSize, ` +
      `other layers or another number`,
  );
}

/** What a sibling is made by. */
interface Shape {
  width: number;
  layers: number;
  /** Part of a mixture's experts that is left. */
  expertShare: number;
  /** Times as wide inside its channel mixers, in multiples of `unit`; 0: they stay fractions. */
  channelRatio: number;
  unit: number;
}

interface Candidate extends Shape {
  count: number;
  /** Distance of the count from the one wanted, 0.01 is 1 %. */
  off: number;
  /** What is lost of the proportions; the smallest is taken. */
  penalty: number;
}

function* candidates(base: ArchSpec, pattern: LayerPattern, options: ScaleOptions): Generator<Candidate> {
  const ideal = idealRatio(base, pattern, options) * base.hiddenSize, room = roomFor(pattern);
  const shares = expertShares(base, room);
  for (const width of widths(ideal, Math.min(512, room / shares.length))) {
    for (const layers of depths(base, pattern, width, options.layers)) {
      for (const expertShare of shares) {
        const proportion = Math.abs(Math.log(layers / base.layers.length / (width / base.hiddenSize)));
        const lost = (options.layers ? 0 : proportion) - 0.75 * Math.log(expertShare);
        for (const unit of [BLOCK, FINE]) {
          const found = fitted(base, pattern, { width, layers, expertShare, unit }, options.parameters);
          const fine = (width % BLOCK ? 0.3 : 0) + (unit === FINE ? 0.1 : 0);
          yield { ...found, penalty: found.penalty + lost + fine + 3 * found.off };
        }
      }
    }
  }
}

/** The sibling of a shape whose intermediate sizes bring it nearest to the wanted number of parameters. */
function fitted(
  base: ArchSpec,
  pattern: LayerPattern,
  shape: Omit<Shape, "channelRatio">,
  wanted: number,
): Candidate {
  const start = shape.width / base.hiddenSize;
  const countAt = (channelRatio: number, unit: number) => {
    const { parts, misfit } = sibling(base, pattern, { ...shape, channelRatio, unit });
    return { count: countParameters(parts, shape), misfit };
  };
  // Parameters grow in a straight line with the intermediate size.
  const atOne = countAt(start, 0).count, atTwo = countAt(2 * start, 0).count;
  const exact = atTwo > atOne ? 1 + (wanted - atOne) / (atTwo - atOne) : 1;
  const stretch = Math.min(MOST_STRETCH, Math.max(1 / MOST_STRETCH, exact)), channelRatio = start * stretch;
  const { count, misfit } = countAt(channelRatio, shape.unit);
  const penalty = misfit + Math.abs(Math.log(stretch));
  return { ...shape, channelRatio, count, off: Math.abs(count / wanted - 1), penalty };
}

/** A spec whose layers are a pattern, each kind once. */
interface Parts {
  spec: ArchSpec;
  pattern: LayerPattern;
}

/** The parts of the base at a shape; they are stacked when one is chosen. */
function sibling(base: ArchSpec, pattern: LayerPattern, shape: Shape): { parts: Parts; misfit: number } {
  const { width, expertShare, channelRatio, unit } = shape, ratio = width / base.hiddenSize;
  let misfit = 0;
  const narrow = (layer: LayerSpec): LayerSpec => {
    const { weightsLayer: _, ...rest } = layer;
    const mixer = narrowerMixer(layer.mixer, ratio);
    misfit = Math.max(misfit, mixer.misfit);
    const channel = resizedChannel(layer.channel, { ratio: channelRatio, expertShare, unit });
    return { ...rest, mixer: mixer.part, channel };
  };
  const small = { ...pattern, start: pattern.start.map(narrow), period: pattern.period.map(narrow) };
  const once = [...small.start, ...small.period];
  const spec: ArchSpec = {
    ...base,
    hiddenSize: width,
    layers: once,
    position: narrowerPosition(base.position, headRatio(base.layers, once)),
  };
  // Gemma's is the root of the width.
  if (base.embeddingScale !== undefined) spec.embeddingScale = base.embeddingScale * Math.sqrt(ratio);
  return { parts: { spec, pattern: small }, misfit };
}

function stacked({ spec, pattern }: Parts, { layers }: Pick<Shape, "layers">): ArchSpec {
  return { ...spec, layers: stack(pattern, layers) };
}

/** How much narrower the rotated heads became, by the first layer that has some. */
function headRatio(layers: LayerSpec[], narrow: LayerSpec[]): number {
  const dims = ({ mixer }: LayerSpec) =>
    mixer.kind === "attention" ? mixer.headDim : mixer.kind === "mla" ? mixer.ropeDim : 0;
  const i = narrow.findIndex((layer) => dims(layer) > 0);
  return i < 0 ? 1 : dims(narrow[i]) / dims(layers[i]);
}

/** The base with the vocabulary and context asked for. */
function withSizes(spec: ArchSpec, { vocabSize = spec.vocabSize, contextLength = spec.contextLength }: ScaleOptions) {
  const layers = spec.layers.map((layer): LayerSpec => {
    const { mixer } = layer;
    if (mixer.kind !== "attention" || mixer.window === undefined || mixer.window < contextLength) return layer;
    const window = Math.max(1, Math.round(mixer.window * contextLength / spec.contextLength));
    return { ...layer, mixer: { ...mixer, window } };
  });
  return { ...spec, vocabSize, contextLength, layers };
}

/** How much smaller the width must be, if depth and everything else go with it: the root of a cubic. */
function idealRatio(base: ArchSpec, pattern: LayerPattern, { parameters, layers }: ScaleOptions): number {
  const outside = vocabularyAt(base, base.hiddenSize),
    inside = countParameters({ spec: base, pattern }, { layers: base.layers.length }) - outside;
  const at = (ratio: number) =>
    outside * ratio + inside * ratio ** 2 * (layers === undefined ? ratio : layers / base.layers.length);
  let low = 0, high = 1;
  while (at(high) < parameters) high *= 2;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (at(middle) < parameters) low = middle;
    else high = middle;
  }
  return high;
}

/** Pairs of a width and a share of experts that are tried: a long pattern takes no longer than a short one. */
function roomFor({ start, period }: LayerPattern): number {
  return Math.min(2048, Math.max(8, Math.floor(8192 / (start.length + period.length))));
}

/** Widths around the ideal one, narrowest first; of many every second, fourth, ... */
function widths(ideal: number, most: number): number[] {
  let unit = ideal < 8 * BLOCK ? FINE : BLOCK;
  while (1.5 * ideal / unit > Math.max(8, most)) unit *= 2;
  const first = roundTo(ideal / 2, unit), last = roundTo(ideal * 2, unit);
  return Array.from({ length: (last - first) / unit + 1 }, (_, i) => first + i * unit);
}

/** Numbers of layers that keep the pattern and come nearest to the ratio of depth to width. */
function depths(base: ArchSpec, pattern: LayerPattern, width: number, layers: number | undefined): number[] {
  if (layers !== undefined) return [layers];
  const ideal = base.layers.length * width / base.hiddenSize;
  const most = Math.min(MOST_LAYERS, Math.ceil(2 * ideal) + pattern.start.length + pattern.period.length);
  const least = Math.min(2, base.layers.length), found: number[] = [];
  const distance = (n: number) => Math.abs(Math.log(n / ideal));
  let below = Math.min(most, Math.floor(ideal)), above = below + 1;
  while (found.length < 5 && (below >= least || above <= most)) {
    const isBelow = below >= least && (above > most || distance(below) <= distance(above));
    const n = isBelow ? below-- : above++;
    if (n >= least && keepsPattern(pattern, n)) found.push(n);
  }
  return found;
}

/** Shares of a mixture's experts that leave whole numbers of them, or one of them for each token; at most so many. */
function expertShares({ layers }: ArchSpec, most: number): number[] {
  const mixture = layers.find(({ channel }) => channel.kind === "moe")?.channel;
  if (mixture?.kind !== "moe") return [1];
  const { experts, topK } = mixture;
  const whole = Array.from({ length: topK }, (_, i) => topK - i).filter((k) => (experts * k) % topK === 0 || k === 1);
  const step = Math.ceil(whole.length / Math.max(1, most / 8));
  return whole.filter((_, i) => i % step === 0).map((k) => k / topK);
}

function vocabularyAt({ vocabSize, tiedHead }: ArchSpec, width: number): number {
  return vocabSize * width * (tiedHead ? 1 : 2);
}

/** Parameters of a stack, each part of its pattern counted once and taken as often as it stands there. */
function countParameters({ spec, pattern }: Parts, { layers }: Pick<Shape, "layers">): number {
  const sum = (list: { rows: number; cols: number }[]) => list.reduce((n, { rows, cols }) => n + rows * cols, 0);
  const { start, period } = pattern, repeated = layers - start.length;
  const times = (i: number) => i < start.length ? 1 : Math.ceil((repeated - (i - start.length)) / period.length);
  return [...start, ...period].reduce(
    (total, layer, i) => total + times(i) * sum(layerParameters(spec, layer)),
    sum(modelParameters(spec)),
  );
}

function patternInWords({ start, period, hybrid }: LayerPattern): string {
  const before = start.length ? `${start.length} + ` : "";
  return hybrid
    ? `its hybrid pattern of ${period.length} layers stays whole; pass ${before}a multiple of ${period.length}`
    : `its pattern needs at least ${before}${period.length}`;
}

/** 10.1 M */
function amount(parameters: number): string {
  for (const [size, unit] of [[1e9, " B"], [1e6, " M"], [1e3, " k"]] as const) {
    // 999.6 k is 1.00 M
    if (parameters >= size * 0.9995) return `${trimmed(parameters / size)}${unit}`;
  }
  return String(parameters);
}

/** Three digits. */
function trimmed(value: number): string {
  const digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return value.toFixed(digits);
}
