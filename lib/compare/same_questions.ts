/** Whether two results asked the same: items are paired by row, and the same row must have been the same question. */
import type { EvalItem, EvalResult } from "../eval/types.ts";
import { type PairedItems, pairItems } from "./paired_difference.ts";

/**
 * @param what Compared, for errors: "hellaswag, int4 and fp32".
 * @returns Sentences on what could not be checked.
 * @throws {TypeError} If versions, shots, requests or right answers differ; with the first item and what differs.
 * @throws {RangeError} If the results share no item.
 */
export function requireSameQuestions(
  what: string,
  a: PairedItems & Partial<Pick<EvalResult, "version" | "shots">>,
  b: PairedItems & Partial<Pick<EvalResult, "version" | "shots">>,
): string[] {
  const cannot = `Cannot compare ${what}:`;
  for (const key of ["version", "shots"] as const) {
    if (a[key] === undefined || b[key] === undefined || a[key] === b[key]) continue;
    throw new TypeError(`${cannot} ${key} ${a[key]} and ${key} ${b[key]} are different questions; evaluate both alike`);
  }
  const pairs = pairItems(a, b);
  if (!pairs.length) {
    throw new RangeError(`${cannot} they share no item (subject and row); evaluate both on the same rows`);
  }
  for (const differs of [promptDiffers, requestsDiffer, answerDiffers]) {
    const bad = pairs.flatMap(([x, y]) => differs(x, y) ?? []);
    if (!bad.length) continue;
    const { subject, row } = pairs.find(([x, y]) => differs(x, y))![0];
    throw new TypeError(
      `${cannot} ${bad.length} of ${pairs.length} shared items have ${bad[0]}, the first is ` +
        `${subject === undefined ? "" : `${subject} `}row ${row}; compare results of the same task, split, shots and ` +
        "delimiter",
    );
  }
  return unchecked(what, pairs);
}

function promptDiffers(x: EvalItem, y: EvalItem): string | null {
  return x.promptHash && y.promptHash && x.promptHash !== y.promptHash ? "different prompts (prompt_hash)" : null;
}

/** The first prompt is the same, so it is what is scored behind it, or further prompts. */
function requestsDiffer(x: EvalItem, y: EvalItem): string | null {
  if (!x.requestHash || !y.requestHash || x.requestHash === y.requestHash) return null;
  const counts = [x, y].map((item) => item.logLikelihoods?.length ?? 1);
  if (counts[0] !== counts[1]) {
    return `the same prompt but different numbers of choices (${counts[0]} and ${counts[1]})`;
  }
  const lengths = [x, y].map((item) => item.choiceChars?.join());
  return lengths[0] === lengths[1]
    ? "the same prompt but different continuations: another target delimiter, other choices or another order of them"
    : "the same prompt but different choices";
}

function answerDiffers(x: EvalItem, y: EvalItem): string | null {
  return x.gold !== undefined && y.gold !== undefined && x.gold !== y.gold ? "different right answers" : null;
}

/** Results of earlier versions have no hash of what was scored behind their prompts, some of others no hash at all. */
function unchecked(what: string, pairs: (readonly [EvalItem, EvalItem])[]): string[] {
  const isScored = (item: EvalItem) => item.logLikelihoods !== undefined || item.isGreedy !== undefined;
  const requests = pairs.filter(([x, y]) => isScored(x) && !(x.requestHash && y.requestHash)).length;
  const prompts = pairs.filter(([x, y]) => !(x.promptHash && y.promptHash)).length;
  const of = `of ${pairs.length} shared items lack the hash of their`;
  const say = (lacking: number, hash: string, so: string) =>
    lacking
      ? [`${what}: ${lacking} ${of} ${hash} in one of the results, so ${so}; evaluate again to have it checked.`]
      : [];
  return [
    ...say(prompts, "prompt", "only their row says that they are the same question"),
    ...say(
      requests,
      "choices or continuation (an earlier version saved it)",
      "these and the delimiter were not compared",
    ),
  ];
}
