/** Changes of an architecture that has weights: read, checked, applied from left to right. */
import { Check } from "../check/check.ts";
import type { Change, WeightChange } from "./edits/change.ts";
import { EDIT } from "./edits/fields.ts";
import { dropHeads, dropsInFile, mergeKvHeads } from "./edits/heads.ts";
import { keepLayers, limitWindow, rescaleRope, setKvCache } from "./edits/structure.ts";
import { cutVocabulary, tieHead } from "./edits/vocabulary.ts";
import type { ArchEdit, ArchSpec } from "./spec.ts";
import type { WeightSource } from "./weight_source.ts";

/** An architecture and its weights after edits. */
export interface EditedModel {
  /** The architecture that the weights belong to: all layers, after the edits that change weights. */
  base: ArchSpec;
  /** The architecture that runs: after all edits. */
  spec: ArchSpec;
  /** The edits that change weights, with layers by their index in the file: what tells these weights from the file's. */
  weightEdits: ArchEdit[];
  /** The weights of `base`, from those of the architecture before the edits. */
  weights: (source: WeightSource) => WeightSource;
  /** The ids of the tokenizer that are left, in their new order; null: all. */
  vocabulary: number[] | null;
}

/**
 * The architecture and its weights after the edits. Edits that keep the weights as they are share the packed file of
 * the base; the others have one of their own, which all later edits of the first kind share.
 *
 * @throws {RangeError} If an edit does not fit the architecture that it meets, or has a value that cannot be meant.
 * @throws {TypeError} If an edit is of no known kind or of two, or has a field that is not its own.
 */
export function editModel(spec: ArchSpec, edits: ArchEdit[] = []): EditedModel {
  const start: EditedModel = { base: spec, spec, weightEdits: [], weights: (source) => source, vocabulary: null };
  edits.forEach((edit, i) => EDIT(new Check(`Cannot edit ${spec.name}`), `edits[${i}]`, edit));
  return edits.reduce((model, edit) => {
    const inFile = "dropHeads" in edit ? { dropHeads: dropsInFile(model.spec, edit.dropHeads) } : edit;
    const change = changeOf(inFile, model.spec);
    const edited = { ...model, spec: change.spec(model.spec) };
    return change.weights ? withWeights(edited, inFile, change, change.weights) : edited;
  }, start);
}

/** The architecture alone; as `editModel`. */
export function applyEdits(spec: ArchSpec, edits: ArchEdit[] = []): ArchSpec {
  return editModel(spec, edits).spec;
}

function withWeights(model: EditedModel, edit: ArchEdit, change: Change, weights: WeightChange): EditedModel {
  const { base, vocabulary } = model;
  return {
    ...model,
    base: change.spec(base),
    weightEdits: [...model.weightEdits, edit],
    weights: (source) => weights(model.weights(source), base),
    vocabulary: change.vocabulary?.map((id) => vocabulary?.[id] ?? id) ?? vocabulary,
  };
}

function changeOf(edit: ArchEdit, spec: ArchSpec): Change {
  if ("keepLayers" in edit) return keepLayers(edit.keepLayers);
  if ("window" in edit) return limitWindow(edit.window, edit.sinks);
  if ("kvCache" in edit) return setKvCache(edit.kvCache);
  if ("kvHeads" in edit) return mergeKvHeads(edit.kvHeads);
  if ("dropHeads" in edit) return dropHeads(edit.dropHeads);
  if ("vocabulary" in edit) return cutVocabulary(edit.vocabulary, spec);
  if ("rope" in edit) return rescaleRope(edit.rope, edit.contextLength);
  return tieHead(edit.tiedHead);
}
