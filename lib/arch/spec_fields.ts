/** The fields of a spec: which there are, which may be left out, and what each may hold. JSON comes from anywhere. */
import { Check, shown } from "../check/check.ts";
import { byKind, object, optional } from "../check/objects.ts";
import { flag, list, number, oneOf, type Rule, text } from "../check/rules.ts";
import type {
  ArchSpec,
  ChannelSpec,
  LayerSpec,
  MixerSpec,
  MoeSpec,
  NormSpec,
  PositionSpec,
  RopeScaling,
} from "./spec.ts";

/** More layers than any model has; patterns in them are searched for. */
export const MOST_LAYERS = 4096;
/** Lengths are int32 in onnxruntime's attention. */
const LONGEST = 2 ** 31 - 1;
/** Sizes beyond those of any model: what is counted or listed by them takes no time worth a word. */
export const MOST_WIDTH = 2 ** 20, MOST_TABLE = 2 ** 24, MOST_HEADS = 2 ** 16;

/** The words of an error about a spec. */
export function specCheck(name: unknown): Check {
  return new Check(`Cannot build architecture ${shown(name)}`, { whole: "the spec", part: "field" });
}

const size = (max: number): Rule<number> => {
  const whole = number("a positive integer", (n) => Number.isInteger(n) && n > 0);
  return (check, at, value) => {
    whole(check, at, value);
    if (value as number > max) check.fail(`${at} must be at most ${max}, got ${value}`);
  };
};
const width = size(MOST_WIDTH), wide = size(MOST_TABLE), few = size(MOST_HEADS), whole = size(LONGEST);
const index = number("a whole number", (n) => Number.isSafeInteger(n) && n >= 0);
const positive = number("positive", (n) => n > 0 && Number.isFinite(n));
const finite = number("a finite number", Number.isFinite);

const pair = (each: Rule<number>): Rule<[number, number]> => (check, at, value) => {
  list(each)(check, at, value);
  if ((value as unknown[]).length !== 2) check.wrong(`${at} must be two numbers, got ${shown(value)}`);
};

export const SCALING = byKind<RopeScaling>({
  linear: { factor: positive },
  ntk: { factor: positive },
  yarn: {
    factor: positive,
    originalContext: whole,
    betaFast: optional(positive),
    betaSlow: optional(positive),
    attentionFactor: optional(positive),
  },
  llama3: { factor: positive, lowFrequency: positive, highFrequency: positive, originalContext: whole },
  factors: { factors: list(positive), attentionFactor: optional(positive) },
});

const position = byKind<PositionSpec>({
  rope: { theta: positive, dims: optional(few), scaling: optional(SCALING) },
  learned: {},
  alibi: {},
  none: {},
});

const mixer = byKind<MixerSpec>({
  attention: {
    heads: few,
    kvHeads: few,
    headDim: few,
    window: optional(whole),
    sinks: optional(whole),
    position: optional(position),
    scale: optional(positive),
    softcap: optional(positive),
    qkNorm: optional(oneOf("head", "full")),
    qkvBias: optional(flag),
    outputBias: optional(flag),
    outputGate: optional(flag),
  },
  mla: {
    heads: few,
    queryRank: optional(few),
    kvRank: few,
    nopeDim: few,
    ropeDim: few,
    valueDim: few,
    position: optional(position),
    scale: optional(positive),
  },
  linear: {
    rule: oneOf("linear", "gated", "delta", "gated_delta"),
    heads: few,
    keyHeads: optional(few),
    keyDim: few,
    valueDim: few,
    decay: optional(oneOf("mamba", "retnet", "channel")),
    convolution: optional(few),
    normalise: optional(flag),
    position: optional(position),
    outputGate: optional(flag),
  },
  mamba2: {
    heads: few,
    headDim: few,
    stateDim: few,
    groups: optional(few),
    convolution: optional(few),
    timeStepLimit: optional(pair(finite)),
  },
  convolution: { kernel: few },
  rwkv6: { heads: few, headDim: few, mixRank: optional(few), decayRank: optional(few) },
});

const gated = { intermediateSize: wide };
const plain = { intermediateSize: wide, bias: optional(flag) };
const channel = byKind<ChannelSpec>({
  swiglu: gated,
  geglu: gated,
  gelu: plain,
  gelu_erf: plain,
  relu: plain,
  relu2: plain,
  moe: {
    experts: few,
    topK: few,
    intermediateSize: wide,
    normalise: flag,
    shared: optional(object<Exclude<MoeSpec["shared"], undefined>>({ intermediateSize: wide, gated: optional(flag) })),
    routedScale: optional(positive),
    groups: optional(object<Exclude<MoeSpec["groups"], undefined>>({ count: few, topK: few })),
  },
  rwkv: { intermediateSize: wide },
  none: {},
});

const layer = object<LayerSpec>({
  mixer,
  channel,
  placement: optional(oneOf("pre", "post", "sandwich", "parallel", "parallel_shared")),
  weightsLayer: optional(index),
});

/** The rule of a whole spec. */
export const SPEC_FIELDS = object<ArchSpec>({
  name: text,
  family: optional(text),
  vocabSize: wide,
  hiddenSize: width,
  contextLength: whole,
  layers: list(layer, { max: MOST_LAYERS }),
  norm: object<NormSpec>({ kind: oneOf("rmsnorm", "layernorm"), epsilon: positive }),
  position,
  tiedHead: flag,
  embeddingScale: optional(positive),
  embeddingNorm: optional(flag),
  headBias: optional(flag),
  logitSoftcap: optional(positive),
  kvCache: optional(oneOf("fp32", "int8")),
});
