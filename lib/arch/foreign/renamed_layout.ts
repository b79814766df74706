/** A layout of a graph whose values have other names. */
import type { GraphLayout } from "./layout.ts";

/** The same layout with `prefix` before every name. */
export function renamedLayout(layout: GraphLayout, prefix: string): GraphLayout {
  const named = <T extends { name: string }>(value: T): T => ({ ...value, name: prefix + value.name });
  const optional = <T extends { name: string }>(value: T | null) => value && named(value);
  const { ids, mask, positions, useCache, keep, caches, logits, vocabSize, sharesBuffers, only, ...rest } = layout;
  const none: Record<string, never> = rest; // a part that is added to a layout has a place here
  return {
    ...none,
    ids: named(ids),
    mask: optional(mask),
    positions: optional(positions),
    useCache: useCache && prefix + useCache,
    keep: optional(keep),
    caches: caches.map((slot) => ({ ...slot, past: prefix + slot.past, present: prefix + slot.present })),
    logits: named(logits),
    ...{ vocabSize, sharesBuffers, only },
  };
}
