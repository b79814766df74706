/** A crossover in words: where, how sure, or that there is none. */
import type { ScalingCrossover } from "../measure/scaling.ts";
import type { Stretch } from "../stats/crossover.ts";

const TIMES = { ttftMs: "time to first token", tpotMs: "time a token" };
const LENGTHS = { ttftMs: "prompt tokens", tpotMs: "tokens of context" };

/** One sentence; a length beyond the measured ones is called extrapolated. */
export function crossoverSentence({ time, first, second, crossover }: ScalingCrossover): string {
  const { kind, crossings, unclear, fasterAtStart, measuredUpTo, level } = crossover;
  const name = { first, second }, what = TIMES[time], unit = LENGTHS[time];
  const range = `${Math.round(100 * level)} % interval`;
  const beyond = crossover.extrapolated ? `, extrapolated beyond the ${round(measuredUpTo)} that were measured` : "";
  switch (kind) {
    case "never":
      return `By ${what}, ${name[fasterAtStart ?? "first"]} is faster than ${
        name[fasterAtStart === "second" ? "first" : "second"]
      } at every length.`;
    case "indistinguishable":
      return `By ${what}, ${first} and ${second} are told apart at no length.`;
    case "crossing": {
      const [{ low, high }] = unclear, [at] = crossings;
      return `By ${what}, ${name[at.fasterBeyond]} overtakes ${
        name[at.fasterBeyond === "first" ? "second" : "first"]
      } at ${round(at.length)} ${unit} (${range} ${round(low)} to ${round(high)})${beyond}.`;
    }
    case "open": {
      const leader = fasterAtStart ? `${name[fasterAtStart]} is faster up to ${round(unclear[0].low)} ${unit}` : "";
      const rest = crossings.length
        ? `a crossing near ${round(crossings[0].length)}${beyond} is possible, and so is none`
        : "whether they cross beyond is not clear";
      return `By ${what}, ${
        leader || `${first} and ${second} are hard to tell apart`
      }; ${rest} (${range} has no upper end).`;
    }
    case "several": {
      const at = crossings.map((c) => round(c.length)).join(" and ");
      const where = unclear.map(unclearWords).join(" and ");
      return `By ${what}, ${first} and ${second} ${
        crossings.length ? `cross at ${at} ${unit}` : "may cross"
      }: it is not clear which is faster ${where} ${unit} (${range})${beyond}.`;
    }
  }
}

function unclearWords({ low, high }: Stretch): string {
  if (high === Infinity) return `from ${round(low)} on`;
  return low <= 1 ? `up to ${round(high)}` : `between ${round(low)} and ${round(high)}`;
}

/** Three significant digits, no decimals. */
function round(length: number): string {
  return String(Math.round(Number(length.toPrecision(3))));
}
