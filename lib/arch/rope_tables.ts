/** Tables of rotary positions, one for each choice of positions that a spec's layers make. */
import type { PackedTensor, Packer } from "./packer.ts";
import type { ArchSpec, LayerSpec, PositionSpec, RopeScaling } from "./spec.ts";

type Rope = Extract<PositionSpec, { kind: "rope" }>;

/** Rotary positions of so many dimensions. */
export interface RopeChoice {
  rope: Rope;
  /** Dimensions that are rotated. */
  dims: number;
}

export interface RopeTable {
  /** Tells a choice from the others of its spec. */
  key: string;
  /** float32 [contextLength, dims / 2] each. */
  cos: PackedTensor;
  sin: PackedTensor;
}

/** The rotary positions of a layer, or null where it has none. */
export function ropeOf(spec: ArchSpec, { mixer }: LayerSpec): RopeChoice | null {
  if (mixer.kind === "mamba2" || mixer.kind === "convolution" || mixer.kind === "rwkv6") return null;
  const none: PositionSpec = { kind: "none" };
  const rope = mixer.position ?? (mixer.kind === "linear" ? none : spec.position);
  if (rope.kind !== "rope") return null;
  const all = mixer.kind === "attention" ? mixer.headDim : mixer.kind === "mla" ? mixer.ropeDim : mixer.keyDim;
  return { rope, dims: rope.dims ?? all };
}

export function ropeKey({ rope, dims }: RopeChoice): string {
  return JSON.stringify([dims, rope.theta, rope.scaling ?? null]);
}

/** The distinct choices of a spec's layers. */
export function ropeChoices(spec: ArchSpec): RopeChoice[] {
  const choices = new Map<string, RopeChoice>();
  for (const layer of spec.layers) {
    const choice = ropeOf(spec, layer);
    if (choice) choices.set(ropeKey(choice), choice);
  }
  return [...choices.values()];
}

/** Write the tables of a spec. */
export async function packRopeTables(spec: ArchSpec, packer: Packer): Promise<RopeTable[]> {
  const tables: RopeTable[] = [];
  for (const choice of ropeChoices(spec)) {
    const { cos, sin } = ropeTable(choice, spec.contextLength);
    const dims = [spec.contextLength, choice.dims / 2], within = packer.within(`rope${tables.length}.`);
    tables.push({
      key: ropeKey(choice),
      cos: await within.tensor("cos", "float32", dims, cos),
      sin: await within.tensor("sin", "float32", dims, sin),
    });
  }
  return tables;
}

/**
 * cos and sin of position x frequency, [contextLength][dims / 2], rounded to fp32 at every operation as
 * `LlamaRotaryEmbedding` of transformers does.
 */
export function ropeTable(choice: RopeChoice, contextLength: number): { cos: Float32Array; sin: Float32Array } {
  const frequencies = ropeFrequencies(choice), half = frequencies.length;
  const factor = attentionFactor(choice.rope.scaling);
  const cos = new Float32Array(contextLength * half), sin = new Float32Array(cos.length);
  for (let i = 0; i < half; i++) {
    for (let position = 0; position < contextLength; position++) {
      const angle = Math.fround(position * frequencies[i]);
      cos[position * half + i] = factor * Math.cos(angle);
      sin[position * half + i] = factor * Math.sin(angle);
    }
  }
  return { cos, sin };
}

/** Radians a position for each pair of dimensions, as `modeling_rope_utils.py` of transformers computes them. */
export function ropeFrequencies({ rope: { theta, scaling }, dims }: RopeChoice): number[] {
  const half = dims / 2;
  const base = (theta: number) =>
    Array.from({ length: half }, (_, i) => Math.fround(1 / Math.fround(theta ** (i / half))));
  const plain = base(theta);
  switch (scaling?.kind) {
    case undefined:
      return plain;
    case "linear":
      return plain.map((f) => Math.fround(f / scaling.factor));
    case "ntk":
      return base(theta * scaling.factor ** (dims / (dims - 2)));
    case "factors":
      return Array.from(
        { length: half },
        (_, i) => Math.fround(1 / Math.fround(scaling.factors[i] * Math.fround(theta ** (i / half)))),
      );
    case "llama3": {
      const { factor, lowFrequency, highFrequency, originalContext } = scaling;
      return plain.map((f) => {
        const turns = originalContext * f / (2 * Math.PI); // in the original context
        if (turns < lowFrequency) return Math.fround(f / factor);
        if (turns > highFrequency) return f;
        const fast = (turns - lowFrequency) / (highFrequency - lowFrequency);
        return Math.fround((1 - fast) * f / factor + fast * f);
      });
    }
    case "yarn": {
      const { factor, originalContext, betaFast = 32, betaSlow = 1 } = scaling;
      const pairAt = (turns: number) =>
        dims * Math.log(originalContext / (turns * 2 * Math.PI)) / (2 * Math.log(theta));
      const low = Math.max(0, Math.floor(pairAt(betaFast))), high = Math.min(dims - 1, Math.ceil(pairAt(betaSlow)));
      return plain.map((f, i) => {
        const slow = Math.min(1, Math.max(0, (i - low) / (high - low || 0.001)));
        return Math.fround(f / factor * slow + f * (1 - slow));
      });
    }
  }
}

function attentionFactor(scaling: RopeScaling | undefined): number {
  if (scaling?.kind === "yarn") {
    return scaling.attentionFactor ?? (scaling.factor > 1 ? 0.1 * Math.log(scaling.factor) + 1 : 1);
  }
  return scaling?.kind === "factors" ? scaling.attentionFactor ?? 1 : 1;
}
