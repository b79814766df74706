/** One block of rounds: start all processes anew, warm each up, and run the rounds in random order. */
import type { AnySource } from "../arch/foreign/resolved_graph.ts";
import type { ModelOptions } from "../arch/model_ref.ts";
import type { ModelHost, StartHost } from "../model/protocol.ts";
import { type Progress, StopError } from "../progress.ts";
import { type Random, seededRandom } from "../stats/random.ts";
import { wayOf } from "./decode_ways.ts";
import { noiseBetween, readNoise } from "./noise.ts";
import { roundsOfBlock, type RoundsPlan, type RoundsState, type StoppedBy } from "./rounds_plan.ts";
import type { Round, RoundsResult } from "./rounds_result.ts";
import { checkSameTokens, runSetting } from "./run_setting.ts";
import { graphOf, type ModelSetting, type ThroughputSetting } from "./setting.ts";
import { startStoppable } from "./stoppable.ts";
import { warmUp } from "./warm_up.ts";

/** In rounds a large batch is warmed up for this long at most, in every process. */
const WARM_UP_SECONDS = 3;
/** An odd number that sets the seeds of blocks far apart. */
const BLOCK_SEED = 0x9e3779b1;

/** Where a setting stands. */
export interface SettingState extends RoundsState {
  setting: ThroughputSetting;
  config: string;
  /** Mean time of a round in the last block, and of the last block's start; 0 before the first. */
  roundMs: number;
  startMs: number;
  stoppedBy: StoppedBy | null;
}

export interface RoundsRunOptions {
  refs: Record<string, AnySource>;
  plan: RoundsPlan;
  bar: Progress;
  start: StartHost;
  modelOptions: ModelOptions;
  /** What a model runs in a setting. */
  settingOf(model: string, setting: ThroughputSetting): ModelSetting;
  /** The first tokens of each model and setting as an earlier run saw them. */
  tokens: Map<string, number[]>;
  /** Called after every round, with what it has added to `result`. */
  onRound(progress: BlockProgress): void;
}

/** Where a block stands after a round. */
export interface BlockProgress {
  block: number;
  config: string;
  /** Rounds that this block has and was meant to have in this setting. */
  done: number;
  planned: number;
  /** Of the setting, with what this block has taken so far. */
  spentMs: number;
}

/** The work of `measureRounds`, block by block; it fills `result`. */
export class RoundsRun {
  readonly #began: number;
  readonly #hosts = new Map<string, ModelHost>();
  /** Anew for each block, so that a run that goes on makes the orders that it would have made. */
  #random: Random;

  constructor(readonly result: RoundsResult, readonly options: RoundsRunOptions) {
    this.#began = performance.now() - (Date.now() - Date.parse(result.startedAt));
    this.#random = seededRandom(result.seed);
  }

  /** Models that have not failed, the twin among them. */
  active(): string[] {
    const failed = new Set(this.result.failures.map((f) => f.model));
    return Object.keys(this.options.refs).filter((name) => !failed.has(name));
  }

  /** Run some rounds of each setting in fresh processes, and end them. */
  async block(states: SettingState[], block: number): Promise<void> {
    const start = performance.now();
    this.#random = seededRandom((this.result.seed + Math.imul(block, BLOCK_SEED)) | 0);
    try {
      await this.#startHosts(states, block);
      const share = (performance.now() - start) / states.length;
      for (const state of states) await this.#setting(state, block, share);
    } finally {
      await Promise.all([...this.#hosts.values()].map((host) => host.close()));
      this.#hosts.clear();
    }
  }

  async #startHosts(states: SettingState[], block: number): Promise<void> {
    const { refs, start, modelOptions, settingOf, bar } = this.options;
    for (const name of this.#random.shuffle(this.active())) {
      bar.update(this.result.rounds.length, `block ${block + 1}, starting ${name}`);
      const graphs = [...new Set(states.map(({ setting }) => graphOf(settingOf(name, setting))))];
      try {
        const host = await startStoppable(start, refs[name], { ...modelOptions, graphs });
        this.#hosts.set(name, host);
        this.result.models[name] ??= host.open.info;
      } catch (error) {
        if (block === 0 || error instanceof StopError) throw error; // a model that can't be opened at all is the caller's mistake
        this.#fail(name, states[0].config, block, error);
      }
    }
  }

  async #setting(state: SettingState, block: number, shareMs: number): Promise<void> {
    const { plan, onRound } = this.options;
    const start = performance.now(), before: RoundsState = { ...state };
    for (const name of this.#random.shuffle(this.active())) await this.#warmUp(state, block, name);
    state.startMs = shareMs + performance.now() - start;
    const roundsStart = performance.now();
    let planned = roundsOfBlock(plan, before, state.roundMs, state.startMs);
    for (let done = 0; done < planned;) {
      this.result.rounds.push(await this.#round(state, block));
      state.rounds++;
      state.roundMs = (performance.now() - roundsStart) / ++done;
      if (done === 1) planned = Math.min(planned, roundsOfBlock(plan, before, state.roundMs, state.startMs));
      const spentMs = before.spentMs + shareMs + performance.now() - start;
      onRound({ block, config: state.config, done, planned, spentMs });
    }
    state.blocks++;
    state.spentMs = before.spentMs + shareMs + performance.now() - start;
  }

  async #warmUp({ setting, config }: SettingState, block: number, name: string): Promise<void> {
    const { seed, warmUps, rounds } = this.result;
    this.options.bar.update(rounds.length, `${config}, block ${block + 1}, warming up ${name}`);
    await this.#attempt(name, config, block, async (host) => {
      const warm = await warmUp(host, this.options.settingOf(name, setting), {
        way: wayOf(this.result, name),
        seed,
        maxSeconds: WARM_UP_SECONDS,
      });
      warmUps.push({ model: name, config, block, ...warm });
    });
  }

  async #round({ setting, config, rounds }: SettingState, block: number): Promise<Round> {
    const { seed } = this.result;
    const order = this.#random.shuffle(this.active());
    const round: Round = { config, block, round: rounds, order, samples: {} };
    for (const name of order) {
      this.options.bar.update(this.result.rounds.length, `${config}, block ${block + 1}, ${name}`);
      await this.#attempt(name, config, block, async (host) => {
        const pids = this.active().flatMap((name) => this.#hosts.get(name)?.pid ?? []);
        const before = readNoise(pids), atMs = performance.now() - this.#began;
        const planned = this.options.settingOf(name, setting);
        const { sample, ids, involuntarySwitches } = await runSetting(host, planned, {
          way: wayOf(this.result, name),
          seed,
          fresh: true,
        });
        const key = JSON.stringify([name, config]);
        checkSameTokens(name, this.options.tokens.get(key) ?? null, ids);
        if (!this.options.tokens.has(key)) this.options.tokens.set(key, ids);
        const noise = noiseBetween(before, readNoise(pids));
        round.samples[name] = { ...sample, atMs, noise, involuntarySwitches };
      });
    }
    return round;
  }

  /** Do something with one model's host; if it fails, the model is out, and the others go on. */
  async #attempt(name: string, config: string, block: number, work: (host: ModelHost) => Promise<void>): Promise<void> {
    const host = this.#hosts.get(name);
    if (!host || !this.active().includes(name)) return;
    try {
      await work(host);
    } catch (error) {
      if (error instanceof StopError) throw error;
      this.#fail(name, config, block, error);
    }
  }

  /** @throws {Error} If it is the baseline. */
  #fail(model: string, config: string, block: number, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.result.failures.push({ model, config, block, reason });
    if (model !== this.result.baseline) return;
    const what = `The baseline "${model}" failed in block ${
      block + 1
    } of ${config}, so nothing can be compared with it`;
    throw new Error(`${what}: ${reason}`, { cause: error });
  }
}
