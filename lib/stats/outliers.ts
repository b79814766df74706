/** Tukey's outlier classes: samples are labelled, never dropped. */
import { quantile } from "./summary.ts";

export type OutlierClass = "low severe" | "low mild" | "normal" | "high mild" | "high severe";

/** A label a value: mild outside the quartiles -+ 1.5 IQR, severe outside -+ 3 IQR (Tukey 1977; quantiles of type 7). */
export function outlierClasses(values: readonly number[]): OutlierClass[] {
  const q1 = quantile(values, 0.25), q3 = quantile(values, 0.75), iqr = q3 - q1;
  return values.map((x) => {
    if (x < q1 - 3 * iqr) return "low severe";
    if (x < q1 - 1.5 * iqr) return "low mild";
    if (x > q3 + 3 * iqr) return "high severe";
    return x > q3 + 1.5 * iqr ? "high mild" : "normal";
  });
}
