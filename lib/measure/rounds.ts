/** Paired, randomised rounds over several models: the engine of every comparison of speed. */
import { MODEL_OPTIONS, SOURCES } from "../arch/ref_fields.ts";
import type { AnySource } from "../arch/foreign/resolved_graph.ts";
import { resolveModels, withWeights } from "../arch/resolve_models.ts";
import type { ModelOptions } from "../arch/model_ref.ts";
import { COMPARISONS, SEED } from "../check/common.ts";
import { suggestion } from "../check/nearest.ts";
import { object, optional } from "../check/objects.ts";
import { checkArgument, checkOptions } from "../check/options.ts";
import { func, list, text } from "../check/rules.ts";
import { startHost } from "../model/host.ts";
import type { StartHost } from "../model/protocol.ts";
import type { DecodeWay } from "../model/info.ts";
import { progress, StopError, withPartial } from "../progress.ts";
import type { ResultStore } from "../store/results.ts";
import { captureEnvironment } from "./environment.ts";
import { waysTaken } from "./decode_ways.ts";
import { goOn, keepRounds, roundWriter } from "./kept_rounds.ts";
import { STORE } from "../store/store_field.ts";
import { identicalModels } from "./identical.ts";
import { RoundsRun, type SettingState } from "./rounds_run.ts";
import { ROUNDS, type RoundsBudget, roundsPlan, type StoppedBy, stopReason } from "./rounds_plan.ts";
import { candidateRatios } from "./candidate_ratios.ts";
import { type RoundsResult, twinName } from "./rounds_result.ts";
import { isRequest, isText, SETTING, settingName, type ThroughputSetting, WAY } from "./setting.ts";
import { planTexts, type TextPlan } from "./text_plan.ts";
import { type SourceText, TEXTS } from "./text_sample.ts";
import { withoutRest } from "./text_setting.ts";

export interface RoundsOptions extends ModelOptions {
  /** Default: the first name. */
  baseline?: string;
  /** So many rounds exactly, or a budget: by default rounds go on until intervals are narrow, at most 3 minutes a setting. */
  rounds?: number | Partial<RoundsBudget>;
  /** Seed of the order and of the prompts. Default 0. */
  seed?: number;
  /** Default "loop" where all models can, else "step". A model that cannot as asked takes its own way (`ways`). */
  way?: DecodeWay;
  /** Intervals that shall hold together in the stop rule. Default: candidates times settings. */
  comparisons?: number;
  /**
   * Where tokenizers differ, speed is compared in bytes of these texts; settings in bytes read them one behind the other.
   * Default: HellaSwag's contexts with their right endings, 500 rows over the whole split.
   */
  texts?: (string | SourceText)[];
  /**
   * Where each round is kept as soon as it is measured: a run that was stopped or killed goes on with its next round, if
   * machine, versions, options and models are the same. Default null: nothing is kept.
   */
  store?: ResultStore | null;
  /** How a host is started; tests give a fake one. */
  start?: StartHost;
}

export const ROUNDS_OPTIONS = object<RoundsOptions>({
  ...MODEL_OPTIONS.fields,
  baseline: optional(text),
  rounds: optional(ROUNDS),
  seed: optional(SEED),
  way: optional(WAY),
  comparisons: optional(COMPARISONS),
  texts: optional(TEXTS),
  store: optional(STORE),
  start: optional(func()),
});
export const SETTINGS = list(SETTING);

/**
 * Run each model once a round, in an order that is shuffled by `seed`, one model active at a time, a twin of the baseline
 * among them. Every block of rounds starts all processes anew: the block is the unit of the intervals. Each process
 * warms up (at least 20 steps), and after a switch of models one step is not counted.
 *
 * A model that fails takes no further part and is listed in `failures`; if the baseline fails, the error holds
 * what was measured (`partialOf`).
 *
 * @throws {RangeError} For models, settings or rounds that can't be measured, before anything is started.
 * @throws {TypeError} For an option that is not known, or models without names.
 * @throws {StopError} After Stop, with what was measured (`partialOf`).
 */
export async function measureRounds(
  models: Record<string, AnySource>,
  settings: ThroughputSetting[],
  options: RoundsOptions = {},
): Promise<RoundsResult> {
  const { result, end } = await keptRounds(models, settings, options);
  end();
  return result;
}

/**
 * As `measureRounds`, for work that goes on behind the rounds: they are kept until it calls `end`.
 *
 * @param planned What each model runs, where that is known already.
 */
export async function keptRounds(
  models: Record<string, AnySource>,
  settings: ThroughputSetting[],
  options: RoundsOptions,
  planned?: TextPlan,
): Promise<{ result: RoundsResult; end(): void; release(): void }> {
  checkArgument("Cannot measure rounds", "models", models, SOURCES);
  checkArgument("Cannot measure rounds", "settings", settings, SETTINGS);
  checkOptions("Cannot measure rounds", options, ROUNDS_OPTIONS);
  const names = Object.keys(models);
  const { baseline = names[0], seed = 0, start = startHost, provider, threads, precision, optimise } = options;
  const plan = roundsPlan(options.rounds);
  checkModels(models, baseline, settings);
  const modelOptions = { provider, threads, precision, optimise },
    headers = await resolveModels(models, modelOptions, "headers");
  const { text, tokens: ofText, of: settingOf } = planned ?? await planTexts(headers, settings, options.texts);
  const found = await withWeights(headers, models, modelOptions);
  const twin = twinName(baseline), refs = { ...found, [twin]: found[baseline] };
  const taken = waysTaken(refs, options.way), { way, ways } = taken;
  const environment = await captureEnvironment();
  const startedAt = new Date(), began = performance.now();
  const states = settings.map((setting): SettingState => ({
    setting: isText(setting) ? withoutRest(setting) : setting,
    config: settingName(setting),
    rounds: 0,
    blocks: 0,
    spentMs: 0,
    roundMs: 0,
    startMs: 0,
    stoppedBy: null,
  }));
  const result: RoundsResult = {
    baseline,
    twin,
    identical: identicalModels(refs),
    seed,
    ...taken,
    text,
    settings: [],
    rounds: [],
    models: {},
    warmUps: [],
    failures: [],
    environment,
    startedAt: startedAt.toISOString(),
    seconds: 0,
    resumed: null,
    startedAnew: null,
  };
  const comparisons = options.comparisons ?? Math.max(1, (names.length - 1) * settings.length);
  const tokens = new Map<string, number[]>();
  const texts = text || Object.keys(ofText).length ? [text?.sha256, ofText] : null;
  const setup = {
    models: found,
    settings: states.map(({ setting }) => setting),
    baseline,
    plan,
    seed,
    way: ways ?? way,
    comparisons,
    modelOptions,
    texts,
    environment,
  };
  const kept = options.store ? await keepRounds(options.store, setup) : null;
  result.startedAnew = kept?.startedAnew ?? null;
  const firstBlock = kept ? goOn(kept, result, states, tokens) : 0;
  const bar = progress("Rounds", plan.fixed ? plan.max * settings.length : 0);
  const run = new RoundsRun(result, {
    refs,
    plan,
    bar,
    start,
    modelOptions,
    settingOf: (name, setting) => settingOf(name === twin ? baseline : name, setting),
    tokens,
    onRound: kept ? roundWriter(kept, result, tokens) : () => {},
  });
  const described = states.map(({ config }) => ({ config, ...(ofText[config] ? { tokens: ofText[config] } : {}) }));
  const judge = (open: SettingState[]) => {
    const others = run.active().filter((name) => name !== baseline && name !== twin);
    const candidates = names.length > 1 ? others : [twin]; // one model alone is measured as well as its twin shows
    for (const state of open) {
      const ratios = candidateRatios({ ...result, settings: described }, state.setting, state.config, candidates);
      state.stoppedBy = !candidates.length ? "failures" : stopReason(plan, state, ratios, { comparisons });
    }
  };
  const finish = (stoppedBy: StoppedBy) => {
    result.seconds = (performance.now() - began) / 1000;
    result.settings = states.map(({ setting, config, rounds, blocks, spentMs, stoppedBy: own }) => ({
      config,
      kind: isRequest(setting) ? "generation" : "batch",
      setting,
      ...(ofText[config] ? { tokens: ofText[config] } : {}),
      rounds,
      blocks,
      stoppedBy: own ?? stoppedBy,
      minutes: spentMs / 60_000,
    }));
    return result;
  };
  try {
    if (result.resumed) judge(states.filter(({ rounds }) => rounds > 0));
    for (let block = firstBlock; states.some((s) => !s.stoppedBy); block++) {
      const open = states.filter((s) => !s.stoppedBy);
      await run.block(open, block);
      judge(open);
    }
    bar.update(result.rounds.length);
    return { result: finish("rounds"), end: () => kept?.end(), release: () => kept?.release() };
  } catch (error) {
    kept?.release();
    throw withPartial(
      error,
      result.rounds.length ? finish(error instanceof StopError ? "stop" : "failures") : undefined,
    );
  } finally {
    bar.finish();
  }
}

function checkModels(models: Record<string, AnySource>, baseline: string, settings: ThroughputSetting[]): void {
  const names = Object.keys(models);
  if (!names.length) throw new RangeError("Cannot measure rounds: give at least one model, { name: reference }");
  if (!names.includes(baseline)) {
    throw new RangeError(
      `Cannot measure rounds: baseline "${baseline}" is none of the models${suggestion(baseline, names)}`,
    );
  }
  if (names.includes(twinName(baseline))) {
    throw new RangeError(
      `Cannot measure rounds: the name "${twinName(baseline)}" is kept for the baseline's twin; choose another`,
    );
  }
  if (!settings.length) {
    throw new RangeError("Cannot measure rounds: give at least one setting, e.g. { promptTokens: 5, newTokens: 64 }");
  }
  const configs = settings.map(settingName), twice = configs.find((c, i) => configs.indexOf(c) < i);
  if (twice) throw new RangeError(`Cannot measure rounds: the setting ${twice} is given twice`);
}
