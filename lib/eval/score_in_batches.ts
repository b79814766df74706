/** Send a task's requests to model hosts in batches of bounded size, with a bar, and stop when the user says so. */
import type { ModelHost } from "../model/protocol.ts";
import type { ScoreRequest, ScoreResult } from "../model/log_likelihood.ts";
import type { FinishedScore, ScoreSettings } from "../model/score_options.ts";
import { checkStop, type Progress } from "../progress.ts";
import type { SavedItems } from "../store/saved_items.ts";

/** The requests of one item; items of one group share the start of their prompts. */
export interface Unit {
  requests: ScoreRequest[];
  group?: string;
  /** What was asked, under which its results are saved. */
  key: string;
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

export interface ScoringWork {
  bar: Progress;
  settings?: ScoreSettings;
  /** Requests of a batch. */
  limit?: number;
  /** What earlier runs finished; every unit is added as soon as it is done. */
  saved?: SavedItems;
}

/**
 * Score all units that are not saved yet; each batch goes to the next free host. A batch that was begun in an earlier
 * run is planned as it was then and only what is missing is run, so an interrupted evaluation ends with the same bits.
 *
 * @returns What each unit got, in order. A unit that the model cannot score (no token of its own behind the join,
 * longer than the context, NaN) is refused alone.
 * @throws {PartialScoresError} When the user stopped the work, or a host failed: what was finished, and the cause.
 * A host that is busy then is closed, as it cannot be interrupted otherwise.
 */
export async function scoreInBatches(
  hosts: ModelHost[],
  units: Unit[],
  { bar, settings = {}, limit, saved }: ScoringWork,
): Promise<UnitScores[]> {
  const known = savedScores(units, saved);
  const keep = (unit: Unit, scores: UnitScores) => {
    if (known.has(unit)) return;
    known.set(unit, scores);
    if (!("refused" in scores)) saved?.put(unit.key, scores);
    bar.update(known.size, unit.group);
  };
  const queue = batches(units, limit).filter((batch) => batch.some((unit) => !known.has(unit)));
  const failures: unknown[] = [];
  bar.update(known.size);
  const work = async (host: ModelHost) => {
    for (let batch; failures.length === 0 && (batch = queue.shift());) {
      try {
        checkStop();
        await scoreOrRefuse({ host, settings, known, keep }, batch);
      } catch (error) {
        failures.push(error);
        for (const other of hosts) if (other !== host) void other.close(); // their pending calls reject
      }
    }
  };
  await Promise.all(hosts.map(work));
  if (failures.length) throw new PartialScoresError(failures[0], units.map((unit) => known.get(unit)));
  return units.map((unit) => known.get(unit)!);
}

/** What is saved of these units. */
function savedScores(units: Unit[], saved?: SavedItems): Map<Unit, UnitScores> {
  const known = new Map<Unit, UnitScores>();
  for (const unit of saved ? units : []) {
    const scores = saved!.get(unit.key) as ScoreResult[] | undefined;
    if (scores) known.set(unit, scores);
  }
  return known;
}

interface Work {
  host: ModelHost;
  settings: ScoreSettings;
  known: ReadonlyMap<Unit, UnitScores>;
  keep(unit: Unit, scores: UnitScores): void;
}

/** A refused batch is halved until the units that are to blame stand alone. */
async function scoreOrRefuse(work: Work, batch: Unit[]): Promise<void> {
  try {
    await scoreStoppable(work, batch);
  } catch (error) {
    // what the model refuses is a RangeError or a TypeError; anything else ends the work
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    if (batch.length === 1) return work.keep(batch[0], { refused: error.message });
    const half = batch.length >> 1;
    await scoreOrRefuse(work, batch.slice(0, half));
    await scoreOrRefuse(work, batch.slice(half));
  }
}

async function scoreStoppable({ host, settings, known, keep }: Work, batch: Unit[]): Promise<void> {
  const requests = batch.flatMap((unit) => unit.requests);
  const owners = batch.flatMap((unit) => unit.requests.map((_, i) => ({ unit, i })));
  const parts = new Map(batch.map((unit) => [unit, new Map<number, ScoreResult>()]));
  const finish = (index: number, result: ScoreResult) => {
    const { unit, i } = owners[index], part = parts.get(unit)!.set(i, result);
    if (part.size === unit.requests.length) keep(unit, unit.requests.map((_, i) => part.get(i)!));
  };
  const before: Record<number, ScoreResult> = {};
  owners.forEach(({ unit, i }, index) => {
    const scores = known.get(unit);
    if (scores && !("refused" in scores)) before[index] = scores[i];
  });
  let stop: unknown;
  const onProgress = (_done: number, finished: FinishedScore[]) => {
    if (stop) return;
    try {
      for (const { index, result } of finished) finish(index, result); // a store may be full
      checkStop();
    } catch (error) {
      stop ??= error;
      void host.close(); // the pending call rejects
    }
  };
  try {
    const results = await host.score(requests, { ...settings, known: before, onProgress });
    results.forEach((result, index) => finish(index, result));
  } catch (error) {
    throw stop ?? error;
  }
  if (stop) throw stop; // the answer was under way already
}
