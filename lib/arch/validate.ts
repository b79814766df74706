/** Says what does not fit in an architecture, in the architect's words. */
import { noOptions } from "../check/options.ts";
import type { Check } from "../check/check.ts";
import { SPEC_FIELDS, specCheck } from "./spec_fields.ts";
import type {
  ArchSpec,
  AttentionSpec,
  LayerSpec,
  LinearAttentionSpec,
  Mamba2Spec,
  MlaSpec,
  MoeSpec,
  PositionSpec,
  Rwkv6Spec,
} from "./spec.ts";

/**
 * Check a spec before anything is built from it.
 *
 * @throws {TypeError} If it is not of the form of a spec: a field missing, unknown or of the wrong kind.
 * @throws {RangeError} If its parts do not fit one another. Both name the spec, the field, its value and what it must be.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { validateSpec } from "./validate.ts";
 * import { zoo } from "./zoo/zoo.ts";
 *
 * const spec = zoo("llama-3.2-1b");
 * spec.layers[3].mixer = { kind: "attention", heads: 8, kvHeads: 3, headDim: 64 };
 * assert.throws(() => validateSpec(spec), { message: /layers\[3\]\.mixer: kvHeads 3 does not divide heads 8/ });
 * ```
 */
export function validateSpec(spec: ArchSpec): void {
  noOptions("validateSpec", arguments, 1);
  const check = specCheck(spec?.name);
  SPEC_FIELDS(check, "", spec);
  if (spec.layers.length === 0) check.fail("layers is empty; give at least one layer");
  checkScaling(check, "position", spec.position);
  spec.layers.forEach((layer, i) => checkLayer(check, `layers[${i}]`, layer, spec));
  const attends = spec.layers.some(({ mixer }) => mixer.kind === "attention");
  if (spec.kvCache === "int8" && !attends) {
    check.fail("kvCache is int8, but no layer is softmax attention, whose keys and values it is for");
  }
  if (spec.position.kind === "alibi" && !attends) {
    check.fail("position is alibi, but no layer is softmax attention, on whose scores it acts");
  }
}

function checkLayer(check: Check, at: string, layer: LayerSpec, spec: ArchSpec): void {
  const { mixer, channel, placement = "pre" } = layer;
  if (placement.startsWith("parallel") && channel.kind === "none") {
    check.fail(`${at}: a ${placement} layer needs a channel mixer beside its mixer, and its channel is none`);
  }
  if ("position" in mixer && mixer.position) {
    if (mixer.position.kind === "learned") {
      check.fail(`${at}.mixer.position: learned positions stand at the embedding; set them for the whole model`);
    }
    checkScaling(check, `${at}.mixer.position`, mixer.position);
  }
  if (mixer.kind === "attention") checkAttention(check, `${at}.mixer`, mixer, spec);
  if (mixer.kind === "mla") checkMla(check, `${at}.mixer`, mixer, spec);
  if (mixer.kind === "linear") checkLinear(check, `${at}.mixer`, mixer);
  if (mixer.kind === "mamba2") checkMamba2(check, `${at}.mixer`, mixer);
  if (mixer.kind === "rwkv6") checkRwkv6(check, `${at}.mixer`, mixer, spec);
  if (channel.kind === "moe") checkMoe(check, `${at}.channel`, channel);
}

function checkAttention(check: Check, at: string, mixer: AttentionSpec, spec: ArchSpec): void {
  const { heads, kvHeads, headDim, window, sinks, qkNorm } = mixer;
  checkDivides(check, at, "kvHeads", kvHeads, "heads", heads);
  const position = checkRotation(check, at, mixer, spec, headDim);
  // onnxruntime's GroupQueryAttention takes no other head sizes.
  const unit = position.kind === "rope" ? 16 : 8;
  if (headDim % unit !== 0) {
    const below = Math.floor(headDim / unit) * unit, near = [below, below + unit].filter(Boolean).join(" or ");
    const rotated = position.kind === "rope" ? " with rotary positions" : "";
    check.fail(
      `${at}.headDim ${headDim} is not a multiple of ${unit}, which onnxruntime's attention needs${rotated}; pass ${near}`,
    );
  }
  if (sinks !== undefined && window === undefined) {
    check.fail(`${at}.sinks is ${sinks} without a window: all tokens are visible anyway`);
  }
  if (qkNorm && spec.norm.kind !== "rmsnorm") check.fail(`${at}.qkNorm needs norm.kind "rmsnorm"`);
}

function checkMla(check: Check, at: string, mixer: MlaSpec, spec: ArchSpec): void {
  const position = checkRotation(check, at, mixer, spec, mixer.ropeDim);
  if (position.kind !== "rope") check.fail(`${at}: latent attention needs rotary positions, got ${position.kind}`);
  if (position.dims !== undefined && position.dims !== mixer.ropeDim) {
    check.fail(`${at}: latent attention rotates all of its ropeDim ${mixer.ropeDim}, not ${position.dims}`);
  }
  if (spec.norm.kind !== "rmsnorm") check.fail(`${at}: latent attention needs norm.kind "rmsnorm"`);
}

function checkLinear(check: Check, at: string, mixer: LinearAttentionSpec): void {
  const { heads, keyHeads = heads, keyDim, rule, decay, position } = mixer;
  checkDivides(check, at, "keyHeads", keyHeads, "heads", heads);
  const isGated = rule === "gated" || rule === "gated_delta";
  if (isGated && !decay) check.fail(`${at}: rule ${rule} needs a decay: mamba, retnet or channel`);
  if (!isGated && decay) {
    check.fail(`${at}.decay is ${decay}, but rule ${rule} has no decay; use gated or gated_delta`);
  }
  if (position?.kind === "alibi") check.fail(`${at}.position must be rope or none, got alibi: there are no scores`);
  if (position?.kind === "rope") checkRotated(check, `${at}.position`, position, keyDim);
}

function checkMamba2(check: Check, at: string, { heads, groups = 1, timeStepLimit }: Mamba2Spec): void {
  checkDivides(check, at, "groups", groups, "heads", heads);
  if (timeStepLimit && !(timeStepLimit[0] >= 0 && timeStepLimit[0] < timeStepLimit[1])) {
    check.fail(`${at}.timeStepLimit must rise from 0 or more, got [${timeStepLimit}]`);
  }
}

function checkRwkv6(check: Check, at: string, { heads, headDim }: Rwkv6Spec, { hiddenSize }: ArchSpec): void {
  if (heads * headDim === hiddenSize) return;
  const fix = hiddenSize % headDim === 0 ? `heads ${hiddenSize / headDim}` : `a headDim that divides it`;
  check.fail(
    `${at}: ${heads} heads of headDim ${headDim} are ${heads * headDim}, not hiddenSize ${hiddenSize}; pass ${fix}`,
  );
}

function checkMoe(check: Check, at: string, { experts, topK, groups }: MoeSpec): void {
  if (topK > experts) check.fail(`${at}.topK ${topK} is more than its ${experts} experts`);
  if (!groups) return;
  checkDivides(check, at, "groups.count", groups.count, "experts", experts);
  if (groups.topK > groups.count) {
    check.fail(`${at}.groups.topK ${groups.topK} is more than its ${groups.count} groups`);
  }
  const reachable = groups.topK * experts / groups.count;
  if (topK > reachable) check.fail(`${at}.topK ${topK} is more than the ${reachable} experts of ${groups.topK} groups`);
}

function checkDivides(check: Check, at: string, name: string, part: number, wholeName: string, whole: number): void {
  if (whole % part === 0) return;
  const fitting = Array.from({ length: Math.min(whole, 256) }, (_, i) => i + 1).filter((n) => whole % n === 0);
  check.fail(`${at}: ${name} ${part} does not divide ${wholeName} ${whole}; pass one of ${fitting.join(", ")}`);
}

/** The positions of a mixer with heads of this size, its own or the model's. */
function checkRotation(
  check: Check,
  at: string,
  mixer: { position?: PositionSpec },
  spec: ArchSpec,
  headDim: number,
): PositionSpec {
  const position = mixer.position ?? spec.position;
  if (position.kind === "rope") {
    checkRotated(check, mixer.position ? `${at}.position` : `position (of ${at})`, position, headDim);
  }
  return position;
}

type Rope = Extract<PositionSpec, { kind: "rope" }>;

function checkRotated(check: Check, at: string, { dims: given, scaling }: Rope, headDim: number): void {
  const dims = given ?? headDim;
  if (dims % 2 !== 0) check.fail(`${at}: ${dims} dimensions are odd, and rotary positions turn pairs`);
  if (dims > headDim) check.fail(`${at}.dims ${dims} is more than the head's ${headDim}`);
  if (scaling?.kind === "factors" && scaling.factors.length !== dims / 2) {
    check.fail(`${at}.scaling.factors has ${scaling.factors.length} numbers, the rotation has ${dims / 2} pairs`);
  }
  if (scaling?.kind === "ntk" && dims === 2) check.fail(`${at}.scaling: ntk needs more than one pair of dimensions`);
}

function checkScaling(check: Check, at: string, position: PositionSpec): void {
  const scaling = position.kind === "rope" ? position.scaling : undefined;
  if (scaling?.kind === "llama3" && scaling.lowFrequency >= scaling.highFrequency) {
    const { lowFrequency, highFrequency } = scaling;
    check.fail(`${at}.scaling.lowFrequency ${lowFrequency} must be below highFrequency ${highFrequency}`);
  }
  if (scaling?.kind === "yarn") {
    const { betaFast = 32, betaSlow = 1 } = scaling;
    if (betaSlow >= betaFast) check.fail(`${at}.scaling.betaSlow ${betaSlow} must be below betaFast ${betaFast}`);
  }
}
