/** How each process of the rounds warmed up: the time of a step, block by block, until it is flat. */
import { checkArgument, noOptions } from "../check/options.ts";
import { ROUNDS_RESULT, type RoundsResult } from "../measure/rounds_result.ts";
import { isRequest } from "../measure/setting.ts";
import { type Figure, figureView, type View } from "./display.ts";
import { escapePlot } from "./escape.ts";
import { configLabel } from "./labels.ts";
import { axis, baseLayout, panelAxes, roundsNames, tallPanels } from "./noise_layout.ts";
import { modelStyles } from "./palette.ts";

/** A line a process, one colour a model, one panel a setting; hollow at the end: it never became flat. */
export function warmUpFigure(result: RoundsResult): Figure {
  const names = roundsNames(result), styles = modelStyles(names);
  const data = result.settings.flatMap(({ config }, panel) =>
    result.warmUps.filter((w) => w.config === config).map(({ model, block, steps, blockMs, flat }) => {
      const { colour, marker } = styles[model], label = escapePlot(model);
      return {
        type: "scatter",
        mode: "lines+markers",
        name: label,
        legendgroup: label,
        showlegend: panel === 0 && block === 0,
        legendrank: names.indexOf(model),
        x: blockMs.map((_, i) => Math.round(steps * (i + 1) / blockMs.length)),
        y: blockMs,
        line: { color: colour, width: 1.2 },
        marker: {
          color: colour,
          size: 6,
          symbol: blockMs.map((_, i) => !flat && i === blockMs.length - 1 ? `${marker}-open` : marker),
        },
        opacity: 0.6,
        hovertemplate: `${label}, process ${block + 1}: %{y:.4g} ms after %{x} steps<extra></extra>`,
        ...panelAxes(panel),
      };
    })
  );
  const panels = result.settings.map(({ config, setting }) => ({
    x: axis(`${isRequest(setting) ? "decode steps" : "forward passes"}<br>${escapePlot(configLabel(config))}`, {
      rangemode: "tozero",
    }),
    y: axis("ms a step", { rangemode: "tozero" }),
  }));
  return {
    data,
    layout: baseLayout(
      "Warm-up of every process",
      "line: a process, point: mean of a block of steps<br>hollow end: did not become flat; axes from 0",
      tallPanels(panels, names.length > 2 ? 2 : 1),
    ),
  };
}

/** `warmUpFigure` as a view; its text says how many processes became flat and after how many steps. */
export function warmUpPlot(result: RoundsResult): View {
  noOptions("warmUpPlot", arguments, 1);
  checkArgument("Cannot draw the warm-up", "result", result, ROUNDS_RESULT);
  const lines = result.settings.map(({ config }) => {
    const all = result.warmUps.filter((w) => w.config === config), steps = all.map((w) => w.steps);
    const flat = all.filter((w) => w.flat).length;
    return `${configLabel(config)}: ${flat} of ${all.length} processes flat, after ${Math.min(...steps)} to ${
      Math.max(...steps)
    } steps`;
  });
  return figureView(warmUpFigure(result), ["Warm-up of every process", ...lines].join("\n"));
}
