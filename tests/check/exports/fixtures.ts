/** Arguments that are right. */
import * as archbench from "../../../lib/mod.ts";
import { tinySpec } from "../../model/tiny_spec.ts";
import { fakeComparison } from "../../view/fake_comparison.ts";

export const tiny = tinySpec();
export const comparison = fakeComparison();
export const result = comparison.raw.tasks.hellaswag.int4;
export const estimate = { point: 1, low: 0.9, high: 1.1, level: 0.95, n: 9 };
export const machine = archbench.hardware("H100 SXM");
export const fit = archbench.fitScaling(
  [0, 1].flatMap((block) => [10, 20, 30].map((length) => ({ block, length, value: 1 + length + block }))),
  1,
);
export const pilot = { logRatios: [0.01, -0.01, 0.02], rounds: 12, minutes: 1 };
export const training = { task: { kind: "mqar" as const }, tokens: 1e6 };
export const settings = [{ promptTokens: 4, newTokens: 4 }];
export const models = { a: tiny, b: tiny };
export const answers = { limits: { contextLength: 64 }, found: [], failed: [], order: "" };
