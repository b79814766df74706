/** What architectures and graphs cost. */
import * as archbench from "../../../lib/mod.ts";
import { MODEL_REF } from "../../../lib/arch/ref_fields.ts";
import { ACTIVATION_OPTIONS } from "../../../lib/cost/activations.ts";
import { KV_CACHE_OPTIONS } from "../../../lib/cost/bytes.ts";
import { FLOPS_OPTIONS, LAYER_FLOPS_OPTIONS } from "../../../lib/cost/flops.ts";
import { GRAPH_FLOPS_OPTIONS, PASS_OPTIONS } from "../../../lib/cost/graph_generation.ts";
import { MACHINE } from "../../../lib/cost/hardware.ts";
import { MEMORY_PLAN_OPTIONS } from "../../../lib/cost/memory_plan.ts";
import { RECOMMEND_OPTIONS } from "../../../lib/cost/recommend.ts";
import { RESIDUALS_OPTIONS, ROOFLINE_OPTIONS } from "../../../lib/cost/roofline.ts";
import { MBU_WORK, MFU_WORK, ROOFLINE_WORK } from "../../../lib/cost/utilisation.ts";
import { WILL_IT_RUN_OPTIONS } from "../../../lib/cost/will_it_run.ts";
import { machine, tiny } from "./fixtures.ts";
import { type Parameter, parameter } from "./parameter.ts";

type Api = typeof archbench;

export const COSTS = {
  estimateFlops: [
    parameter<Api["estimateFlops"], 0>("ref", MODEL_REF, (ref) => archbench.estimateFlops(ref, { promptTokens: 4 })),
    parameter<Api["estimateFlops"], 1>("options", FLOPS_OPTIONS, (o) => archbench.estimateFlops(tiny, o)),
  ],
  estimateLayerFlops: [
    parameter<Api["estimateLayerFlops"], 0>("ref", MODEL_REF, (r) => archbench.estimateLayerFlops(r, { tokens: 4 })),
    parameter<Api["estimateLayerFlops"], 1>(
      "options",
      LAYER_FLOPS_OPTIONS,
      (options) => archbench.estimateLayerFlops(tiny, options),
    ),
  ],
  costedGraph: [parameter<Api["costedGraph"], 0>("ref", MODEL_REF, (ref) => archbench.costedGraph(ref))],
  kvCacheBytes: [
    parameter<Api["kvCacheBytes"], 2>("options", KV_CACHE_OPTIONS, (o) => archbench.kvCacheBytes(tiny, 4, o)),
  ],
  peakActivationBytes: [
    parameter<Api["peakActivationBytes"], 1>(
      "options",
      ACTIVATION_OPTIONS,
      (options) => archbench.peakActivationBytes(tiny, options),
    ),
  ],
  graphFlops: [
    parameter<Api["graphFlops"], 1>("options", GRAPH_FLOPS_OPTIONS, (o) => archbench.graphFlops("/nowhere.onnx", o)),
  ],
  graphPassCost: [
    parameter<Api["graphPassCost"], 1>("options", PASS_OPTIONS, (o) => archbench.graphPassCost("/nowhere.onnx", o)),
  ],
  mbu: [parameter<Api["mbu"], 0>("work", MBU_WORK, (work) => archbench.mbu(work))],
  mfu: [parameter<Api["mfu"], 0>("work", MFU_WORK, (work) => archbench.mfu(work))],
  rooflineMs: [parameter<Api["rooflineMs"], 0>("work", ROOFLINE_WORK, (work) => archbench.rooflineMs(work))],
  roofline: [
    parameter<Api["roofline"], 1>("machine", MACHINE, (m) => archbench.roofline(tiny, m, { promptTokens: 4 })),
    parameter<Api["roofline"], 2>("options", ROOFLINE_OPTIONS, (o) => archbench.roofline(tiny, machine, o)),
  ],
  rooflineResiduals: [
    parameter<Api["rooflineResiduals"], 1>("machine", MACHINE, (m) => archbench.rooflineResiduals([], m)),
    parameter<Api["rooflineResiduals"], 2>(
      "options",
      RESIDUALS_OPTIONS,
      (options) => archbench.rooflineResiduals([], machine, options),
    ),
  ],
  memoryPlan: [
    parameter<Api["memoryPlan"], 1>("options", MEMORY_PLAN_OPTIONS, (o) => archbench.memoryPlan(tiny, o)),
  ],
  willItRun: [
    parameter<Api["willItRun"], 0>("ref", MODEL_REF, (ref) => archbench.willItRun(ref, { hardware: machine })),
    parameter<Api["willItRun"], 1>("options", WILL_IT_RUN_OPTIONS, (options) => archbench.willItRun(tiny, options)),
  ],
  recommend: [parameter<Api["recommend"], 0>("options", RECOMMEND_OPTIONS, (options) => archbench.recommend(options))],
} satisfies Record<string, Parameter[]>;
