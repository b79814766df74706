/** What stands behind a comparison: the machine, the models, and how far two identical models seem to differ. */
import { checkArgument, noOptions } from "../check/options.ts";
import { wayOf } from "../measure/decode_ways.ts";
import type { Environment } from "../measure/environment.ts";
import type { DecodeWay } from "../model/info.ts";
import { checkComparison, ENVIRONMENT } from "./arguments.ts";
import { type ComparisonData, memoryEstimate, modelNames, speedMetric, speedRatio } from "./comparison_data.ts";
import { memoryCell } from "./comparison_view.ts";
import type { View } from "./display.ts";
import { formatEstimate, formatNumber } from "./format.ts";
import { configLabel } from "./labels.ts";
import { decidingRow, unitSentence } from "./speed_units.ts";
import { waySentence } from "./way_sentence.ts";
import { tableView } from "./table.ts";

/** The machine and the versions: what every number depends on. */
export function machineTable(environment: Environment): View {
  noOptions("machineTable", arguments, 1);
  checkArgument("Cannot show the machine", "environment", environment, ENVIRONMENT);
  const { cpu, logicalCores, containerCores, memoryGb, containerMemoryGb } = environment;
  const memory = containerMemoryGb === null ? memoryGb : Math.min(containerMemoryGb, memoryGb);
  const load = environment.loadAverage[0];
  return tableView({
    columns: [{ title: "machine" }, { title: "", align: "left" }],
    rows: [
      [
        "processor",
        `${cpu}, ${logicalCores} logical cores${containerCores === null ? "" : `, ${containerCores} of them allowed`}`,
      ],
      ["memory", `${formatNumber(memory)} GB`],
      ["system", `${environment.os}, ${environment.arch}`],
      ["versions", `Deno ${environment.deno}, onnxruntime ${environment.onnxruntime}`],
      ["not shown by this system", environment.missing.join(", ") || "nothing"],
      [
        "busy before the run",
        load === undefined ? "unknown" : `${formatNumber(load)} tasks (load average of 1 minute)`,
      ],
    ],
  });
}

/**
 * Size and form of each model, and how it decodes. Weights in MB (10^6 bytes), parameters in millions; where tokenizers differ, the bytes of
 * text that a token stands for.
 */
export function modelTable(comparison: ComparisonData): View {
  noOptions("modelTable", arguments, 1);
  checkComparison("Cannot show the models", comparison);
  const { text, way } = comparison.raw, decodes = way !== undefined && comparison.raw.settings.some(isGeneration);
  const total = (values: number[]) => values.reduce((a, b) => a + b, 0);
  const rows = modelNames(comparison).map((name) => {
    const { info } = comparison.raw.models[name], own = text?.models[name];
    const config = comparison.raw.settings[0]?.config;
    return [
      name,
      info?.precisionLabel ?? "—",
      info ? String(info.layers) : "—",
      info ? formatNumber(info.parameters / 1e6) : "—",
      info ? formatNumber(info.weightBytes / 1e6) : "—",
      memoryCell(config === undefined ? null : memoryEstimate(comparison, config, name)),
      info ? info.vocabSize.toLocaleString("en") : "—",
      ...(text ? [own ? formatNumber(total(text.bytes) / total(own.tokens)) : "—"] : []),
      ...(decodes ? [DECODES[wayOf({ way, ways: comparison.raw.ways }, name)]] : []),
      info ? `${info.provider}, ${info.threads}` : "—",
    ];
  });
  return tableView({
    columns: [
      { title: "architecture" },
      { title: "precision", align: "left" },
      { title: "layers" },
      { title: "parameters", detail: "millions" },
      { title: "weights", detail: "MB" },
      { title: "peak memory", detail: "GB" },
      { title: "vocabulary", detail: "tokens" },
      ...(text ? [{ title: "bytes a token", detail: "same text" }] : []),
      ...(decodes ? [{ title: "decodes", align: "left" as const }] : []),
      { title: "provider, threads", align: "left" },
    ],
    rows,
    notes: [...unitSentence(comparison), ...waySentence(comparison), ...warningsOf(comparison)],
  });
}

const DECODES: Record<DecodeWay, string> = { loop: "in a loop", step: "a run a token" };

function isGeneration({ kind }: { kind: string }): boolean {
  return kind === "generation";
}

/** What the models were opened with in spite of a warning, each said once. */
function warningsOf({ raw }: ComparisonData): string[] {
  const all = Object.entries(raw.models).flatMap(([name, { info }]) => {
    return (info?.warnings ?? []).map((warning) => ({ name, warning }));
  });
  const byWarning = Map.groupBy(all, ({ warning }) => warning);
  return [...byWarning].map(([warning, of]) => `${of.map(({ name }) => name).join(", ")}: ${warning}.`);
}

/** What a setting's verdicts took: the minutes of all its models, and how many of the verdicts are still open. */
function verdictMinutes(comparison: ComparisonData, config: string, minutes: number | undefined): string {
  if (minutes === undefined) return "—";
  const kind = comparison.raw.settings.find((s) => s.config === config)?.kind ?? "batch";
  const open = modelNames(comparison).filter((name) =>
    decidingRow(comparison, name, config, speedMetric(kind))?.verdict === "unclear"
  );
  const took = minutes < 0.05 ? "< 0.1" : minutes.toFixed(1);
  return open.length ? `${took} (${open.length} open)` : took;
}

/** How much was measured in each setting, and the speed-up of the baseline's twin: two identical models. */
export function trustTable(comparison: ComparisonData): View {
  noOptions("trustTable", arguments, 1);
  checkComparison("Cannot show what twins say", comparison);
  const { baseline, settings, twin } = comparison.raw;
  const twins: number[] = [];
  const rows = settings.map(({ config, kind, rounds, blocks, stoppedBy, minutes }) => {
    const ratio = twin && speedRatio(comparison, { config, metric: speedMetric(kind) }, twin.name, baseline);
    if (ratio) twins.push(Math.abs(ratio.point - 1));
    return [
      configLabel(config),
      String(rounds ?? "—"),
      String(blocks ?? "—"),
      stoppedBy ?? "—",
      verdictMinutes(comparison, config, minutes),
      ratio ? `${formatEstimate(ratio, { unit: "×" })}` : twin && rounds ? "too few blocks" : "not measured",
    ];
  });
  const notes = twins.length
    ? [`This machine told identical models apart by up to ${(100 * Math.max(...twins)).toFixed(1)} % in this run.`]
    : [];
  const { trust } = comparison.raw;
  if (trust && trust.runs > settings.length) {
    notes.push(
      `Over all ${trust.runs} runs of a twin that were kept here (${trust.pairs} pairs): by up to ` +
        `${(100 * trust.apart).toFixed(1)} %, which is ${
          trust.withinBand ? "within" : "more than"
        } the band of a verdict.`,
    );
  }
  return tableView({
    columns: [
      { title: "setting" },
      { title: "rounds" },
      { title: "blocks", detail: "hosts started anew" },
      { title: "stopped by", align: "left" },
      { title: "minutes", detail: "to resolved verdicts" },
      { title: `copy of ${baseline}`, detail: "speed-up (×), 95 % CI" },
    ],
    rows,
    notes,
  });
}
