/** What a score is worth: how far answers that read no question get on the same items. */
import { argmax } from "./choice_item.ts";
import type { EvalItem } from "./types.ts";

export interface Sanity {
  /** Share of items whose right answer stands first, second, ...: far from equal, a favourite place alone scores. */
  goldShares: number[];
  /** Share of items at which the model chose each place, by the summed log-likelihood: a model that guesses has a favourite. */
  chosenShares: number[];
  /** Share of right answers when every item is answered by the same rule. */
  baselines: {
    /** Any choice, each as likely. */
    random: number;
    /** Always the place that is right most often (known only afterwards, so it is the most that a place can give). */
    majority: number;
    /** The longest answer: writers of questions tend to spell out the right one. */
    longest: number;
  };
}

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
