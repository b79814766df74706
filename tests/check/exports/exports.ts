/** Every export: its options and names, or that it has none. */
import type * as archbench from "../../../lib/mod.ts";
import { COSTS } from "./costs.ts";
import { MEASURES } from "./measures.ts";
import { MODELS } from "./models.ts";
import type { Table } from "./parameter.ts";
import { VIEWS } from "./views.ts";

type Api = typeof archbench;

/** Functions and classes with options, by name. */
export const FUNCTIONS: Table<Api> = { ...MODELS, ...COSTS, ...MEASURES, ...VIEWS };

/** Exports whose arguments are data and names: what stands behind them as options is refused. */
export const WITHOUT_OPTIONS: (keyof Api)[] = [
  "activeParameterCount",
  "archDiagram",
  "autocorrelationPlot",
  "chapterTable",
  "crossoverSentence",
  "divergenceTable",
  "evalPlot",
  "evalTable",
  "graphCost",
  "hardware",
  "itemsNearFlip",
  "kvBytesPerToken",
  "largestChange",
  "llamaBenchTable",
  "lossPlot",
  "machineTable",
  "measuredTimes",
  "memoryTable",
  "modelTable",
  "noiseTable",
  "orderTable",
  "parameterCount",
  "peaksTable",
  "percentileInterval",
  "pilotOf",
  "planTable",
  "positionPlot",
  "positionSentence",
  "positionTable",
  "programsTable",
  "qualityPlot",
  "qualitySentences",
  "qualityTable",
  "reanalyse",
  "recurrentStateBytes",
  "requestPlot",
  "rooflinePlot",
  "rooflineTable",
  "roundsTable",
  "scalingOf",
  "scalingPlot",
  "scalingTable",
  "sequentialSpeedUp",
  "showComparison",
  "siblingsTable",
  "simulationView",
  "speedPlot",
  "speedVerdict",
  "spreadPlot",
  "summaryTable",
  "taskTable",
  "trustTable",
  "twinSpeedUp",
  "verdictSentences",
  "warmUpPlot",
  "weightBytes",
  "zoo",
];

/** Exports of which no one expects options: numbers in and out, lists of names, errors. */
export const PLAIN: (keyof Api)[] = [
  "atLeastZero",
  "captureEnvironment",
  "checkStop",
  "Comparison",
  "HostError",
  "StopError",
  "HubError",
  "StoreError",
  "hardwareNames",
  "liveLossPlot",
  "mean",
  "median",
  "partialOf",
  "passAtK",
  "PositionCurve",
  "quantile",
  "requireComplete",
  "sampleStd",
  "show",
  "taskNames",
  "wantsMoreSamples",
  "willItRunTable",
  "withDrift",
  "zooNames",
];
