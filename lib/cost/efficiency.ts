/** How much of a machine's peaks a model reaches: as a range, with where it comes from. */
import { object } from "../check/objects.ts";
import { quantity, text } from "../check/rules.ts";
import type { Machine } from "./hardware.ts";

export interface Range {
  low: number;
  high: number;
}

/** Shares of the roofline, 0 to 1. */
export interface Efficiency {
  /** Of the FLOP/s, where arithmetic bounds. */
  compute: Range;
  /** Of the bytes/s, while weights are read. */
  memory: Range;
  /** Of the bytes/s, while caches are read; where a growing cache is copied, see `COPIED_CACHE`, less. */
  cache: Range;
  /** What a layer takes in ms beside both: kernels that wait for one another. It bounds small models on fast machines. */
  layerMs: Range;
  source: string;
}

const SHARE = object<Range>({ low: quantity({ min: 0 }), high: quantity({ above: 0 }) });
const TIME = object<Range>({ low: quantity({ min: 0 }), high: quantity({ min: 0 }) });
export const EFFICIENCY = object<Efficiency>({
  compute: SHARE,
  memory: SHARE,
  cache: SHARE,
  layerMs: TIME,
  source: text,
});

/**
 * Against peaks that probes measured on this machine, with this library's graphs. Above 1 where a model's smaller products
 * are faster than the probe's, and since a shared machine's memory gives a fifth more in one minute than in another.
 */
export const AGAINST_MEASURED: Efficiency = {
  compute: { low: 0.6, high: 1.3 },
  memory: { low: 0.7, high: 1.2 },
  cache: { low: 0.4, high: 0.9 },
  layerMs: { low: 0, high: 0.02 },
  source: "this library's runs of SmolLM2-135M in data/peers.md, widened: decode at 0.8 to 1.1 of the model's bare " +
    "matrices, prefill at 0.96 to 1.22 of one large product, caches at 0.64 and 0.70 of the memory's rate",
};

const PUBLISHED = "published runs: MBU 0.55 to 0.60 of Llama-2-70B on A100 and H100 (Databricks 2023), about 0.72 of " +
  "Llama-2-7B on A100 (PyTorch gpt-fast 2023); MFU 0.46 in PaLM's training (arXiv 2204.02311), 0.72 of " +
  "FlashAttention-2 (arXiv 2307.08691)";

/** Against vendors' figures of a CPU. */
export const AGAINST_NOMINAL_CPU: Efficiency = {
  compute: { low: 0.3, high: 0.7 },
  memory: { low: 0.5, high: 0.85 },
  cache: { low: 0.2, high: 0.7 },
  layerMs: { low: 0, high: 0.02 },
  source: `${PUBLISHED}; caches as this library reads them in data/peers.md`,
};

/**
 * Shares for caches that a decode step copies before it reads them, as the fused operator does in this library's generate
 * graph, which runs short contexts and what has no batch graph: 0.13 to 0.23 of the memory's rate were measured with it.
 */
const COPIED_CACHE = { measured: { low: 0.13, high: 0.25 }, nominal: { low: 0.1, high: 0.2 } };

/** Against vendors' figures of a GPU, whose kernels are launched one after the other. */
export const AGAINST_NOMINAL_GPU: Efficiency = {
  ...AGAINST_NOMINAL_CPU,
  cache: AGAINST_NOMINAL_CPU.memory,
  layerMs: { low: 0.015, high: 0.06 },
  source: `${PUBLISHED}; assumed: caches at the rate of weights, 6 to 12 kernels a layer of 2.5 to 5 µs`,
};

/** @param copiesCache Whether a CPU's decode steps copy the cache. */
export function efficiencyOf(machine: Machine, copiesCache = false): Efficiency {
  const base = machine.measured ? AGAINST_MEASURED : machine.kind === "cpu" ? AGAINST_NOMINAL_CPU : AGAINST_NOMINAL_GPU;
  if (!copiesCache || machine.kind !== "cpu") return base;
  return {
    ...base,
    cache: machine.measured ? COPIED_CACHE.measured : COPIED_CACHE.nominal,
    source: `${base.source}; here a step copies the cache, which came to 0.13 to 0.23`,
  };
}
