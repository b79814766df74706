/** The unit of a scaling's lengths: tokens, or bytes of one text where tokenizers differ. */
import type { ModelRef } from "../arch/model_ref.ts";
import type { RoundSample, RoundsResult, RoundsSetting } from "./rounds_result.ts";
import { type GenerationSetting, isGeneration, type ThroughputSetting } from "./setting.ts";
import { planTexts } from "./text_plan.ts";
import type { SourceText } from "./text_sample.ts";

/** What lengths are told in, and times a token: where tokenizers differ, times a byte. */
export type LengthUnit = "tokens" | "bytes";

/** A length, and the time at it. */
interface Point {
  length: number;
  value: number;
}

/**
 * Requests in tokens, or where the models' tokenizers differ in as many bytes as those tokens are to the baseline, or to
 * the first model that has a tokenizer.
 *
 * @throws {TypeError} If tokenizers differ and one cannot be opened.
 */
export async function scalingSettings(
  models: Record<string, ModelRef>,
  settings: Required<GenerationSetting>[],
  { baseline = Object.keys(models)[0], texts }: { baseline?: string; texts?: readonly (string | SourceText)[] } = {},
): Promise<ThroughputSetting[]> {
  const { text } = await planTexts(models, [], texts);
  if (!text) return settings;
  const own = text.models[baseline] ?? Object.values(text.models).find((model) => model !== null)!;
  const total = (values: number[]) => values.reduce((a, b) => a + b, 0);
  const bytes = (tokens: number) => Math.round(tokens * total(text.bytes) / total(own.tokens));
  return settings.map(({ promptTokens, newTokens, graph }) => ({
    promptBytes: bytes(promptTokens),
    newBytes: bytes(newTokens),
    graph,
  }));
}

/**
 * The unit of rounds over several lengths.
 *
 * @throws {TypeError} If they are in tokens of different tokenizers, or some in tokens and others in bytes.
 */
export function lengthUnit({ settings, text }: Pick<RoundsResult, "settings" | "text">): LengthUnit {
  const requests = settings.filter(({ kind }) => kind === "generation");
  const bytes = requests.filter(({ tokens }) => tokens).length;
  if (bytes > 0 && bytes === requests.length) return "bytes";
  if (!bytes && !text) return "tokens";
  throw new TypeError(
    "Cannot fit the scaling: " +
      (bytes
        ? "some lengths are in tokens and others in bytes"
        : "lengths in tokens of different tokenizers do not compare") +
      "; measure settings in bytes, { promptBytes, newBytes }, as measureScaling does",
  );
}

/** TTFT at a prompt's length, and the time a token, or a byte, at a request's mean context; null for a batch. */
export function scalingPoint(
  { setting, tokens }: RoundsSetting,
  model: string,
  time: "ttftMs" | "tpotMs",
  sample: RoundSample,
): Point | null {
  const value = sample[time];
  if (value === undefined) return null;
  if (tokens) {
    const { promptBytes, newBytes } = tokens;
    return time === "ttftMs"
      ? { length: promptBytes, value }
      : { length: promptBytes + newBytes / 2, value: value * tokens.models[model].newTokens / newBytes };
  }
  if (!isGeneration(setting)) return null;
  // Step i of newTokens - 1 sees promptTokens + i tokens, itself included.
  return { length: time === "ttftMs" ? setting.promptTokens : setting.promptTokens + setting.newTokens / 2, value };
}
