/** Counts of tokens against an architecture's context: what cannot run is not counted either. */
import type { ModelLimits } from "../arch/resolve_any.ts";

/**
 * @param what What was asked, as the message names it: "promptTokens 40000 and newTokens 2".
 * @throws {RangeError} If they are more tokens than the context holds.
 */
export function checkContext(
  cannot: string,
  spec: Pick<ModelLimits, "name" | "contextLength">,
  tokens: number,
  what: string,
): void {
  if (tokens <= spec.contextLength) return;
  throw new RangeError(
    `${cannot}: ${what} ${what.includes(" and ") ? "are" : "is"} beyond the context of ${spec.name}, ` +
      `${spec.contextLength} tokens; pass fewer, or a spec with a longer contextLength`,
  );
}
