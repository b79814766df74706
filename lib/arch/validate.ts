/** Says what does not fit in an architecture, in the architect's words. */
import type {
  ArchSpec,
  AttentionSpec,
  ChannelSpec,
  LinearAttentionSpec,
  Mamba2Spec,
  MixerSpec,
  MlaSpec,
  PositionSpec,
} from "./spec.ts";

const MIXERS = ["attention", "mla", "linear", "mamba2", "convolution"];
const CHANNELS = ["swiglu", "geglu", "gelu", "gelu_erf", "relu", "relu2", "moe", "none"];
const PLACEMENTS = ["pre", "post", "sandwich", "parallel", "parallel_shared"];
const RULES = ["linear", "gated", "delta", "gated_delta"];
const POSITIONS = ["rope", "learned", "alibi", "none"];

/**
 * Check a spec before anything is built from it.
 *
 * @throws {RangeError} Naming the spec, the field, its value and what it must be.
 */
export function validateSpec(spec: ArchSpec): void {
  const check = new Check(spec.name);
  check.whole("vocabSize", spec.vocabSize);
  check.whole("hiddenSize", spec.hiddenSize);
  check.whole("contextLength", spec.contextLength);
  if (!spec.layers?.length) check.fail("layers is empty; give at least one layer");
  check.oneOf("norm.kind", spec.norm?.kind, ["rmsnorm", "layernorm"]);
  check.positive("norm.epsilon", spec.norm.epsilon);
  checkPosition(check, "position", spec.position, null);
  if (spec.kvCache !== undefined) check.oneOf("kvCache", spec.kvCache, ["fp32", "int8"]);
  if (spec.embeddingScale !== undefined) check.positive("embeddingScale", spec.embeddingScale);
  if (spec.logitSoftcap !== undefined) check.positive("logitSoftcap", spec.logitSoftcap);
  spec.layers.forEach(({ mixer, channel, placement = "pre" }, i) => {
    const at = `layers[${i}]`;
    check.oneOf(`${at}.placement`, placement, PLACEMENTS);
    checkMixer(check, `${at}.mixer`, mixer, spec);
    checkChannel(check, `${at}.channel`, channel);
    if (placement.startsWith("parallel") && channel.kind === "none") {
      check.fail(`${at}: a ${placement} layer needs a channel mixer beside its mixer, and its channel is none`);
    }
  });
}

class Check {
  constructor(readonly name: string) {}

  fail(reason: string): never {
    throw new RangeError(`Cannot build architecture "${this.name}": ${reason}`);
  }

  whole(name: string, value: number): void {
    if (!Number.isSafeInteger(value) || value < 1) this.fail(`${name} must be a positive integer, got ${value}`);
  }

  positive(name: string, value: number): void {
    if (!(value > 0 && Number.isFinite(value))) this.fail(`${name} must be positive, got ${value}`);
  }

  oneOf(name: string, value: string, known: string[]): void {
    if (!known.includes(value)) this.fail(`${name} is ${JSON.stringify(value)}; there are: ${known.join(", ")}`);
  }

  divides(what: string, part: number, name: string, whole: number): void {
    if (whole % part !== 0) this.fail(`${what} ${part} does not divide ${name} ${whole}`);
  }
}

function checkMixer(check: Check, at: string, mixer: MixerSpec, spec: ArchSpec): void {
  check.oneOf(`${at}.kind`, mixer?.kind, MIXERS);
  switch (mixer.kind) {
    case "attention":
      return checkAttention(check, at, mixer, spec);
    case "mla":
      return checkMla(check, at, mixer, spec);
    case "linear":
      return checkLinear(check, at, mixer);
    case "mamba2":
      return checkMamba2(check, at, mixer);
    case "convolution":
      return check.whole(`${at}.kernel`, mixer.kernel);
  }
}

function checkAttention(check: Check, at: string, mixer: AttentionSpec, spec: ArchSpec): void {
  const { heads, kvHeads, headDim, window, sinks } = mixer;
  check.whole(`${at}.heads`, heads);
  check.whole(`${at}.kvHeads`, kvHeads);
  check.whole(`${at}.headDim`, headDim);
  check.divides(`${at}: kvHeads`, kvHeads, "heads", heads);
  const position = mixer.position ?? spec.position;
  if (mixer.position) checkPosition(check, `${at}.position`, mixer.position, headDim);
  else checkPosition(check, "position", position, headDim);
  if (position.kind === "learned" && mixer.position) {
    check.fail(`${at}.position: learned positions stand at the embedding; set them for the whole model`);
  }
  // onnxruntime's GroupQueryAttention takes no other head sizes.
  const unit = position.kind === "rope" ? 16 : 8;
  if (headDim % unit !== 0) {
    check.fail(`${at}.headDim ${headDim} is not a multiple of ${unit}, which onnxruntime's attention needs`);
  }
  if (window !== undefined) check.whole(`${at}.window`, window);
  if (sinks !== undefined) {
    check.whole(`${at}.sinks`, sinks);
    if (window === undefined) check.fail(`${at}.sinks is ${sinks} without a window: all tokens are visible anyway`);
  }
  if (mixer.scale !== undefined) check.positive(`${at}.scale`, mixer.scale);
  if (mixer.softcap !== undefined) check.positive(`${at}.softcap`, mixer.softcap);
  if (mixer.qkNorm !== undefined) check.oneOf(`${at}.qkNorm`, mixer.qkNorm, ["head", "full"]);
  if (mixer.qkNorm && spec.norm.kind !== "rmsnorm") check.fail(`${at}.qkNorm needs norm.kind "rmsnorm"`);
}

function checkMla(check: Check, at: string, mixer: MlaSpec, spec: ArchSpec): void {
  for (const name of ["heads", "kvRank", "nopeDim", "ropeDim", "valueDim"] as const) {
    check.whole(`${at}.${name}`, mixer[name]);
  }
  if (mixer.queryRank !== undefined) check.whole(`${at}.queryRank`, mixer.queryRank);
  const position = mixer.position ?? spec.position;
  if (position.kind !== "rope") check.fail(`${at}: latent attention needs rotary positions, got ${position.kind}`);
  checkPosition(check, `${at}.position`, position, mixer.ropeDim);
  if (spec.norm.kind !== "rmsnorm") check.fail(`${at}: latent attention needs norm.kind "rmsnorm"`);
}

function checkLinear(check: Check, at: string, mixer: LinearAttentionSpec): void {
  const { heads, keyHeads = heads, keyDim, valueDim, rule, decay, convolution, position } = mixer;
  check.oneOf(`${at}.rule`, rule, RULES);
  check.whole(`${at}.heads`, heads);
  check.whole(`${at}.keyHeads`, keyHeads);
  check.whole(`${at}.keyDim`, keyDim);
  check.whole(`${at}.valueDim`, valueDim);
  check.divides(`${at}: keyHeads`, keyHeads, "heads", heads);
  const isGated = rule === "gated" || rule === "gated_delta";
  if (isGated) check.oneOf(`${at}.decay`, decay!, ["mamba", "retnet", "channel"]);
  else if (decay) check.fail(`${at}.decay is ${decay}, but rule ${rule} has no decay; use gated or gated_delta`);
  if (convolution !== undefined) check.whole(`${at}.convolution`, convolution);
  if (position) checkPosition(check, `${at}.position`, position, keyDim);
  if (position && position.kind !== "rope" && position.kind !== "none") {
    check.fail(`${at}.position must be rope or none, got ${position.kind}`);
  }
}

function checkMamba2(check: Check, at: string, { heads, headDim, stateDim, groups = 1, convolution = 4 }: Mamba2Spec) {
  Object.entries({ heads, headDim, stateDim, groups, convolution }).forEach(([k, v]) => check.whole(`${at}.${k}`, v));
  check.divides(`${at}: groups`, groups, "heads", heads);
}

function checkChannel(check: Check, at: string, channel: ChannelSpec): void {
  check.oneOf(`${at}.kind`, channel?.kind, CHANNELS);
  if (channel.kind === "none") return;
  check.whole(`${at}.intermediateSize`, channel.intermediateSize);
  if (channel.kind !== "moe") return;
  check.whole(`${at}.experts`, channel.experts);
  check.whole(`${at}.topK`, channel.topK);
  if (channel.topK > channel.experts) {
    check.fail(`${at}.topK ${channel.topK} is more than its ${channel.experts} experts`);
  }
  if (channel.shared) check.whole(`${at}.shared.intermediateSize`, channel.shared.intermediateSize);
  if (channel.routedScale !== undefined) check.positive(`${at}.routedScale`, channel.routedScale);
  if (channel.groups) {
    const { count, topK } = channel.groups;
    check.whole(`${at}.groups.count`, count);
    check.whole(`${at}.groups.topK`, topK);
    check.divides(`${at}: groups.count`, count, "experts", channel.experts);
    if (topK > count) check.fail(`${at}.groups.topK ${topK} is more than its ${count} groups`);
    if (channel.topK > topK * channel.experts / count) {
      check.fail(
        `${at}.topK ${channel.topK} is more than the ${topK * channel.experts / count} experts of ${topK} groups`,
      );
    }
  }
}

/** @param headDim Null where it is not known yet. */
function checkPosition(check: Check, at: string, position: PositionSpec, headDim: number | null): void {
  check.oneOf(`${at}.kind`, position?.kind, POSITIONS);
  if (position.kind !== "rope") return;
  const { theta, scaling } = position, dims = position.dims ?? headDim;
  check.positive(`${at}.theta`, theta);
  if (dims !== null) {
    check.whole(`${at}.dims`, dims);
    if (dims % 2 !== 0) check.fail(`${at}.dims ${dims} is odd: rotary positions turn pairs`);
    if (headDim !== null && dims > headDim) check.fail(`${at}.dims ${dims} is more than the head's ${headDim}`);
  }
  if (!scaling) return;
  check.oneOf(`${at}.scaling.kind`, scaling.kind, ["linear", "ntk", "yarn", "llama3", "factors"]);
  if (scaling.kind !== "factors") return check.positive(`${at}.scaling.factor`, scaling.factor);
  if (dims !== null && scaling.factors.length !== dims / 2) {
    check.fail(`${at}.scaling.factors has ${scaling.factors.length} numbers, the rotation has ${dims / 2} pairs`);
  }
}
