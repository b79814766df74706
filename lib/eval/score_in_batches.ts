/** Send a task's requests to a model host in batches of bounded size, with a bar, and stop when the user says so. */
import type { ModelHost, ScoreRequest, ScoreResult } from "../model/protocol.ts";
import { checkStop, type Progress } from "../progress.ts";

/** The requests of one item; items of one group share the start of their prompts. */
export interface Unit {
  requests: ScoreRequest[];
  group?: string;
}

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
 * @returns Results in the shape of the requests, [units][requests].
 * @throws {StopError} When the user stopped the work; the host is closed then, as it cannot be interrupted otherwise.
 */
export async function scoreInBatches(host: ModelHost, units: Unit[], bar: Progress): Promise<ScoreResult[][]> {
  const results: ScoreResult[][] = [];
  for (const batch of batches(units)) {
    checkStop();
    const flat = await scoreStoppable(host, batch, results.length, bar);
    let at = 0;
    for (const { requests } of batch) results.push(flat.slice(at, at += requests.length));
    bar.update(results.length, batch[0].group);
  }
  return results;
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
  try {
    return await host.score(requests, { onProgress });
  } catch (error) {
    throw stop ?? error;
  }
}
