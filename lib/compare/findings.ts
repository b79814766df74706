/** Every model against the baseline: the summary's rows, and behind each its intervals, tests and plans. */
import { inBytes } from "../measure/text_speed.ts";
import type { Finding } from "./finding.ts";
import { judgedMetrics, qualityFindings } from "./quality_findings.ts";
import type { ComparisonRaw } from "./raw.ts";
import { speedFinding, speedsOf } from "./speed_findings.ts";

/** All findings in the order of models, settings and tasks. */
export function findings(raw: ComparisonRaw): Finding[] {
  const names = Object.keys(raw.models).filter((name) => name !== raw.baseline);
  const speeds = raw.settings.flatMap((setting) => speedsOf(raw, setting));
  const tasks = Object.keys(raw.tasks);
  const judged = speeds.filter(({ bytes, config }) => bytes || !inBytes(raw, config)).length;
  const scores = tasks.reduce((n, task) => n + judgedMetrics(raw, task).length, 0);
  const primaries = names.length * (raw.settings.length + tasks.length), all = names.length * (judged + scores);
  return names.flatMap((name) => [
    ...speeds.flatMap((speed) => speedFinding(raw, name, speed, speed.primary ? primaries : all) ?? []),
    ...tasks.flatMap((task) => qualityFindings(raw, name, task, { primaries, all })),
  ]);
}
