/** The word that was probably meant. */

/** Longer words are no one's slip of the pen, and comparing them would take time. */
const LONGEST = 60;

/**
 * What an error says of a word that is not known: the known one that is near, if any, and all of them.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { suggestion } from "./nearest.ts";
 *
 * assert.equal(suggestion("sed", ["seed", "stop"]), `; did you mean "seed"? There are: seed, stop`);
 * assert.equal(suggestion("window", ["seed", "stop"]), "; there are: seed, stop");
 * ```
 */
export function suggestion(word: string, known: readonly string[]): string {
  const all = `here are: ${known.join(", ") || "none"}`, meant = nearest(word, known);
  return meant === undefined ? `; t${all}` : `; did you mean "${meant}"? T${all}`;
}

/** The known word with the fewest changed letters, the first one of equals; undefined if it takes most letters. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (word.length > LONGEST) return undefined;
  const lower = word.toLowerCase();
  const far = known.map((other) => {
    const letters = Math.max(word.length, other.length);
    return letters > LONGEST ? 1 : editDistance(lower, other.toLowerCase()) / letters;
  });
  const least = Math.min(...far);
  return least <= 0.5 ? known[far.indexOf(least)] : undefined;
}

/** Letters to insert, drop or replace (Levenshtein 1966). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length];
}
