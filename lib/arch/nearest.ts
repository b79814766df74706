/** The word that was probably meant. */

/** The known word with the fewest changed letters; the first one of equals. */
export function nearest(word: string, known: readonly string[]): string {
  const distances = known.map((other) => editDistance(word.toLowerCase(), other.toLowerCase()));
  return known[distances.indexOf(Math.min(...distances))];
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
