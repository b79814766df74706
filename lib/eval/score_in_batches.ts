/** Send a task's requests to model hosts in batches of bounded size, with a bar, and stop when the user says so. */
import type { ModelHost, ScoreRequest, ScoreResult } from "../model/protocol.ts";
import type { ScoreSettings } from "../model/score_options.ts";
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
/** Where nothing is shared between units, batches are smaller, so that several hosts end at about the same time. */
const BATCH_REQUESTS_ALONE = 128;

/** Work ended before all units were scored; `scores` has what was finished, with gaps. */
export class PartialScoresError extends Error {
  override name = "PartialScoresError";
  constructor(cause: unknown, readonly scores: (UnitScores | undefined)[]) {
    super("Scoring ended early", { cause });
  }
}

/**
 * Split units into batches of one group each, in order, of at most `limit` requests (one unit is never cut). The
 * batches do not depend on the number of hosts, so neither does a result.
 */
export function batches<T extends Unit>(units: T[], limit?: number): T[][] {
  const out: T[][] = [];
  let size = 0;
  for (const unit of units) {
    const last = out.at(-1);
    const most = limit ?? (unit.group === undefined ? BATCH_REQUESTS_ALONE : BATCH_REQUESTS);
    if (!last || last[0].group !== unit.group || size + unit.requests.length > most) {
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
 * Score all units; each batch goes to the next free host.
 *
 * @param host One, or several that share the work.
 * @param limit Requests of a batch.
 * @returns What each unit got, in order. A unit that the model cannot score (no token of its own behind the join,
 * longer than the context, NaN) is refused alone.
 * @throws {PartialScoresError} When the user stopped the work, or a host failed: what was finished, and the cause.
 * A host that is busy then is closed, as it cannot be interrupted otherwise.
 */
export async function scoreInBatches(
  host: ModelHost | ModelHost[],
  units: Unit[],
  bar: Progress,
  settings: ScoreSettings = {},
  limit?: number,
): Promise<UnitScores[]> {
  const hosts = [host].flat();
  const queue = batches(units, limit);
  const results = queue.map((batch): (UnitScores | undefined)[] => batch.map(() => undefined));
  const done = queue.map(() => 0);
  let next = 0;
  const failures: unknown[] = [];
  const work = async (host: ModelHost) => {
    while (next < queue.length && failures.length === 0) {
      const i = next++, batch = queue[i];
      const report = (units: number) => {
        done[i] = units;
        bar.update(done.reduce((a, b) => a + b, 0), batch[0].group);
      };
      try {
        checkStop();
        results[i] = await scoreOrRefuse({ host, settings, report }, batch, 0);
        report(batch.length);
      } catch (error) {
        failures.push(error);
        for (const other of hosts) if (other !== host) void other.close(); // their pending calls reject
      }
    }
  };
  await Promise.all(hosts.map(work));
  if (failures.length) throw new PartialScoresError(failures[0], results.flat());
  return results.flat() as UnitScores[];
}

interface Work {
  host: ModelHost;
  settings: ScoreSettings;
  /** Units of the batch that are done. */
  report(units: number): void;
}

/** A refused batch is halved until the units that are to blame stand alone. */
async function scoreOrRefuse(work: Work, batch: Unit[], before: number): Promise<UnitScores[]> {
  try {
    const flat = await scoreStoppable(work, batch, before);
    let at = 0;
    return batch.map(({ requests }) => flat.slice(at, at += requests.length));
  } catch (error) {
    // what the model refuses is a RangeError or a TypeError; anything else ends the work
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    if (batch.length === 1) return [{ refused: error.message }];
    const half = batch.length >> 1;
    const first = await scoreOrRefuse(work, batch.slice(0, half), before);
    return [...first, ...await scoreOrRefuse(work, batch.slice(half), before + half)];
  }
}

async function scoreStoppable(
  { host, settings, report }: Work,
  batch: Unit[],
  before: number,
): Promise<ScoreResult[]> {
  let stop: unknown;
  const requests = batch.flatMap((u) => u.requests);
  const perUnit = requests.length / batch.length;
  const onProgress = (done: number) => {
    report(before + Math.floor(done / perUnit));
    try {
      checkStop();
    } catch (error) {
      stop ??= error;
      void host.close(); // the pending call rejects
    }
  };
  let results: ScoreResult[];
  try {
    results = await host.score(requests, { ...settings, onProgress });
  } catch (error) {
    throw stop ?? error;
  }
  if (stop) throw stop; // the answer was under way already
  return results;
}
