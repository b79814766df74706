/** Statistics and views. */
import * as archbench from "../../../lib/mod.ts";
import { SPECS } from "../../../lib/arch/ref_fields.ts";
import { CROSSOVER_OPTIONS } from "../../../lib/stats/crossover.ts";
import { LEVEL_OPTIONS, MEAN_OPTIONS } from "../../../lib/stats/mean_interval.ts";
import { PASS_AT_K_OPTIONS } from "../../../lib/stats/pass_at_k.ts";
import { VERDICT_OPTIONS } from "../../../lib/stats/verdict.ts";
import { COST_OPTIONS } from "../../../lib/train/training_cost.ts";
import { CRITERIA, LIMITS } from "../../../lib/view/choice_fields.ts";
import { COST_TABLE_OPTIONS, COSTED } from "../../../lib/view/cost_table.ts";
import { BUNDLE } from "../../../lib/view/display.ts";
import { FLIPS_TABLE_OPTIONS } from "../../../lib/view/flips_table.ts";
import { FORMAT_OPTIONS } from "../../../lib/view/format.ts";
import { GROUPS_OPTIONS } from "../../../lib/view/groups_table.ts";
import { RECOMMEND_TABLE_OPTIONS } from "../../../lib/view/recommend_table.ts";
import { TABLE } from "../../../lib/view/table.ts";
import { answers, comparison, estimate, fit, result, tiny, training } from "./fixtures.ts";
import { type Parameter, parameter } from "./parameter.ts";

type Api = typeof archbench;

export const VIEWS = {
  qualityVerdict: [
    parameter<Api["qualityVerdict"], 1>("options", VERDICT_OPTIONS, (options) => {
      return archbench.qualityVerdict({ wide: estimate, narrow: estimate }, options);
    }),
  ],
  geometricMean: [
    parameter<Api["geometricMean"], 1>("options", LEVEL_OPTIONS, (options) => archbench.geometricMean([1, 2], options)),
  ],
  meanInterval: [
    parameter<Api["meanInterval"], 1>("options", MEAN_OPTIONS, (options) => archbench.meanInterval([1, 2], options)),
  ],
  passAtKEstimate: [
    parameter<Api["passAtKEstimate"], 2>("options", PASS_AT_K_OPTIONS, (options) => {
      return archbench.passAtKEstimate([{ n: 2, c: 1 }], 1, options);
    }),
  ],
  ratioOverBlocks: [
    parameter<Api["ratioOverBlocks"], 1>("options", MEAN_OPTIONS, (options) => {
      return archbench.ratioOverBlocks([0, 1].map((block) => ({ block, candidate: 1, baseline: 2 })), options);
    }),
  ],
  crossover: [
    parameter<Api["crossover"], 2>("options", CROSSOVER_OPTIONS, (options) => archbench.crossover(fit, fit, options)),
  ],
  fitScaling: [
    parameter<Api["fitScaling"], 2>("options", LEVEL_OPTIONS, (options) => archbench.fitScaling([], 1, options)),
  ],
  fittedAt: [parameter<Api["fittedAt"], 2>("options", LEVEL_OPTIONS, (o) => archbench.fittedAt(fit, 10, o))],
  costTable: [
    parameter<Api["costTable"], 0>("specs", COSTED, (specs) => archbench.costTable(specs)),
    parameter<Api["costTable"], 1>("options", COST_TABLE_OPTIONS, (o) => archbench.costTable({ a: tiny }, o)),
  ],
  decide: [
    parameter<Api["decide"], 1>("limits", LIMITS, (limits) => archbench.decide(comparison, limits)),
    parameter<Api["decide"], 2>("criteria", CRITERIA, (criteria) => archbench.decide(comparison, {}, criteria)),
  ],
  decisionPlot: [
    parameter<Api["decisionPlot"], 1>("limits", LIMITS, (limits) => archbench.decisionPlot(comparison, limits)),
    parameter<Api["decisionPlot"], 2>("criteria", CRITERIA, (c) => archbench.decisionPlot(comparison, {}, c)),
  ],
  decisionSentence: [
    parameter<Api["decisionSentence"], 1>("limits", LIMITS, (limits) => archbench.decisionSentence(comparison, limits)),
    parameter<Api["decisionSentence"], 2>("criteria", CRITERIA, (c) => archbench.decisionSentence(comparison, {}, c)),
  ],
  flipsTable: [
    parameter<Api["flipsTable"], 2>("options", FLIPS_TABLE_OPTIONS, (o) => archbench.flipsTable(result, result, o)),
  ],
  View: [parameter<Api["View"], 0>("bundle", BUNDLE, (bundle) => new archbench.View(bundle))],
  formatEstimate: [
    parameter<Api["formatEstimate"], 1>("options", FORMAT_OPTIONS, (o) => archbench.formatEstimate(estimate, o)),
  ],
  groupsTable: [
    parameter<Api["groupsTable"], 1>("options", GROUPS_OPTIONS, (o) => archbench.groupsTable({ int4: result }, o)),
  ],
  recommendTable: [
    parameter<Api["recommendTable"], 1>(
      "options",
      RECOMMEND_TABLE_OPTIONS,
      (options) => archbench.recommendTable(answers, options),
    ),
  ],
  trainingCostTable: [
    parameter<Api["trainingCostTable"], 0>("specs", SPECS, (specs) => archbench.trainingCostTable(specs, training)),
    parameter<Api["trainingCostTable"], 1>("options", COST_OPTIONS, (o) => archbench.trainingCostTable({ a: tiny }, o)),
  ],
  tableView: [parameter<Api["tableView"], 0>("spec", TABLE, (spec) => archbench.tableView(spec))],
} satisfies Record<string, Parameter[]>;
