/**
 * What the forms of the catalogue's models cost: weights, and divergence from fp32 over HellaSwag's texts. Prints a table
 * a model. `deno task bench:forms [texts] [model ...]`
 */
import { measureDivergence } from "../../lib/compare/divergence.ts";
import type { Precision } from "../../lib/arch/model_ref.ts";
import { catalogNames } from "../../lib/store/catalog.ts";
import { formatEstimate } from "../../lib/view/format.ts";

const [limit = "100", ...models] = Deno.args;
const FORMS: Precision[] = ["stored", "int8", "int4"];

for (const ref of models.length ? models : catalogNames()) {
  console.log("\n| form | weights (MB) | KL from fp32 (nats/token) | max KL | same top token (%) | ln(PPL/PPL fp32) |");
  console.log("| --- | ---: | --- | ---: | --- | --- |");
  let last;
  for (const precision of FORMS) {
    const d = last = await measureDivergence({ ref, precision }, ref, { limit: Number(limit) });
    const cells = [
      d.candidate.precisionLabel,
      (d.candidate.weightBytes / 1e6).toFixed(0),
      formatEstimate(d.meanKl),
      d.maxKl.toFixed(3),
      formatEstimate(d.sameTop, { scale: 100 }),
      formatEstimate(d.logPerplexityRatio),
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
  const { baseline, tokens, data, baselinePerplexity } = last!;
  console.log(
    `\n${ref}, from ${baseline.precisionLabel} (${(baseline.weightBytes / 1e6).toFixed(0)} MB, perplexity ` +
      `${baselinePerplexity.toFixed(2)}); ${tokens} tokens: ${data}`,
  );
}
