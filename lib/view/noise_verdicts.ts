/** What rounds found, setting by setting, and what it took: the minutes to a resolved verdict. */
import { checkArgument, noOptions } from "../check/options.ts";
import { pairedSpeeds, primarySpeed, ROUNDS_RESULT, type RoundsResult } from "../measure/rounds_result.ts";
import { byteFactor, inBytes } from "../measure/text_speed.ts";
import { exactFactor, usableScaledInterval } from "../stats/log_factor.ts";
import { blockLogRatios } from "../stats/ratio.ts";
import { SPEED_BAND, type SpeedVerdict, speedVerdict } from "../stats/verdict.ts";
import { busySentence } from "./busy_sentence.ts";
import { interruptedSentence } from "./interrupted_sentence.ts";
import type { View } from "./display.ts";
import { estimateParts } from "./format.ts";
import { configLabel, verdictLabel } from "./labels.ts";
import { roundsNames } from "./noise_layout.ts";
import { unitSentence } from "./speed_units.ts";
import { tableView } from "./table.ts";

const STOPPED: Record<string, string> = {
  rounds: "all rounds done",
  minutes: "out of time",
  width: "narrow enough",
  failures: "failures",
  stop: "stopped by hand",
};

/** Every model against the baseline in every setting, the twin among them; intervals hold together (Bonferroni). */
export function roundsTable(result: RoundsResult): View {
  noOptions("roundsTable", arguments, 1);
  checkArgument("Cannot show rounds", "result", result, ROUNDS_RESULT);
  const { baseline, twin } = result;
  const candidates = roundsNames(result).filter((name) => name !== baseline);
  const real = candidates.filter((name) => name !== twin).length;
  const rows = result.settings.flatMap(({ config, setting, rounds, blocks, stoppedBy, minutes }) =>
    candidates.map((name) => {
      const metric = primarySpeed(setting), pairs = pairedSpeeds(result.rounds, config, metric, name, baseline);
      const factor = inBytes(result, config) ? byteFactor(result, { config, metric }, name, baseline) : exactFactor(1);
      const facts = [String(rounds), String(blocks), STOPPED[stoppedBy] ?? stoppedBy];
      const comparisons = name === twin ? 1 : Math.max(1, real * result.settings.length);
      const stoppedByWidth = stoppedBy === "width";
      if (!factor) return [configLabel(config), name, "—", "no bytes: a tokenizer is missing", ...facts, "—"];
      const units = blockLogRatios(pairs);
      const at = (level: number) => usableScaledInterval(units, factor, { level, comparisons, stoppedByWidth });
      const wide = at(0.95), narrow = at(0.9);
      if (!wide || !narrow) return [configLabel(config), name, "—", "too few blocks", ...facts, "—"];
      const { point, interval } = estimateParts(wide, { unit: "×" });
      const verdict: SpeedVerdict = speedVerdict({ wide, narrow });
      const { words, tone } = verdictLabel(verdict);
      const took = minutes < 0.05 ? "< 0.1" : minutes.toFixed(1);
      return [
        configLabel(config),
        name,
        { main: point, details: [interval] },
        { main: words, tone },
        ...facts,
        verdict === "unclear" ? `none in ${took}` : took,
      ];
    })
  );
  return tableView({
    caption: `Against ${baseline}`,
    columns: [
      { title: "setting" },
      { title: "architecture", align: "left" },
      { title: "speed-up", detail: `×${result.text ? " in bytes of the same text" : ""}, 95 % CI` },
      { title: "verdict", detail: `band ±${100 * SPEED_BAND} %`, align: "left" },
      { title: "rounds" },
      { title: "blocks", detail: "fresh processes" },
      { title: "ended", align: "left" },
      { title: "minutes to a verdict", detail: "of the setting" },
    ],
    rows,
    notes: [
      `${twin} is the same model in a process of its own: its verdict should not be faster or slower.`,
      ...busySentence(result),
      ...interruptedSentence(result),
      ...unitSentence({ raw: result }),
      "Speed: decode of a generation, throughput of a batch. The minutes cover all models, their starts and warm-ups.",
    ],
  });
}
