/** A crossover in words: where, how sure, or that there is none. */
import { checkArgument, noOptions } from "../check/options.ts";
import type { ScalingCrossover } from "../measure/scaling.ts";
import type { Crossover } from "../stats/crossover.ts";
import { SCALING_CROSSOVER } from "./arguments.ts";

const TIMES = {
  tokens: { ttftMs: "time to first token", tpotMs: "time a token" },
  bytes: { ttftMs: "time to first token of the same text", tpotMs: "time a byte of the same text" },
};
const LENGTHS = {
  tokens: { ttftMs: "prompt tokens", tpotMs: "tokens of context" },
  bytes: { ttftMs: "bytes of prompt", tpotMs: "bytes of context" },
};

/** One sentence; a length beyond the measured ones is called extrapolated. */
export function crossoverSentence(scalingCrossover: ScalingCrossover): string {
  noOptions("crossoverSentence", arguments, 1);
  checkArgument("Cannot tell the crossover", "scalingCrossover", scalingCrossover, SCALING_CROSSOVER);
  const { time, first, second, crossover, identical, unit: lengths = "tokens" } = scalingCrossover;
  const { kind, crossings, unclear, told, fasterAtStart, measuredUpTo, level } = crossover;
  const name = { first, second }, what = TIMES[lengths][time], unit = LENGTHS[lengths][time];
  const range = `${Math.round(100 * level)} % interval`;
  const beyond = crossover.extrapolated ? `, extrapolated beyond the ${round(measuredUpTo)} that were measured` : "";
  if (identical) {
    const apart = (100 * identical.apart).toFixed(1);
    return `By ${what}, ${first} and ${second} are the same model and cross nowhere: what differs, up to ${apart} %, is noise.`;
  }
  switch (kind) {
    case "never":
      return `By ${what}, ${name[fasterAtStart ?? "first"]} is faster than ${
        name[fasterAtStart === "second" ? "first" : "second"]
      } at every length.`;
    case "indistinguishable":
      return `By ${what}, ${first} and ${second} are told apart at no length.`;
    case "crossing": {
      const [{ low, high }] = unclear, [winner, loser] = [told[1].faster, told[0].faster];
      const at = crossings.map((c) => round(c.length)).join(", ");
      const shown = !beyond && high > measuredUpTo
        ? `, the upper end extrapolated beyond the ${round(measuredUpTo)} that were measured`
        : beyond;
      return `By ${what}, ${name[winner]} overtakes ${name[loser]} at ${at} ${unit} (${range} ${round(low)} to ${
        round(high)
      })${shown}.`;
    }
    case "open": {
      const where = `${name[told[0].faster]} is faster ${told.map(stretchWords).join(" and ")} ${unit}`;
      if (told.length === 1 && told[0].low === 0) {
        const rest = crossings.length
          ? `a crossing near ${round(crossings[0].length)}${beyond} is possible, and so is none`
          : "whether they cross beyond is not clear";
        return `By ${what}, ${where}; ${rest} (${range} has no upper end).`;
      }
      return `By ${what}, ${where}; elsewhere they are not told apart, so whether they cross is not clear (${range}).`;
    }
    case "several": {
      const parts = told.map((t) => `${name[t.faster]} ${stretchWords(t)}`).join(", ");
      return `By ${what}, each of ${first} and ${second} is faster somewhere: ${parts} ${unit}; elsewhere it is not clear (${range})${beyond}.`;
    }
  }
}

function stretchWords({ low, high }: Crossover["told"][number]): string {
  if (high === Infinity) return `from ${round(low)} on`;
  return low <= 1 ? `up to ${round(high)}` : `between ${round(low)} and ${round(high)}`;
}

/** Three significant digits, no decimals. */
function round(length: number): string {
  return String(Math.round(Number(length.toPrecision(3))));
}
