/** All golden rows of the catalogue's models, the gate runs a part of: `deno task bench:golden`. Prints the worst. */
import gemma3 from "../golden/hellaswag_0shot_gemma3.json" with { type: "json" };
import smollm2 from "../golden/hellaswag_0shot.json" with { type: "json" };
import { againstGolden } from "../eval/golden_hellaswag.ts";

for (const [ref, { items, reference }] of Object.entries({ "smollm2-135m": smollm2, "gemma3-270m": gemma3 })) {
  const { result, worst } = await againstGolden({ ref, precision: "fp32" }, items);
  const { acc, acc_norm } = result.metrics;
  console.log(
    `${ref} fp32: ${items.length} HellaSwag rows, ${items.flatMap(({ ll }) => ll).length} log-likelihoods, worst ` +
      `difference ${worst.toExponential(1)}; acc ${acc.point.toFixed(4)}, acc_norm ${
        acc_norm.point.toFixed(4)
      }, every ` +
      `row's as in ${reference}`,
  );
}
