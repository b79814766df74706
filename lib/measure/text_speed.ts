/** From tokens a second to bytes of the same text a second: the factor of each model, and of one against another. */
import { exactFactor, type LogFactor, logRatioOfTotals } from "../stats/log_factor.ts";
import { type SpeedMetric, twinName } from "./rounds_result.ts";
import type { SettingTokens } from "./text_plan.ts";
import type { TextTokens } from "./text_tokens.ts";

/** The part of rounds, or of a comparison, that says how much text a token stands for. */
export interface TextSpeeds {
  baseline: string;
  text?: TextTokens | null;
  settings: readonly { config: string; tokens?: SettingTokens }[];
}

/** Whether speeds of a setting are told in bytes: it is in bytes itself, or tokenizers differ. */
export function inBytes({ text, settings }: TextSpeeds, config: string): boolean {
  return Boolean(text) || settings.some((s) => s.config === config && s.tokens);
}

/**
 * Bytes a token of a model, or `a`'s over `b`'s. In a setting in bytes it is exact: the tokens of one text. Else it is the
 * sample's, with the error of having seen these texts and no others; between two models most of it cancels.
 *
 * @returns Null where one of them has no tokenizer, or nothing was counted.
 */
export function byteFactor(
  of: TextSpeeds,
  { config, metric }: { config: string; metric: SpeedMetric },
  a: string,
  b?: string,
): LogFactor | null {
  const tokens = of.settings.find((s) => s.config === config)?.tokens;
  const [first, second] = [a, b].map((name) => name === twinName(of.baseline) ? of.baseline : name);
  if (tokens) {
    const bytesOf = (name: string) => bytesInSetting(tokens, metric, name);
    const [x, y] = [bytesOf(first!), second === undefined ? 1 : bytesOf(second)];
    return x === null || y === null ? null : exactFactor(x / y);
  }
  if (!of.text) return null;
  const { bytes, sources, models } = of.text;
  const own = models[first!]?.tokens, other = second === undefined ? bytes : models[second]?.tokens;
  if (!own || !other) return null;
  return logRatioOfTotals(other, own, sources);
}

function bytesInSetting(
  { promptBytes, newBytes, models }: SettingTokens,
  metric: SpeedMetric,
  name: string,
): number | null {
  const own = models[name];
  if (!own) return null;
  return metric === "prefillTokensPerS" ? promptBytes / own.promptTokens : newBytes / own.newTokens;
}
