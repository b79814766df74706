/** What a score is worth: how far answers that read no question get on the same items. */
import { argmax } from "./choice_item.ts";
import type { EvalItem, EvalResult, Sanity } from "./types.ts";

/** @returns Null if no item has choices. */
export function sanity(items: EvalItem[]): Sanity | null {
  const chosen = items.filter((item) => item.logLikelihoods && item.gold !== undefined);
  if (!chosen.length) return null;
  const places = Math.max(...chosen.map((item) => item.logLikelihoods!.length));
  const share = (right: (item: EvalItem) => boolean) => chosen.filter(right).length / chosen.length;
  const shares = (place: (item: EvalItem) => number) =>
    Array.from({ length: places }, (_, i) => share((item) => place(item) === i));
  const goldShares = shares((item) => item.gold!);
  return {
    goldShares,
    chosenShares: shares((item) => argmax(item.logLikelihoods!)),
    baselines: {
      random: chosen.reduce((sum, item) => sum + 1 / item.logLikelihoods!.length, 0) / chosen.length,
      majority: Math.max(...goldShares),
      longest: share((item) => item.longest === item.gold),
    },
  };
}

/** What a uniform guess over the 256 bytes costs: 8 bits a byte. */
const GUESSED_BYTES: Record<string, number> = { bits_per_byte: 8, byte_perplexity: 256 };

/** The score of a guess, or of no right answer where nothing can be guessed; null where the metric has no such level. */
export function guessLevel(result: Pick<EvalResult, "chance" | "higherIsBetter">, metric: string): number | null {
  return result.chance[metric] ?? GUESSED_BYTES[metric] ?? (result.higherIsBetter[metric] ? 0 : null);
}

/** Whether a score is better than guessing, its whole interval; true where there is no such level, or no interval to tell. */
export function beatsGuessing(
  result: Pick<EvalResult, "chance" | "higherIsBetter" | "metrics">,
  metric: string,
): boolean {
  const level = guessLevel(result, metric), { low, high } = result.metrics[metric];
  if (level === null || low === null || high === null) return true;
  return result.higherIsBetter[metric] ? low > level + ROUNDING : high < level - ROUNDING;
}

/** The interval of none right begins at 0, but for rounding. */
const ROUNDING = 1e-9;
