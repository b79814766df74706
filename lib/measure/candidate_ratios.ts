/** What the stop rule of rounds looks at. */
import { blockLogRatios } from "../stats/ratio.ts";
import { pairedSpeeds, primarySpeed, type RoundsResult } from "./rounds_result.ts";
import type { ThroughputSetting } from "./setting.ts";
import { byteFactor, inBytes, type TextSpeeds } from "./text_speed.ts";

/**
 * The blocks' mean log ratios of each candidate's primary speed to the baseline's, in bytes where the setting is told in
 * them: shape [candidates][blocks].
 */
export function candidateRatios(
  result: Pick<RoundsResult, "rounds"> & TextSpeeds,
  setting: ThroughputSetting,
  config: string,
  candidates: string[],
): number[][] {
  const metric = primarySpeed(setting);
  return candidates.map((name) => {
    const factor = inBytes(result, config) ? byteFactor(result, { config, metric }, name, result.baseline) : null;
    const units = blockLogRatios(pairedSpeeds(result.rounds, config, metric, name, result.baseline));
    return factor ? units.map((unit) => unit + factor.log) : units;
  });
}
