/** How the layers of a stack repeat. */
import type { LayerSpec } from "./spec.ts";

/** Layers of another kind that may stand before the repeating ones (DeepSeek's first ones are dense). */
const LONGEST_START = 3;

export interface LayerPattern {
  /** Layers before the pattern. */
  start: LayerSpec[];
  /** Repeated from there on; the last time it may break off. */
  period: LayerSpec[];
  /** Whether the period mixes tokens in several ways, and so is kept whole. */
  hybrid: boolean;
}

/** The shortest pattern of a stack: one layer where all are alike, the whole stack where nothing repeats. */
export function layerPattern(layers: LayerSpec[]): LayerPattern {
  const kinds = new Map<string, number>();
  const keys = layers.map(({ weightsLayer: _, ...layer }) => {
    const text = JSON.stringify(layer), kind = kinds.get(text) ?? kinds.size;
    kinds.set(text, kind);
    return kind;
  });
  for (let period = 1; period <= layers.length; period++) {
    for (let start = 0; start <= Math.min(LONGEST_START, layers.length - period); start++) {
      const seenTwice = start + 2 * period <= layers.length || start === 0;
      if (!seenTwice || !keys.every((key, i) => i < start + period || key === keys[i - period])) continue;
      const repeated = layers.slice(start, start + period);
      const hybrid = new Set(repeated.map(({ mixer }) => mixer.kind)).size > 1;
      const brokenOff = (layers.length - start) % period !== 0;
      if (hybrid && brokenOff) continue;
      return { start: layers.slice(0, start), period: repeated, hybrid };
    }
  }
  throw new RangeError("A stack of no layers has no pattern");
}

/** Whether a stack of so many layers keeps the pattern: begun at least once, and whole where it is a hybrid. */
export function keepsPattern({ start, period, hybrid }: LayerPattern, layers: number): boolean {
  const repeated = layers - start.length;
  return repeated >= period.length && (!hybrid || repeated % period.length === 0);
}

/** A stack of so many layers in the pattern. */
export function stack({ start, period }: LayerPattern, layers: number): LayerSpec[] {
  return Array.from(
    { length: layers },
    (_, i) => i < start.length ? start[i] : period[(i - start.length) % period.length],
  );
}
