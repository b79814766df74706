/** One model on all texts of a curve: what is not kept from before is scored, text by text. */
import type { ModelOptions, ModelRef } from "../../arch/model_ref.ts";
import { evalEnvironment } from "../../eval/environment.ts";
import { MODEL_KEY, savedRun } from "../../eval/saved_run.ts";
import { PartialScoresError, scoreInBatches, type Unit, type UnitScores } from "../../eval/score_in_batches.ts";
import type { EvalEnvironment } from "../../eval/types.ts";
import { startStoppable } from "../../measure/stoppable.ts";
import type { ModelInfo } from "../../model/info.ts";
import type { StartHost } from "../../model/protocol.ts";
import { progress } from "../../progress.ts";
import type { ResultStore } from "../../store/results.ts";
import { segmentRequests } from "./places.ts";
import type { Segment } from "./places.ts";

/** Part of the key of what is kept: raise it when the same text's segments get other requests. */
const VERSION = "1";

export interface TextWork {
  ids: number[];
  segments: Segment[];
}

export interface ModelWork {
  name: string;
  ref: ModelRef;
  options: ModelOptions;
  /** What stands before every text. */
  prefix: number;
  texts: TextWork[];
  start: StartHost;
  store: ResultStore | null;
}

export interface ModelScores {
  /** Of each text, in order; undefined where the work ended before. */
  scores: (UnitScores | undefined)[];
  environment: EvalEnvironment;
}

/** Why work ended early, with what was finished until then. */
export class UnfinishedModel extends Error {
  override name = "UnfinishedModel";
  constructor(cause: unknown, readonly model: string, readonly finished: ModelScores) {
    super("The work ended early", { cause });
  }
}

/**
 * Score the texts that are not kept yet, in a process of the model's own.
 *
 * @throws {UnfinishedModel} After Stop, or when the process died.
 */
export async function scoreTexts({ name, ref, options, prefix, texts, start, store }: ModelWork): Promise<ModelScores> {
  const startedAt = new Date().toISOString(), began = performance.now();
  const task = { name: "position_curve", version: VERSION };
  const saved = store ? await savedRun(store, ref, options, task, {}) : undefined;
  const units = texts.map(({ ids, segments }): Unit => ({
    requests: segmentRequests(ids, segments, prefix),
    key: JSON.stringify([ids, segments.map(({ to }) => to)]),
  }));
  const found = units.map(({ key }) => saved?.get(key) as UnitScores | undefined);
  const reused = found.filter((scores) => scores !== undefined).length;
  const finished = async (info: ModelInfo, scores: ModelScores["scores"]): Promise<ModelScores> => {
    const seconds = reused === units.length ? 0 : (performance.now() - began) / 1000;
    return { scores, environment: await evalEnvironment(info, { startedAt, seconds, reused, scoring: {} }) };
  };
  try {
    const known = reused === units.length ? saved?.get(MODEL_KEY) as ModelInfo | undefined : undefined;
    if (known) return await finished(known, found);
    const host = await startStoppable(start, ref, { ...options, graphs: ["score"] });
    const bar = progress(`bits by place, ${name}`, units.length);
    try {
      saved?.put(MODEL_KEY, host.open.info);
      // A text a call: texts share nothing, and each is kept as soon as it is done.
      return await finished(host.open.info, await scoreInBatches([host], units, { bar, saved, limit: 1 }));
    } catch (error) {
      if (!(error instanceof PartialScoresError)) throw error;
      throw new UnfinishedModel(error.cause, name, await finished(host.open.info, error.scores));
    } finally {
      bar.finish();
      await host.close();
    }
  } finally {
    saved?.close();
  }
}
