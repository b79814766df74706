/** What the families of the zoo are written with. */
import type { ArchSpec, AttentionSpec, LayerSpec, NormSpec, PositionSpec, RopeScaling } from "../spec.ts";

/** Architectures by name; the name itself is put in by `zoo()`. */
export type Family = Record<string, Omit<ArchSpec, "name">>;

export const rmsnorm = (epsilon: number): NormSpec => ({ kind: "rmsnorm", epsilon });
export const layernorm = (epsilon: number): NormSpec => ({ kind: "layernorm", epsilon });

/** Rotary positions of all dimensions of a head, or of its first `dims`. */
export function rope(theta: number, more: { dims?: number; scaling?: RopeScaling } = {}): PositionSpec {
  return { kind: "rope", theta, ...more };
}

/** Softmax attention; `more` says what is unusual about it. */
export function attention(
  heads: number,
  kvHeads: number,
  headDim: number,
  more: Partial<AttentionSpec> = {},
): AttentionSpec {
  return { kind: "attention", heads, kvHeads, headDim, ...more };
}

/** So many layers in the order of a period, again and again: `cycle(26, [local, global])`. */
export function cycle(layers: number, period: LayerSpec[]): LayerSpec[] {
  return Array.from({ length: layers }, (_, i) => period[i % period.length]);
}
