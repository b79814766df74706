/** Loss curves of siblings, while they train and after. */
import { checkArgument, noOptions } from "../check/options.ts";
import { displayInPlace, jupyter } from "../progress.ts";
import { mean } from "../stats/summary.ts";
import { SIBLINGS_RESULT } from "../train/siblings_field.ts";
import type { LossCurve, SiblingsProgress, SiblingsResult } from "../train/train_siblings.ts";
import { type Figure, figureView, type View } from "./display.ts";
import { escapePlot } from "./escape.ts";
import { formatNumber } from "./format.ts";
import { axis, baseLayout } from "./layout.ts";
import { modelStyles, withOpacity } from "./palette.ts";

/** Points that a curve is drawn with. */
const POINTS = 100;
/** Time between two drawings of a live plot: each is sent and drawn as a whole. */
const REDRAW_MS = 2000;

/**
 * Training loss against tokens, steps averaged in at most a hundred bins: a thin line a seed, the mean over seeds thick
 * once training has ended, tries of the search dotted until then.
 */
export function lossFigure({ task, budget, curves, ended }: SiblingsProgress): Figure {
  const shown = ended ? curves.filter(({ seed }) => seed !== null) : curves;
  const byName = Map.groupBy(shown, ({ name }) => name), styles = modelStyles([...byName.keys()]);
  const data = [...byName].flatMap(([name, own]) => {
    const { colour } = styles[name], label = escapePlot(name);
    const thin = own.map((curve, i) => ({
      ...lineOf(curve),
      name: label,
      legendgroup: label,
      showlegend: !ended && i === 0,
      line: { color: withOpacity(colour, ended ? 0.3 : 0.6), width: 1, dash: curve.seed === null ? "dot" : "solid" },
      hovertemplate: `${label}, ${runText(curve)}: %{y:.3f} nats<extra></extra>`,
    }));
    if (!ended) return thin;
    const line = { color: colour, width: 2.5 };
    return [...thin, { ...meanOf(own), name: label, line, hovertemplate: `${label}: %{y:.3f} nats<extra></extra>` }];
  });
  const marks = ended ? "thin: a seed, thick: the mean" : "dotted: a try of a learning rate";
  return {
    data,
    layout: baseLayout(
      `Training loss, ${escapePlot(task)}`,
      `${escapePlot(budget)} each; ${marks}; loss axis from 0`,
      {
        xaxis: axis("tokens", { rangemode: "tozero" }),
        yaxis: axis("loss (nats)", { rangemode: "tozero" }),
        legend: { orientation: "h", y: -0.2 },
      },
    ),
  };
}

/** `lossFigure` of finished training as a view; its text gives each sibling's first and last losses. */
export function lossPlot(result: SiblingsResult): View {
  noOptions("lossPlot", arguments, 1);
  checkArgument("Cannot draw losses", "result", result, SIBLINGS_RESULT);
  const curves = Object.entries(result.siblings).flatMap(([name, { runs }]) =>
    runs.map(({ learningRate, seed, tokens, steps, losses }): LossCurve => {
      return { name, learningRate, seed, tokensPerStep: tokens / steps, losses };
    })
  );
  return lossView({ task: result.task.name, budget: result.budget, curves, ended: true });
}

/**
 * A loss plot that is drawn anew while siblings train; give it as their `onProgress`. Outside a notebook it draws nothing.
 *
 * @example
 * ```ts ignore
 * const options = { task: { kind: "text" }, parameters: 1e6, tokens: 2e6, onProgress: liveLossPlot() } as const;
 * const siblings = await trainSiblings({ llama, hybrid }, options);
 * ```
 */
export function liveLossPlot(): (soFar: SiblingsProgress) => void {
  const kernel = jupyter();
  if (!kernel) return () => {};
  const show = displayInPlace((type, content) => kernel.broadcast(type, content));
  let drawnAt = -Infinity;
  return (soFar) => {
    if (!soFar.ended && performance.now() - drawnAt < REDRAW_MS) return;
    drawnAt = performance.now();
    show(lossView(soFar).bundle);
  };
}

function lossView(soFar: SiblingsProgress): View {
  const seeds = Map.groupBy(soFar.curves.filter(({ seed }) => seed !== null), ({ name }) => name);
  const lines = [...seeds].map(([name, curves]) => {
    const { y } = meanOf(curves);
    return y.length ? `${name}: ${formatNumber(y[0])} -> ${formatNumber(y.at(-1)!)}` : `${name}: begun`;
  });
  return figureView(lossFigure(soFar), [`Training loss, ${soFar.task} (nats)`, ...lines].join("\n"));
}

function runText({ seed, learningRate }: LossCurve): string {
  return `${seed === null ? "try" : `seed ${seed}`} at ${learningRate}`;
}

/** A curve in bins: each the mean of its steps, at the tokens after the last of them. */
function lineOf({ losses, tokensPerStep }: LossCurve) {
  const bins = Math.min(POINTS, losses.length);
  const end = (bin: number) => Math.floor(bin * losses.length / bins);
  return {
    type: "scatter",
    mode: "lines",
    x: Array.from({ length: bins }, (_, i) => Math.round(tokensPerStep * end(i + 1))),
    y: Array.from({ length: bins }, (_, i) => mean(losses.slice(end(i), end(i + 1)))),
  };
}

/** The mean of several curves, where all of them are. */
function meanOf(curves: LossCurve[]) {
  const lines = curves.map(lineOf), points = Math.min(...lines.map(({ y }) => y.length));
  return {
    ...lines[0],
    x: lines[0].x.slice(0, points),
    y: Array.from({ length: points }, (_, i) => mean(lines.map(({ y }) => y[i]))),
  };
}
