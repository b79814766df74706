/** What architectures cost before anything runs: size, arithmetic, and memory that grows or does not. */
import { SPECS } from "../arch/ref_fields.ts";
import type { ArchSpec, Precision } from "../arch/spec.ts";
import { TOKENS } from "../check/common.ts";
import { object, optional } from "../check/objects.ts";
import { checkArgument, checkOptions } from "../check/options.ts";
import { list, oneOf } from "../check/rules.ts";
import { activeParameterCount, kvCacheBytes, parameterCount, weightBytes } from "../cost/bytes.ts";
import { countFlops } from "../cost/flops.ts";
import type { View } from "./display.ts";
import { formatNumber } from "./format.ts";
import { tableView } from "./table.ts";

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

/**
 * One row for each architecture: exact parameters, FLOPs by the causal convention with the last logits, bytes that a
 * decode step must read, and bytes of keys, values and states of one sequence.
 *
 * @throws {RangeError} If a context or the prompt is more than an architecture's own.
 * @example
 * ```ts ignore
 * costTable({ mine: spec, llama: zoo("llama-3.2-1b") }, { contexts: [512, 4096] });
 * ```
 */
export function costTable(specs: Record<string, ArchSpec>, options: CostTableOptions = {}): View {
  checkArgument("Cannot draw costs", "specs", specs, SPECS);
  checkOptions("Cannot draw costs", options, COST_TABLE_OPTIONS);
  if (!Object.keys(specs).length) throw new RangeError("Cannot draw costs: there are no specs; pass { name: spec }");
  const longest = Math.min(...Object.values(specs).map((spec) => spec.contextLength));
  const contexts = options.contexts ?? [...new Set([Math.min(512, longest), longest >> 1, longest])];
  const { promptTokens = contexts[0], precision = "fp32" } = options;
  const beyond = [...contexts, promptTokens].find((context) => context > longest);
  if (beyond !== undefined) {
    const [name] = Object.entries(specs).find(([, spec]) => spec.contextLength === longest)!;
    throw new RangeError(
      `Cannot count costs at ${beyond} tokens: the shortest context of these is ${longest} (${name}); pass contexts and ` +
        "promptTokens of at most that",
    );
  }
  const rows = Object.entries(specs).map(([name, spec]) => {
    const parameters = parameterCount(spec), active = activeParameterCount(spec);
    const flops = (past: number) => countFlops(spec, { promptTokens: past, newTokens: 2 }).decode; // one step behind the prompt
    return [
      name,
      {
        main: formatNumber(parameters / 1e6),
        details: active < parameters ? [`${formatNumber(active / 1e6)} active`] : [],
      },
      formatNumber(weightBytes(spec, precision) / 1e6),
      formatNumber(countFlops(spec, { promptTokens }).prefill / 1e9),
      ...contexts.map((context) => formatNumber(flops(context) / 1e6)),
      ...contexts.map((context) => formatNumber(kvCacheBytes(spec, context) / 1e6)),
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
    notes: ["FLOPs of the model itself (causal, last logits). Windows count as what they let a token see."],
  });
}
