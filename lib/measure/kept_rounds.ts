/** Rounds that outlive the process that measures them: what is written after each, and how a run goes on with them. */
import { foundFingerprint } from "../arch/fingerprint.ts";
import type { FoundModel } from "../arch/model_facts.ts";
import type { ModelOptions } from "../arch/model_ref.ts";
import { KeptWork } from "../store/kept_work.ts";
import type { ResultStore } from "../store/results.ts";
import type { DecodeWay, ModelInfo } from "../model/info.ts";
import { type Environment, machineOf } from "./environment.ts";
import type { RoundsPlan } from "./rounds_plan.ts";
import type { Round, RoundsResult } from "./rounds_result.ts";
import type { BlockProgress, SettingState } from "./rounds_run.ts";
import { settingName, type ThroughputSetting } from "./setting.ts";

/** Raise it when a part has another shape or meaning. */
const KEPT_VERSION = 1;

/** What one round added to a result. */
export interface KeptRound {
  round: Round;
  progress: BlockProgress;
  warmUps: RoundsResult["warmUps"];
  failures: RoundsResult["failures"];
  models: Record<string, ModelInfo>;
  /** First tokens of models and settings that had none before. */
  tokens: [string, number[]][];
}

export type KeptRounds = KeptWork<KeptRound>;

/** All that decides a round but the moment. */
export interface RoundsSetup {
  models: Record<string, FoundModel>;
  settings: ThroughputSetting[];
  baseline: string;
  plan: RoundsPlan;
  seed: number;
  /** One for all, or each model's. */
  way: DecodeWay | Record<string, DecodeWay>;
  comparisons: number;
  modelOptions: ModelOptions;
  /** The hash of the texts whose tokens are counted, and the tokens of settings in bytes; null where there are none. */
  texts: unknown;
  environment: Environment;
}

/**
 * Begin to keep rounds, or find those of an interrupted run of the same names and settings. It is gone on with if
 * machine, versions, options and models are the same.
 *
 * @throws {StoreError} If the store cannot be used.
 */
export async function keepRounds(store: ResultStore, setup: RoundsSetup): Promise<KeptRounds> {
  const { models, settings, baseline, plan, seed, way, comparisons, modelOptions, texts, environment } = setup;
  const fingerprints: Record<string, unknown> = {};
  for (const [name, of] of Object.entries(models)) fingerprints[name] = await foundFingerprint(of, modelOptions);
  return KeptWork.begin<KeptRound>(
    store,
    { rounds: Object.keys(models), settings: settings.map(settingName) },
    {
      machine: machineOf(environment),
      versions: [KEPT_VERSION, environment.deno, environment.onnxruntime, environment.commit],
      options: [
        ...[settings, baseline, { ...plan, minutes: String(plan.minutes) }, seed, way, comparisons, modelOptions],
        ...(texts === null ? [] : [texts]), // so that rounds of before, which had none, are still gone on with
      ],
      models: fingerprints,
    },
  );
}

/** Writes what each round adds to a result. */
export function roundWriter(
  kept: KeptRounds,
  result: RoundsResult,
  tokens: Map<string, number[]>,
): (progress: BlockProgress) => void {
  let warmUps = result.warmUps.length, failures = result.failures.length, known = tokens.size;
  let models = Object.keys(result.models).length;
  return (progress) => {
    kept.add({
      round: result.rounds.at(-1)!,
      progress,
      warmUps: result.warmUps.slice(warmUps),
      failures: result.failures.slice(failures),
      models: Object.fromEntries(Object.entries(result.models).slice(models)),
      tokens: [...tokens].slice(known),
    });
    warmUps = result.warmUps.length;
    failures = result.failures.length;
    models = Object.keys(result.models).length;
    known = tokens.size;
  };
}

/**
 * Take the rounds of an interrupted run into a result and its settings' states. The block that was cut stays as a short
 * one.
 *
 * @returns The number of the next block.
 */
export function goOn(
  kept: KeptRounds,
  result: RoundsResult,
  states: SettingState[],
  tokens: Map<string, number[]>,
): number {
  const { earlier } = kept;
  if (!earlier.length) return 0;
  result.startedAt = kept.startedAt!;
  result.resumed = { startedAt: kept.startedAt!, rounds: earlier.length, interruptions: kept.interruptions };
  const lastBlock = earlier.at(-1)!.progress.block;
  for (const part of earlier) {
    result.rounds.push(part.round);
    result.warmUps.push(...part.warmUps);
    result.failures.push(...part.failures);
    for (const [name, info] of Object.entries(part.models)) result.models[name] ??= info;
    for (const [key, ids] of part.tokens) tokens.set(key, ids);
  }
  for (const state of states) {
    const own = earlier.filter(({ progress }) => progress.config === state.config), last = own.at(-1)?.progress;
    if (!last) continue;
    state.rounds = own.length;
    state.blocks = new Set(own.map(({ progress }) => progress.block)).size;
    state.spentMs = last.spentMs;
    if (last.done >= last.planned) continue;
    for (const { round } of own) if (round.block === last.block) round.cut = true;
  }
  return lastBlock + 1;
}
