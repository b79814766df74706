/** Send a task's requests to a model host in batches of bounded size, with a bar, and stop when the user says so. */
import type { ModelHost, ScoreRequest, ScoreResult } from "../model/protocol.ts";
import { checkStop, type Progress } from "../progress.ts";

/** The requests of one item; items of one group share the start of their prompts. */
export interface Unit {
  requests: ScoreRequest[];
  group?: string;
}

/** What a unit got: a result for each request, or why the model cannot score it. */
export type UnitScores = ScoreResult[] | { refused: string };

/** Bounds the message to the host (a 5-shot prompt has 3 KB) and what is lost when a run is stopped. */
const BATCH_REQUESTS = 512;

/** Split units into batches of one group each, in order, of at most `limit` requests (one unit is never cut). */
export function batches<T extends Unit>(units: T[], limit = BATCH_REQUESTS): T[][] {
  const out: T[][] = [];
  let size = 0;
  for (const unit of units) {
    const last = out.at(-1);
    if (!last || last[0].group !== unit.group || size + unit.requests.length > limit) {
      out.push([unit]);
      size = unit.requests.length;
    } else {
      last.push(unit);
      size += unit.requests.length;
    }
  }
  return out;
}

/**
 * Score all units in order.
 *
 * @returns What each unit got, in order. A unit that the model cannot score (no token of its own behind the join,
 * longer than the context) is refused alone.
 * @throws {StopError} When the user stopped the work; the host is closed then, as it cannot be interrupted otherwise.
 */
export async function scoreInBatches(host: ModelHost, units: Unit[], bar: Progress): Promise<UnitScores[]> {
  const results: UnitScores[] = [];
  for (const batch of batches(units)) {
    checkStop();
    results.push(...await scoreOrRefuse(host, batch, results.length, bar));
    bar.update(results.length, batch[0].group);
  }
  return results;
}

/** A refused batch is halved until the units that are to blame stand alone. */
async function scoreOrRefuse(host: ModelHost, batch: Unit[], before: number, bar: Progress): Promise<UnitScores[]> {
  try {
    const flat = await scoreStoppable(host, batch, before, bar);
    let at = 0;
    return batch.map(({ requests }) => flat.slice(at, at += requests.length));
  } catch (error) {
    // what the model refuses is a RangeError or a TypeError; anything else ends the work
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    if (batch.length === 1) return [{ refused: error.message }];
    const half = batch.length >> 1;
    const first = await scoreOrRefuse(host, batch.slice(0, half), before, bar);
    return [...first, ...await scoreOrRefuse(host, batch.slice(half), before + half, bar)];
  }
}

async function scoreStoppable(host: ModelHost, batch: Unit[], before: number, bar: Progress): Promise<ScoreResult[]> {
  let stop: unknown;
  const requests = batch.flatMap((u) => u.requests);
  const perUnit = requests.length / batch.length;
  const onProgress = (done: number) => {
    bar.update(before + Math.floor(done / perUnit), batch[0].group);
    try {
      checkStop();
    } catch (error) {
      stop ??= error;
      void host.close(); // the pending call rejects
    }
  };
  let results: ScoreResult[];
  try {
    results = await host.score(requests, { onProgress });
  } catch (error) {
    throw stop ?? error;
  }
  if (stop) throw stop; // the answer was under way already
  return results;
}
