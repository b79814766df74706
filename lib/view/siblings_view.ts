/** Architectures that were trained alike: what each learned, and how. */
import type { Sibling, SiblingsResult } from "../train/train_siblings.ts";
import { escapeHtml, type Figure, figureView, type View } from "./display.ts";
import { formatEstimate, formatNumber } from "./format.ts";
import { axis, baseLayout } from "./layout.ts";
import { modelStyles, withOpacity } from "./palette.ts";
import { tableView } from "./table.ts";

const METRICS = {
  accuracy: { title: "accuracy", detail: "%, 95 % CI over seeds", scale: 100 },
  bitsPerByte: { title: "bits per byte", detail: "95 % CI over seeds", scale: 1 },
};

/** One row a sibling: its size, what training took, and the task's metric with an interval over seeds. */
export function siblingsTable({ task, budget, siblings }: SiblingsResult): View {
  const metric = METRICS[task.metric], level = (x: number) => formatNumber(x * metric.scale);
  const entries = Object.entries(siblings), seeds = entries[0][1].runs.length;
  return tableView({
    caption: `${task.name}: siblings trained for ${budget} each`,
    columns: [
      { title: "architecture" },
      { title: "parameters" },
      { title: "learning rate", detail: "best of the search" },
      { title: "steps" },
      { title: "FLOPs", detail: "G a seed" },
      { title: "time", detail: "s a seed" },
      { title: metric.title, detail: metric.detail },
    ],
    rows: entries.map(([name, { parameters, learningRate, runs, score }]) => [
      name,
      parameters.toLocaleString("en"),
      String(learningRate),
      String(runs[0].steps),
      formatNumber(runs[0].flops / 1e9),
      formatNumber(runs.reduce((sum, { seconds }) => sum + seconds, 0) / runs.length),
      formatEstimate(score, { scale: metric.scale }),
    ]),
    notes: [
      `${seeds} ${seeds === 1 ? "seed" : "seeds"} of parameters and batches each; chance ${level(task.chance)}` +
      (task.ceiling === null ? ", ceiling not known." : `, ceiling ${level(task.ceiling)}.`),
    ],
  });
}

/** Points that a curve is drawn with. */
const POINTS = 100;

/** Training loss against tokens: a thin line a seed, the mean over seeds thick; steps are averaged in a hundred bins. */
export function lossFigure({ task, budget, siblings }: SiblingsResult): Figure {
  const styles = modelStyles(Object.keys(siblings));
  const data = Object.entries(siblings).flatMap(([name, { runs }]) => {
    const { colour } = styles[name], label = escapeHtml(name);
    const curves = runs.map(({ losses }) => binned(losses));
    const x = curves[0].map((_, i) => Math.round(runs[0].tokens * (i + 1) / curves[0].length));
    const line = (y: number[], rest: Record<string, unknown>) => ({ type: "scatter", mode: "lines", x, y, ...rest });
    const mean = x.map((_, i) => curves.reduce((sum, curve) => sum + (curve[i] ?? NaN), 0) / curves.length);
    return [
      ...curves.map((curve, seed) =>
        line(curve, {
          showlegend: false,
          line: { color: withOpacity(colour, 0.3), width: 1 },
          hovertemplate: `${label}, seed ${seed}: %{y:.3f} nats<extra></extra>`,
        })
      ),
      line(mean, {
        name: label,
        line: { color: colour, width: 2.5 },
        hovertemplate: `${label}: %{y:.3f}<extra></extra>`,
      }),
    ];
  });
  return {
    data,
    layout: baseLayout(
      `Training loss, ${escapeHtml(task.name)}`,
      `${budget} each; thin: a seed, thick: the mean; loss axis from 0`,
      {
        xaxis: axis("tokens"),
        yaxis: axis("loss (nats)", { rangemode: "tozero" }),
        legend: { orientation: "h", y: -0.2 },
      },
    ),
  };
}

/** `lossFigure` as a view; its text gives each sibling's first and last losses. */
export function lossPlot(result: SiblingsResult): View {
  const lines = Object.entries(result.siblings).map(([name, sibling]) => `${name}: ${endsOf(sibling)}`);
  return figureView(lossFigure(result), [`Training loss, ${result.task.name} (nats)`, ...lines].join("\n"));
}

function endsOf({ runs }: Sibling): string {
  const curves = runs.map(({ losses }) => binned(losses));
  const mean = (i: number) => curves.reduce((sum, curve) => sum + curve.at(i)!, 0) / curves.length;
  return `${formatNumber(mean(0))} -> ${formatNumber(mean(-1))}`;
}

/** A curve in at most a hundred points, each the mean of the steps up to it. */
function binned(losses: number[]): number[] {
  const bins = Math.min(POINTS, losses.length);
  return Array.from({ length: bins }, (_, i) => {
    const part = losses.slice(Math.floor(i * losses.length / bins), Math.floor((i + 1) * losses.length / bins));
    return part.reduce((a, b) => a + b, 0) / part.length;
  });
}
