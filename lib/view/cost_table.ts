/** What architectures cost before anything runs: size, arithmetic, and memory that grows or does not. */
import { ARCH_SPEC } from "../arch/ref_fields.ts";
import type { Precision } from "../arch/model_ref.ts";
import type { ArchSpec } from "../arch/spec.ts";
import { TOKENS } from "../check/common.ts";
import { names, object, optional } from "../check/objects.ts";
import { checkArgument, checkOptions } from "../check/options.ts";
import { list, oneOf, type Rule } from "../check/rules.ts";
import { activeParameterCount, kvCacheBytes, parameterCount, weightBytes } from "../cost/bytes.ts";
import { CostedGraph } from "../cost/costed_graph.ts";
import { countFlops } from "../cost/flops.ts";
import { graphKvCacheBytes } from "../cost/graph_own.ts";
import type { View } from "./display.ts";
import { formatNumber } from "./format.ts";
import { type Cell, tableView } from "./table.ts";

/** Where no file says how many tokens a model reads. */
const USUAL_CONTEXT = 2048;

export interface CostTableOptions {
  /** Tokens in the cache at which a decode step and the states are counted; default 512, and half and all of the context. */
  contexts?: number[];
  /** Prompt tokens of the prefill. Default: the first context. */
  promptTokens?: number;
  /** Of the weights. Default "fp32". */
  precision?: Exclude<Precision, "stored">;
}

export const COST_TABLE_OPTIONS = object<CostTableOptions>({
  contexts: optional(list(TOKENS, { min: 1 })),
  promptTokens: optional(TOKENS),
  precision: optional(oneOf<Exclude<Precision, "stored">>("fp32", "fp16", "bf16", "int8", "int4")),
});

const SPEC_OR_GRAPH: Rule<ArchSpec | CostedGraph> = (check, at, value) => {
  if (!(value instanceof CostedGraph)) ARCH_SPEC(check, at, value);
};
/** Architectures, or graphs that were read, by name. */
export const COSTED = names(
  SPEC_OR_GRAPH,
  "architecture",
  (value) => value instanceof CostedGraph || Object.hasOwn(value, "layers"),
);

/** What a row shows. */
interface Costs {
  parameters: number;
  active: number;
  /** Bytes that a decode step reads. */
  weightBytes: number;
  /** FLOPs. */
  prefill(tokens: number): number;
  step(past: number): number;
  cacheBytes(tokens: number): number;
}

function costsOf(model: ArchSpec | CostedGraph, precision: Precision): Costs {
  if (model instanceof CostedGraph) {
    return {
      parameters: model.parameters,
      active: model.activeParameters,
      weightBytes: model.weightBytes(),
      prefill: (tokens) => model.flops({ batch: 1, tokens, past: 0 }, "causal"),
      step: (past) => model.flops({ batch: 1, tokens: 1, past }, "causal"),
      cacheBytes: (tokens) => graphKvCacheBytes(model, tokens),
    };
  }
  return {
    parameters: parameterCount(model),
    active: activeParameterCount(model),
    weightBytes: weightBytes(model, precision),
    prefill: (promptTokens) => countFlops(model, { promptTokens }).prefill,
    step: (promptTokens) => countFlops(model, { promptTokens, newTokens: 2 }).decode, // one step behind the prompt
    cacheBytes: (tokens) => kvCacheBytes(model, tokens),
  };
}

/**
 * One row for each architecture: exact parameters, FLOPs by the causal convention with the last logits, bytes that a
 * decode step must read, and bytes of keys, values and states of one sequence. A graph made elsewhere (`costedGraph`) is
 * counted as it is: its own precision, and its head on the rows that it runs on.
 *
 * @throws {RangeError} If a context or the prompt is more than an architecture's own.
 * @example
 * ```ts ignore
 * costTable({ mine: spec, llama: zoo("llama-3.2-1b") }, { contexts: [512, 4096] });
 * ```
 */
export function costTable(specs: Record<string, ArchSpec | CostedGraph>, options: CostTableOptions = {}): View {
  checkArgument("Cannot draw costs", "specs", specs, COSTED);
  checkOptions("Cannot draw costs", options, COST_TABLE_OPTIONS);
  if (!Object.keys(specs).length) throw new RangeError("Cannot draw costs: there are no specs; pass { name: spec }");
  const longest = Math.min(...Object.values(specs).map((spec) => spec.contextLength ?? Infinity));
  const most = Number.isFinite(longest) ? longest : USUAL_CONTEXT;
  const contexts = options.contexts ?? [...new Set([Math.min(512, most), most >> 1, most])];
  const { promptTokens = contexts[0], precision = "fp32" } = options;
  const beyond = [...contexts, promptTokens].find((context) => context > longest);
  if (beyond !== undefined) {
    const [name] = Object.entries(specs).find(([, spec]) => spec.contextLength === longest)!;
    throw new RangeError(
      `Cannot count costs at ${beyond} tokens: the shortest context of these is ${longest} (${name}); pass contexts and ` +
        "promptTokens of at most that",
    );
  }
  const graphs = Object.values(specs).some((spec) => spec instanceof CostedGraph);
  const own = (model: ArchSpec | CostedGraph, main: string): Cell =>
    model instanceof CostedGraph && model.precision !== precision
      ? { main, details: [`it is ${model.precision}`] }
      : main;
  const rows = Object.entries(specs).map(([name, spec]) => {
    const costs = costsOf(spec, precision), { parameters, active } = costs;
    return [
      name,
      {
        main: formatNumber(parameters / 1e6),
        details: active < parameters ? [`${formatNumber(active / 1e6)} active`] : [],
      },
      own(spec, formatNumber(costs.weightBytes / 1e6)),
      formatNumber(costs.prefill(promptTokens) / 1e9),
      ...contexts.map((context) => formatNumber(costs.step(context) / 1e6)),
      ...contexts.map((context) => formatNumber(costs.cacheBytes(context) / 1e6)),
    ];
  });
  const at = (context: number) => `at ${context.toLocaleString("en-US")} tokens`;
  return tableView({
    caption: "Costs from the architecture alone",
    columns: [
      { title: "architecture" },
      { title: "parameters", detail: "million" },
      { title: "read a step", detail: `weights, MB at ${precision}` },
      { title: "prefill (GFLOP)", detail: `${promptTokens.toLocaleString("en-US")} tokens` },
      ...contexts.map((context) => ({ title: "decode step (MFLOP)", detail: at(context) })),
      ...contexts.map((context) => ({ title: "keys, values, states (MB)", detail: at(context) })),
    ],
    rows,
    notes: [
      "FLOPs of the model itself (causal, last logits). Windows count as what they let a token see.",
      ...(graphs
        ? [
          "Graphs made elsewhere are counted as they are: with the head on all rows that they give logits of, and every token kept.",
        ]
        : []),
    ],
  });
}
