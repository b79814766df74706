/** From settings to what each model runs: of a setting in bytes, its own tokens. */
import type { AnySource } from "../arch/foreign/resolved_graph.ts";
import { modelFacts } from "../arch/model_facts.ts";
import { resolveModels } from "../arch/resolve_models.ts";
import { withBos } from "../model/tokenizer.ts";
import { type ModelTokenizer, modelTokenizers } from "./model_tokenizers.ts";
import { checkSetting, isText, type ModelSetting, settingName, type ThroughputSetting } from "./setting.ts";
import { hashOf, type SourceText, type TextSample, textSample } from "./text_sample.ts";
import { cutText, type TextSetting } from "./text_setting.ts";
import { type TextTokens, textTokens } from "./text_tokens.ts";

/** The text of a setting in bytes, and the tokens of each model. */
export interface SettingTokens {
  /** What was cut between characters. */
  promptBytes: number;
  newBytes: number;
  /** Of prompt and continuation. */
  sha256: string;
  /** The prompt's with BOS, where the model has it. */
  models: Record<string, { promptTokens: number; newTokens: number }>;
}

export interface TextPlan {
  /** Each model's tokens of the sample; null where all tokenizers make as many of each text. */
  text: TextTokens | null;
  /** By the names of settings in bytes. */
  tokens: Record<string, SettingTokens>;
  /** What a model runs in a setting. */
  of(model: string, setting: ThroughputSetting): ModelSetting;
}

/**
 * Plan settings for some models, before anything is started.
 *
 * @throws {RangeError} If a setting does not fit a model or a text.
 * @throws {TypeError} If a setting in bytes meets a model without a tokenizer, or tokenizers differ and one cannot be
 * opened.
 */
export async function planTexts(
  models: Record<string, AnySource>,
  settings: readonly ThroughputSetting[],
  texts?: readonly (string | SourceText)[],
): Promise<TextPlan> {
  const found = await resolveModels(models, {}, "headers"), facts = Object.values(found).map(modelFacts);
  for (const setting of settings) {
    if (!isText(setting)) facts.forEach((of) => checkSetting(setting, of));
  }
  let sample: Promise<TextSample> | undefined;
  const once = () => sample ??= textSample(texts);
  const tokenizers = await modelTokenizers(found);
  const plans = new Map<string, ModelSetting>(), tokens: Record<string, SettingTokens> = {};
  for (const setting of settings.filter(isText)) {
    const config = settingName(setting);
    const parts = await planText(setting, setting.text ?? (await once()).texts.join("\n"), tokenizers);
    tokens[config] = parts.tokens;
    for (const [name, model] of Object.entries(found)) {
      checkSetting(parts.plans[name], modelFacts(model), {}, config);
      plans.set(JSON.stringify([config, name]), parts.plans[name]);
    }
  }
  const of = (model: string, setting: ThroughputSetting) =>
    isText(setting) ? plans.get(JSON.stringify([settingName(setting), model]))! : setting;
  return { text: await textTokens(tokenizers, once), tokens, of };
}

async function planText(
  setting: TextSetting,
  text: string,
  tokenizers: Record<string, ModelTokenizer | null>,
): Promise<{ tokens: SettingTokens; plans: Record<string, ModelSetting> }> {
  const { prompt, whole, promptBytes, newBytes } = cutText(setting, text), { graph } = setting;
  const models: SettingTokens["models"] = {}, plans: Record<string, ModelSetting> = {};
  const bare = Object.keys(tokenizers).find((name) => !tokenizers[name]);
  if (bare !== undefined) {
    throw new TypeError(
      `Cannot measure ${settingName(setting)}: "${bare}" has no tokenizer, so its tokens stand for no text; give its ` +
        'reference one (tokenizer: "bytes" reads bytes), or pass a setting in tokens, { promptTokens, newTokens }',
    );
  }
  for (const [name, tokenizer] of Object.entries(tokenizers)) {
    const opened = await tokenizer!.open();
    const [start, all] = await opened.encodeBatch([prompt, whole]);
    const promptIds = withBos(opened, start), promptTokens = promptIds.length, newTokens = all.length - start.length;
    if (newTokens < 2) {
      throw new RangeError(
        `Cannot measure ${
          settingName(setting)
        }: newBytes ${setting.newBytes} are ${newTokens} tokens of "${name}", and ` +
          "decoding takes at least 2; take more bytes",
      );
    }
    models[name] = { promptTokens, newTokens };
    plans[name] = { promptTokens, newTokens, promptIds, ...(graph ? { graph } : {}) };
  }
  return { tokens: { promptBytes, newBytes, sha256: hashOf([prompt, whole]), models }, plans };
}
