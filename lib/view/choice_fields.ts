/** The fields of what a choice is asked for: limits, and what is weighed. */
import { GIGABYTES } from "../check/common.ts";
import { suggestion } from "../check/nearest.ts";
import { object, optional } from "../check/objects.ts";
import { checkOptions } from "../check/options.ts";
import { nullable, oneOf, quantity, word } from "../check/rules.ts";
import { checkComparison } from "./arguments.ts";
import type { ComparisonData, SpeedMetric } from "./comparison_data.ts";
import type { Criteria } from "./decision_criteria.ts";
import type { Limits } from "./decision_sentence.ts";

export const LIMITS = object<Limits>({
  memoryGb: optional(GIGABYTES),
  decodeTokensPerS: optional(quantity({ above: 0 })),
  decodeBytesPerS: optional(quantity({ above: 0 })),
});
export const CRITERIA = object<Criteria>({
  config: nullable(word),
  metric: oneOf<SpeedMetric>("decodeTokensPerS", "throughputTokensPerS"),
  task: nullable(word),
});

/**
 * Check limits and criteria, before a choice is made or drawn.
 *
 * @throws {TypeError} For a limit or criterion that is not known.
 * @throws {RangeError} For a setting or a task that the comparison does not have.
 */
export function checkChoice(comparison: ComparisonData, limits: Limits, criteria: Criteria): void {
  checkComparison("Cannot choose", comparison);
  checkOptions("Cannot choose", limits, LIMITS, { whole: "the limits", part: "limit" });
  checkOptions("Cannot choose", criteria, CRITERIA, { whole: "the criteria", part: "criterion" });
  const { settings, tasks } = comparison.raw;
  const there = (name: "config" | "task", known: string[]) => {
    const asked = criteria[name];
    if (asked === null || known.includes(asked)) return;
    throw new RangeError(`Cannot choose: the comparison has no ${name} "${asked}"${suggestion(asked, known)}`);
  };
  there("config", settings.map((s) => s.config));
  there("task", Object.keys(tasks));
}
