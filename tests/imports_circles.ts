/** Circles in a graph of imports. */

/**
 * One circle for each set of files that all reach each other: the shortest through the set's first file.
 *
 * @param imports [importing file, imported file].
 * @returns Files in order, the first again at the end; empty where imports only go down.
 */
export function circlesOf(imports: readonly [string, string][]): string[][] {
  const next = new Map<string, string[]>();
  for (const [from, to] of imports) next.set(from, [...next.get(from) ?? [], to]);
  const circles: string[][] = [], tied = new Set<string>();
  for (const file of [...next.keys()].sort()) {
    if (tied.has(file)) continue;
    const circle = wayBack(file, next);
    if (!circle) continue;
    circles.push(circle);
    for (const other of reached(file, next)) if (reached(other, next).has(file)) tied.add(other);
  }
  return circles;
}

/** The shortest way from a file back to itself; null where there is none. */
function wayBack(file: string, next: Map<string, string[]>): string[] | null {
  const ways = [[file]], seen = new Set<string>();
  for (const way of ways) {
    for (const to of next.get(way.at(-1)!) ?? []) {
      if (to === file) return [...way, file];
      if (!seen.has(to)) ways.push([...way, to]);
      seen.add(to);
    }
  }
  return null;
}

/** All files that a file imports, directly or not. */
function reached(file: string, next: Map<string, string[]>): Set<string> {
  const seen = new Set<string>();
  const open = [file];
  while (open.length > 0) {
    for (const to of next.get(open.pop()!) ?? []) {
      if (seen.has(to)) continue;
      seen.add(to);
      open.push(to);
    }
  }
  return seen;
}
