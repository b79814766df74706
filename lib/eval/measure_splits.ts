/** A short measurement of how the cores are best split between model hosts. */
import type { ModelHost } from "../model/protocol.ts";
import type { ScoreSettings } from "../model/score_options.ts";
import type { Progress } from "../progress.ts";
import { closeAll, type Split, type SplitSpeed } from "./host_pool.ts";
import { type Question, requestsOf } from "./questions.ts";
import { PartialScoresError, scoreInBatches } from "./score_in_batches.ts";

/**
 * Score the same questions with every split, one after the other, each in fresh processes after one question as
 * warm-up. The questions are cut into as many batches as the most hosts can share evenly, the same for every split.
 */
export async function measureSplits(
  splits: Split[],
  open: (split: Split) => Promise<ModelHost[]>,
  questions: Question[],
  scoring: ScoreSettings,
  bar: Progress,
): Promise<SplitSpeed[]> {
  const most = Math.max(...splits.map((s) => s.hosts));
  const speeds: SplitSpeed[] = [];
  for (const split of splits) {
    const hosts = await open(split);
    try {
      const units = await requestsOf(hosts[0], questions);
      const requests = units.reduce((sum, u) => sum + u.requests.length, 0);
      await Promise.all(hosts.map((host) => scoreInBatches([host], units.slice(0, 1), { bar, settings: scoring })));
      const start = performance.now();
      await scoreInBatches(hosts, units, { bar, settings: scoring, limit: Math.ceil(requests / most) });
      speeds.push({ ...split, requestsPerS: 1000 * requests / (performance.now() - start) });
    } catch (error) {
      throw error instanceof PartialScoresError ? error.cause : error;
    } finally {
      await closeAll(hosts);
    }
  }
  return speeds;
}
