/** What is timed: one generation request, in tokens or in bytes of a text, or one forward pass of a batch. */
import { type DecodeGraph, fasterGraph } from "../arch/batch_graph.ts";
import type { GraphKind } from "../arch/build.ts";
import { BATCH, MOST_BATCH, TOKENS } from "../check/common.ts";
import { byField, object, optional } from "../check/objects.ts";
import { oneOf } from "../check/rules.ts";
import type { ModelFacts } from "../arch/model_facts.ts";
import { TEXT_SETTING, type TextSetting, textSettingName } from "./text_setting.ts";

/** One request: `promptTokens` in one pass, then `newTokens` out, the first of them from that pass. */
export interface GenerationSetting {
  promptTokens: number;
  newTokens: number;
  /**
   * The graph that runs: "generate" copies its caches in every step, "batch" leaves them where they are and has smaller
   * operators. Default: the faster one for so many tokens; where an architecture has no batch graph, always "generate".
   */
  graph?: DecodeGraph;
}

/** One forward pass of `batch` sequences of `seqLen` tokens. */
export interface BatchSetting {
  batch: number;
  seqLen: number;
  /** Rows that the head runs on. Default "last". */
  logits?: "last" | "all";
}

export type ThroughputSetting = GenerationSetting | BatchSetting | TextSetting;
/** What one model runs: of a setting in bytes the tokens of its own tokenizer. */
export type ModelSetting = (GenerationSetting & { promptIds?: number[] }) | BatchSetting;

const GENERATION = object<GenerationSetting>({
  promptTokens: TOKENS,
  newTokens: TOKENS,
  graph: optional(oneOf("generate", "batch")),
});
const FORWARD = object<BatchSetting>({ batch: BATCH, seqLen: TOKENS, logits: optional(oneOf("last", "all")) });
/** The fields of a setting; whether it fits a model, `checkSetting` says. */
export const SETTING = byField<ThroughputSetting, "promptTokens" | "batch" | "promptBytes">({
  promptTokens: GENERATION,
  batch: FORWARD,
  promptBytes: TEXT_SETTING,
});
/** How tokens are decoded. */
export const WAY = oneOf("loop", "step");

export function isGeneration<S extends ThroughputSetting | ModelSetting>(
  setting: S,
): setting is Extract<S, { promptTokens: number }> {
  return "promptTokens" in setting;
}

export function isText(setting: ThroughputSetting): setting is TextSetting {
  return "promptBytes" in setting;
}

/** Whether a setting is a request, with prefill and decode: in tokens, or in bytes. */
export function isRequest(setting: ThroughputSetting): setting is GenerationSetting | TextSetting {
  return isGeneration(setting) || isText(setting);
}

/**
 * Short name of a setting in tables: `p5_l64` (prompt, new tokens), `b8_s128` (batch, sequence) or `p512B_l256B` (bytes).
 */
export function settingName(setting: ThroughputSetting): string {
  if (isText(setting)) return textSettingName(setting);
  if (isGeneration(setting)) return `p${setting.promptTokens}_l${setting.newTokens}`;
  return `b${setting.batch}_s${setting.seqLen}${setting.logits === "all" ? "_all" : ""}`;
}

/** The graph that a setting runs: for many tokens the batch graph, and logits of all rows come from the score graph. */
export function graphOf(setting: ModelSetting): GraphKind {
  if (!isGeneration(setting)) return setting.logits === "all" ? "score" : "generate";
  return generationGraph(setting);
}

/** The graph of a generation; a host takes the generate graph where there is no batch graph. */
export function generationGraph({ promptTokens, newTokens, graph }: GenerationSetting): DecodeGraph {
  return graph ?? fasterGraph(promptTokens + newTokens);
}

/** Names of the numbers, as the caller knows them. */
const OWN_NAMES = { promptTokens: "promptTokens", newTokens: "newTokens", batch: "batch", seqLen: "seqLen" };

/**
 * Check a setting against a model, before anything is started.
 *
 * @param names What the caller calls the numbers, for the message.
 * @param config What the setting is called there.
 * @throws {RangeError} If a number is no whole number of the least size, cannot be meant, or the sequence is longer than
 * the context.
 */
export function checkSetting(
  setting: ModelSetting,
  { name: model, contextLength }: Pick<ModelFacts, "name" | "contextLength">,
  names: Partial<typeof OWN_NAMES> = {},
  config = settingName(setting),
): void {
  const name = { ...OWN_NAMES, ...names };
  const whole = (key: keyof typeof OWN_NAMES, value: number, least: number, fix = "") => {
    if (!Number.isSafeInteger(value) || value < least) {
      throw new RangeError(
        `Cannot measure ${config}: ${name[key]} must be an integer >= ${least}, got ${value}${fix}`,
      );
    }
  };
  const fits = (tokens: number, words: string) => {
    if (tokens > contextLength) {
      throw new RangeError(
        `Cannot measure ${config}: ${words} are longer than the context of ${model}, ${contextLength} tokens`,
      );
    }
  };
  if (isGeneration(setting)) {
    const { promptTokens, newTokens } = setting;
    whole("promptTokens", promptTokens, 1);
    whole("newTokens", newTokens, 2, "; the first token comes from prefill, so time prefill alone as a batch of 1");
    fits(promptTokens + newTokens, `${promptTokens} prompt tokens and ${newTokens} new ones`);
  } else {
    whole("batch", setting.batch, 1);
    if (setting.batch > MOST_BATCH) {
      throw new RangeError(
        `Cannot measure ${config}: ${name.batch} must be at most ${MOST_BATCH}, got ${setting.batch}`,
      );
    }
    whole("seqLen", setting.seqLen, 1);
    fits(setting.seqLen, `sequences of ${setting.seqLen} tokens`);
  }
}
