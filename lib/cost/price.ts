/** What a million tokens cost on one's own machine, beside the price of an API. */
import { object, optional } from "../check/objects.ts";
import { quantity } from "../check/rules.ts";
import type { Range } from "./efficiency.ts";

export interface Price {
  /** Rent, or write-off, of the machine in USD an hour. */
  usdPerHour?: number;
  /** Electricity in USD a kWh, at the machine's TDP; may be given beside `usdPerHour`. */
  usdPerKwh?: number;
  /** The API's prices in USD a million tokens. */
  api?: { inputUsdPerMillion: number; outputUsdPerMillion: number };
}

const USD = quantity({ above: 0 });
export const PRICE = object<Price>({
  usdPerHour: optional(USD),
  usdPerKwh: optional(USD),
  api: optional(object<Exclude<Price["api"], undefined>>({ inputUsdPerMillion: USD, outputUsdPerMillion: USD })),
});

export interface PriceComparison {
  /** USD for a million new tokens with their prompts, while the machine is busy all the time. */
  ownUsdPerMillion: Range;
  /** What the API asks for the same; null where no price was given. */
  apiUsdPerMillion: number | null;
  /** Share of the time that the machine must be busy for its tokens to cost as much as the API's; above 1: never. */
  breakEvenShare: Range | null;
}

export interface PricedWork {
  promptTokens: number;
  newTokens: number;
  /** New tokens/s over whole requests; null where not known. */
  throughputTokensPerS: Range | null;
  tdpWatts: number | null;
}

/**
 * Cost of a million new tokens, their prompts included.
 *
 * @returns null where the machine's FLOP/s, and so the time of a request, are not known.
 * @throws {RangeError} For no price of the machine at all, or a price of electricity where the machine's power is not known.
 */
export function priceOf(price: Price, work: PricedWork): PriceComparison | null {
  const { usdPerHour, usdPerKwh, api } = price;
  if (usdPerHour === undefined && usdPerKwh === undefined) {
    throw new RangeError(
      "Cannot estimate a price: give usdPerHour, what the machine costs, or usdPerKwh, its electricity",
    );
  }
  if (usdPerKwh !== undefined && work.tdpWatts === null) {
    throw new RangeError(
      "Cannot estimate a price: the machine's TDP is not known, so usdPerKwh says nothing; give usdPerHour",
    );
  }
  if (!work.throughputTokensPerS) return null;
  const hour = (usdPerHour ?? 0) + (usdPerKwh ?? 0) * (work.tdpWatts ?? 0) / 1000;
  const perMillion = (tokensPerS: number) => hour / 3600 * 1e6 / tokensPerS;
  const { low, high } = work.throughputTokensPerS;
  const own = { low: perMillion(high), high: perMillion(low) };
  const apiUsd = api ? api.outputUsdPerMillion + api.inputUsdPerMillion * work.promptTokens / work.newTokens : null;
  return {
    ownUsdPerMillion: own,
    apiUsdPerMillion: apiUsd,
    breakEvenShare: apiUsd === null ? null : { low: own.low / apiUsd, high: own.high / apiUsd },
  };
}
