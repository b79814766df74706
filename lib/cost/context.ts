/** Counts of tokens against an architecture's context: what cannot run is not counted either. */

/**
 * @param model A spec, or a graph; of one whose context no file tells nothing is refused.
 * @param what What was asked, as the message names it: "promptTokens 40000 and newTokens 2".
 * @throws {RangeError} If they are more tokens than the context holds.
 */
export function checkContext(
  cannot: string,
  model: { name: string; contextLength: number | null },
  tokens: number,
  what: string,
): void {
  if (model.contextLength === null || tokens <= model.contextLength) return;
  throw new RangeError(
    `${cannot}: ${what} ${what.includes(" and ") ? "are" : "is"} beyond the context of ${model.name}, ` +
      `${model.contextLength} tokens; pass fewer, or a spec with a longer contextLength`,
  );
}
