/** Token ids that a model can read. */
import { shown } from "../check/check.ts";
import type { ModelInfo } from "./info.ts";

/** @throws {RangeError} If there are no ids, too many, or one outside the vocabulary. */
export function checkIds({ name, contextLength, vocabSize }: ModelInfo, ids: number[], doing: string): number[] {
  const cannot = `Cannot ${doing} with ${name}`;
  if (!Array.isArray(ids)) throw new TypeError(`${cannot}: ids must be a list, got ${shown(ids)}`);
  if (ids.length === 0) {
    throw new RangeError(`${cannot}: the prompt is empty; pass text or at least one token id`);
  }
  if (ids.length > contextLength) {
    throw new RangeError(`${cannot}: ${ids.length} tokens are more than its context of ${contextLength}; shorten them`);
  }
  const bad = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabSize);
  if (bad !== undefined) throw new RangeError(`${cannot}: ${bad} is not a token id (0 to ${vocabSize - 1})`);
  return ids;
}
