/** Fewer tokens, and a head that is the embedding or one of its own. */
import type { ArchSpec } from "../spec.ts";
import { type Change, changed } from "./change.ts";
import { pickRows } from "./matrices.ts";

/**
 * Only some tokens: the first `kept`, or those listed, which are numbered anew in the list's order. Their logits stay
 * as they were; softmax no longer shares with the others.
 */
export function cutVocabulary(kept: number | number[], spec: ArchSpec): Change {
  const ids = typeof kept === "number" ? firstIds(kept, spec) : checkedIds(kept, spec);
  return {
    spec: (spec) => ({ ...spec, name: `${spec.name}, ${ids.length} tokens`, vocabSize: ids.length }),
    weights: (source, before) =>
      changed(source, before, {
        model: (m, name) => ["embedding", "head", "headBias"].includes(name) ? pickRows(m, ids) : m,
      }),
    vocabulary: ids,
  };
}

function firstIds(count: number, { name, vocabSize }: ArchSpec): number[] {
  if (count > vocabSize) {
    throw new RangeError(`Cannot keep ${count} tokens of ${name}: it must be an integer from 1 to ${vocabSize}`);
  }
  return Array.from({ length: count }, (_, id) => id);
}

function checkedIds(ids: number[], { name, vocabSize }: ArchSpec): number[] {
  const seen = new Set<number>();
  for (const id of ids) {
    if (id >= vocabSize || seen.has(id)) {
      const why = seen.has(id) ? "is there twice" : `is not an id from 0 to ${vocabSize - 1}`;
      throw new RangeError(`Cannot cut the vocabulary of ${name}: ${id} ${why}`);
    }
    seen.add(id);
  }
  return ids;
}

/** The embedding as the head, or as the start of a head of its own. */
export function tieHead(tied: boolean): Change {
  return {
    spec: (spec) =>
      spec.tiedHead === tied
        ? spec
        : { ...spec, name: `${spec.name}, ${tied ? "tied" : "untied"} head`, tiedHead: tied },
    weights: (source, before) => ({
      label: source.label,
      storedAs: source.storedAs,
      model: (name) => source.model(name === "head" && before.tiedHead ? "embedding" : name),
      layer: (index, name) => source.layer(index, name),
      form: (layer, name) => source.form(layer, name === "head" && before.tiedHead ? "embedding" : name),
    }),
  };
}
