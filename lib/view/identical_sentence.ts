/** One line where several names of a comparison stand for one and the same model: what differs between these is noise. */
import type { ComparisonData } from "./comparison_data.ts";

export function areIdentical({ raw }: ComparisonData, a: string, b: string): boolean {
  return (raw.identical ?? []).some((group) => group.includes(a) && group.includes(b));
}

/** @returns A sentence for each such model. */
export function identicalSentence({ raw }: ComparisonData): string[] {
  return (raw.identical ?? []).map((group) =>
    `${group.slice(0, -1).join(", ")} and ${
      group.at(-1)
    } are one and the same model: what differs between them is noise.`
  );
}
