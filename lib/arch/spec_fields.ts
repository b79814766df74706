/** The fields of a spec: which there are, which may be left out, and what each may hold. JSON comes from anywhere. */
import { nearest } from "./nearest.ts";
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

/** Says where in the spec something is wrong. */
export class Check {
  constructor(readonly name: string) {}

  /** A value that no architecture has. */
  fail(reason: string): never {
    throw new RangeError(`Cannot build architecture ${JSON.stringify(this.name)}: ${reason}`);
  }

  /** A value of the wrong kind, or one too many or too few. */
  wrong(reason: string): never {
    throw new TypeError(`Cannot build architecture ${JSON.stringify(this.name)}: ${reason}`);
  }
}

/** Checks a value that stands `at` a place. */
type Rule = (check: Check, at: string, value: unknown) => void;
type Optional = { optional: Rule };
/** A rule for every field of T, so that none is forgotten here. */
type Fields<T> = { [K in keyof T]-?: undefined extends T[K] ? Optional : Rule };
/** The part of a union that a kind stands for. */
type OfKind<U, K> = U extends { kind: infer Kinds } ? K extends Kinds ? U : never : never;
type ByKind<U extends { kind: string }> = { [K in U["kind"]]: Omit<Fields<OfKind<U, K>>, "kind"> };

const optional = (rule: Rule): Optional => ({ optional: rule });

const number = (what: string, isRight: (value: number) => boolean): Rule => (check, at, value) => {
  if (typeof value !== "number") return check.wrong(`${at} must be ${what}, got ${shown(value)}`);
  if (!isRight(value)) check.fail(`${at} must be ${what}, got ${value}`);
};
const whole = number("a positive integer", (n) => Number.isSafeInteger(n) && n > 0);
const index = number("a whole number", (n) => Number.isSafeInteger(n) && n >= 0);
const positive = number("positive", (n) => n > 0 && Number.isFinite(n));
const finite = number("a finite number", Number.isFinite);

const flag: Rule = (check, at, value) => {
  if (typeof value !== "boolean") check.wrong(`${at} must be true or false, got ${shown(value)}`);
};
const text: Rule = (check, at, value) => {
  if (typeof value !== "string") check.wrong(`${at} must be a text, got ${shown(value)}`);
};
const oneOf = (...known: string[]): Rule => (check, at, value) => {
  if (known.includes(value as string)) return;
  const meant = typeof value === "string" ? `; did you mean ${nearest(value, known)}?` : "";
  check.fail(`${at} is ${shown(value)}; there are: ${known.join(", ")}${meant}`);
};

const list = (each: Rule): Rule => (check, at, value) => {
  if (!Array.isArray(value)) return check.wrong(`${at} must be a list, got ${shown(value)}`);
  value.forEach((one, i) => each(check, `${at}[${i}]`, one));
};
const pair = (each: Rule): Rule => (check, at, value) => {
  list(each)(check, at, value);
  if ((value as unknown[]).length !== 2) check.wrong(`${at} must be two numbers, got ${shown(value)}`);
};

/** An object with these fields and no others. */
function object<T>(fields: Fields<T>): Rule {
  return (check, at, value) => {
    checkObject(check, at, value);
    const known = Object.keys(fields);
    for (const name of Object.keys(value)) {
      if (known.includes(name)) continue;
      check.wrong(
        `${placed(at, name)} is not known; did you mean ${nearest(name, known)}? There are: ${known.join(", ")}`,
      );
    }
    for (const [name, field] of Object.entries<Rule | Optional>(fields)) {
      const held = value[name];
      if (held !== undefined) (typeof field === "function" ? field : field.optional)(check, placed(at, name), held);
      else if (typeof field === "function") check.wrong(`${placed(at, name)} is missing`);
    }
  };
}

/** An object whose field `kind` says which others it has. */
function byKind<U extends { kind: string }>(kinds: ByKind<U>): Rule {
  const names = Object.keys(kinds);
  return (check, at, value) => {
    checkObject(check, at, value);
    oneOf(...names)(check, `${at}.kind`, value.kind);
    object({ kind: text, ...kinds[value.kind as U["kind"]] } as Fields<object>)(check, at, value);
  };
}

function checkObject(check: Check, at: string, value: unknown): asserts value is Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return;
  check.wrong(`${at || "the spec"} must be an object, got ${shown(value)}`);
}

const placed = (at: string, name: string) => at ? `${at}.${name}` : name;

function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? String(value);
  return json.length > 60 ? `${json.slice(0, 60)}...` : json;
}

const scaling = byKind<RopeScaling>({
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
  rope: { theta: positive, dims: optional(whole), scaling: optional(scaling) },
  learned: {},
  alibi: {},
  none: {},
});

const mixer = byKind<MixerSpec>({
  attention: {
    heads: whole,
    kvHeads: whole,
    headDim: whole,
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
    heads: whole,
    queryRank: optional(whole),
    kvRank: whole,
    nopeDim: whole,
    ropeDim: whole,
    valueDim: whole,
    position: optional(position),
    scale: optional(positive),
  },
  linear: {
    rule: oneOf("linear", "gated", "delta", "gated_delta"),
    heads: whole,
    keyHeads: optional(whole),
    keyDim: whole,
    valueDim: whole,
    decay: optional(oneOf("mamba", "retnet", "channel")),
    convolution: optional(whole),
    normalise: optional(flag),
    position: optional(position),
    outputGate: optional(flag),
  },
  mamba2: {
    heads: whole,
    headDim: whole,
    stateDim: whole,
    groups: optional(whole),
    convolution: optional(whole),
    timeStepLimit: optional(pair(finite)),
  },
  convolution: { kernel: whole },
  rwkv6: { heads: whole, headDim: whole, mixRank: optional(whole), decayRank: optional(whole) },
});

const gated = { intermediateSize: whole };
const plain = { intermediateSize: whole, bias: optional(flag) };
const channel = byKind<ChannelSpec>({
  swiglu: gated,
  geglu: gated,
  gelu: plain,
  gelu_erf: plain,
  relu: plain,
  relu2: plain,
  moe: {
    experts: whole,
    topK: whole,
    intermediateSize: whole,
    normalise: flag,
    shared: optional(object<Exclude<MoeSpec["shared"], undefined>>({ intermediateSize: whole, gated: optional(flag) })),
    routedScale: optional(positive),
    groups: optional(object<Exclude<MoeSpec["groups"], undefined>>({ count: whole, topK: whole })),
  },
  rwkv: { intermediateSize: whole },
  none: {},
});

const layer = object<LayerSpec>({
  mixer,
  channel,
  placement: optional(oneOf("pre", "post", "sandwich", "parallel", "parallel_shared")),
  weightsLayer: optional(index),
});

/** The rule of a whole spec. */
export const specFields: Rule = object<ArchSpec>({
  name: text,
  family: optional(text),
  vocabSize: whole,
  hiddenSize: whole,
  contextLength: whole,
  layers: list(layer),
  norm: object<NormSpec>({ kind: oneOf("rmsnorm", "layernorm"), epsilon: positive }),
  position,
  tiedHead: flag,
  embeddingScale: optional(positive),
  embeddingNorm: optional(flag),
  headBias: optional(flag),
  logitSoftcap: optional(positive),
  kvCache: optional(oneOf("fp32", "int8")),
});
