/** The number that a metric is made of, item by item. */
import { passOfItem } from "./generated/pass_metrics.ts";
import type { EvalItem } from "./types.ts";

/** What `metric` is made of in one item: 0 or 1 for an accuracy, bits per byte for text; null where there is none. */
export function itemValue(item: EvalItem, metric: string): number | null {
  switch (metric) {
    case "acc":
      return item.correct;
    case "acc_norm":
      return item.correctNorm ?? null;
    case "acc_bytes":
      return item.correctBytes ?? null;
    case "bits_per_byte":
      return item.bits !== undefined && item.bytes ? item.bits / item.bytes : null;
    default:
      return passOfItem(item, metric) ?? item.values?.[metric] ?? null;
  }
}
