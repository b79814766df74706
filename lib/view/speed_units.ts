/** In which unit the speeds of a setting are told, and the words for it where tokenizers differ. */
import { speedColumn } from "../compare/speed_findings.ts";
import { inBytes } from "../measure/text_speed.ts";
import type { ComparisonData, SpeedMetric, SummaryRow } from "./comparison_data.ts";
import { summaryRows } from "./comparison_data.ts";
import { formatNumber } from "./format.ts";

export type SpeedUnit = "tok/s" | "bytes/s";

/** Bytes a second of the same text where tokenizers differ or the setting is in bytes, else tokens a second. */
export function speedUnit({ raw }: ComparisonData, config: string): SpeedUnit {
  return inBytes(raw, config) ? "bytes/s" : "tok/s";
}

/** The summary's metric that decides a setting. */
export function decidingColumn(comparison: ComparisonData, config: string, metric: SpeedMetric): string {
  return speedColumn(metric, speedUnit(comparison, config) === "bytes/s");
}

/** The summary's row that decides a setting for a model: in tokens where the model has no tokenizer. */
export function decidingRow(
  comparison: ComparisonData,
  architecture: string,
  config: string,
  metric: SpeedMetric,
): SummaryRow | undefined {
  const rows = summaryRows(comparison).filter((r) => r.architecture === architecture && r.config === config);
  const of = (column: string) => rows.find((r) => r.metric === column);
  return of(decidingColumn(comparison, config, metric)) ?? of(speedColumn(metric, false));
}

/** One sentence where tokenizers differ: in what speed is told, of which text, and what a token is to each model. */
export function unitSentence({ raw: { text } }: { raw: Pick<ComparisonData["raw"], "text"> }): string[] {
  if (!text) return [];
  const total = (values: number[]) => values.reduce((a, b) => a + b, 0), bytes = total(text.bytes);
  const names = Object.keys(text.models), without = names.filter((name) => !text.models[name]);
  const alike = Map.groupBy(names.filter((name) => text.models[name]), (name) => text.models[name]!.tokenizer);
  const shares = [...alike.values()].map((same) =>
    `${formatNumber(bytes / total(text.models[same[0]]!.tokens))} bytes in ${list(same)}`
  );
  const rest = without.length ? `; ${list(without)} ${without.length > 1 ? "have" : "has"} no tokenizer` : "";
  return [
    "The models have different tokenizers, so speed is compared in bytes of the same text a second; a token stands for " +
    `${list(shares, ", ")} (${text.data})${rest}.`,
  ];
}

function list(parts: string[], and = " and "): string {
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")}${and}${parts.at(-1)}`;
}
