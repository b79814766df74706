/** How sure a choice was: the lead of one answer over another, and how little would turn right into wrong. */
import { checkArgument, noOptions } from "../check/options.ts";
import { argmax } from "./choice_item.ts";
import { ITEMS, SCORED } from "./result_field.ts";
import { type EvalItem, type EvalResult, itemKey, type NearFlips } from "./types.ts";

/** What batching, packing and the order of requests change in a log-likelihood in fp32. */
export const BATCHING_DISTANCE = 1e-4;

/** What each choice's log-likelihood is divided by under a metric of choices; null where the item has none. */
function lengths(item: EvalItem, metric: string): number[] | null {
  switch (metric) {
    case "acc":
      return item.logLikelihoods?.map(() => 1) ?? null;
    case "acc_norm":
      return item.choiceChars ?? null;
    case "acc_bytes":
      return item.choiceBytes ?? null;
    default:
      return null;
  }
}

/** What the choices of an item are ranked by under `metric`; null for an item or a metric without choices. */
export function choiceScores(item: EvalItem, metric: string): number[] | null {
  const by = lengths(item, metric);
  return by && item.logLikelihoods ? item.logLikelihoods.map((v, i) => v / by[i]) : null;
}

/** The right choice's score minus the best other's: above 0 where the item is right; null without choices. */
export function goldMargin(item: EvalItem, metric: string): number | null {
  const scores = choiceScores(item, metric), { gold } = item;
  if (!scores || gold === undefined) return null;
  return scores[gold] - Math.max(...scores.filter((_, i) => i !== gold));
}

/**
 * The least d such that log-likelihoods that each move by d can turn the item from right to wrong, or back: of the two
 * choices that compete, one falls by d and the other rises, each over its length.
 *
 * @returns Null for an item or a metric without choices.
 */
export function flipDistance(item: EvalItem, metric: string): number | null {
  const scores = choiceScores(item, metric), by = lengths(item, metric), { gold } = item;
  if (!scores || !by || gold === undefined) return null;
  const best = argmax(scores);
  const between = (a: number, b: number) => (scores[a] - scores[b]) / (1 / by[a] + 1 / by[b]);
  if (best !== gold) return between(best, gold);
  return Math.min(...scores.flatMap((_, i) => i === gold ? [] : [between(gold, i)]));
}

/**
 * How many items another batch size, packing or provider could flip.
 *
 * @param distance How far each log-likelihood may move. Default 1e-4: what batching changes in fp32; a provider or a
 * precision changes more, which two results tell (`largestChange`).
 * @throws {RangeError} If `distance` is negative or not finite.
 */
export function itemsNearFlip(result: Pick<EvalResult, "items" | "metrics">, distance = BATCHING_DISTANCE): NearFlips {
  noOptions("itemsNearFlip", arguments, 2);
  checkArgument("Cannot count items near a flip", "result", result, SCORED);
  if (!(distance >= 0 && Number.isFinite(distance))) {
    throw new RangeError(`Cannot count items near a flip: distance must be a number >= 0, got ${distance}`);
  }
  const metrics: NearFlips["metrics"] = {};
  for (const metric of Object.keys(result.metrics)) {
    const distances = result.items.map((item) => flipDistance(item, metric)).filter((d) => d !== null);
    if (!distances.length) continue;
    metrics[metric] = { near: distances.filter((d) => d <= distance).length, of: distances.length };
  }
  return { distance, metrics, sentence: sentenceOf(metrics, distance) };
}

function sentenceOf(metrics: NearFlips["metrics"], distance: number): string {
  const found = Object.entries(metrics);
  if (!found.length) return "No item has choices whose order could change.";
  const counts = found.map(([metric, { near, of }]) => `${near} of ${of} items (${metric})`).join(", ");
  const by = distance === BATCHING_DISTANCE
    ? `the ${distance.toExponential(0)} by which batching changes log-likelihoods`
    : `a change of ${distance.toPrecision(2)} in each log-likelihood`;
  return `${counts} could flip within ${by}.`;
}

/** The largest difference between two results' log-likelihoods of the same choices: what to pass as `distance`. */
export function largestChange(a: Pick<EvalResult, "items">, b: Pick<EvalResult, "items">): number {
  noOptions("largestChange", arguments, 2);
  checkArgument("Cannot tell the largest change", "a", a, ITEMS);
  checkArgument("Cannot tell the largest change", "b", b, ITEMS);
  const others = new Map(b.items.map((item) => [itemKey(item), item.logLikelihoods]));
  let largest = 0;
  for (const item of a.items) {
    const other = others.get(itemKey(item));
    if (other) item.logLikelihoods?.forEach((v, i) => largest = Math.max(largest, Math.abs(v - other[i])));
  }
  return largest;
}
