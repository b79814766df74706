/**
 * Ratios of the model layer, measured side by side: `deno task bench`. What the harness adds to a decode step, and
 * what opening a cached model adds to onnxruntime's own session creation.
 */
import { resolveModel } from "../../lib/arch/resolve.ts";
import { weightsOf } from "../../lib/arch/weights_of.ts";
import { buildOnDisk } from "../../lib/arch/build.ts";
import { openModel } from "../../lib/model/open_model.ts";
import { runChunk, startState } from "../../lib/model/decode.ts";
import { openSession, physicalCores } from "../../lib/model/session.ts";
import { median } from "../../lib/stats/summary.ts";
import { graphsOf } from "../model/own_graphs.ts";

const ref = "smollm2-135m", threads = physicalCores();

/** Time inside session.run and around it, of `steps` single decode steps and of one Loop of as many. */
async function overhead(precision: "fp32" | "int4", steps = 64, repeats = 5) {
  const model = await openModel(ref, { precision, threads });
  const session = await graphsOf(model).session("generate");
  let inside = 0;
  const run = session.run.bind(session);
  session.run = async (...args: Parameters<typeof run>) => {
    const start = performance.now();
    const out = await run(...args);
    inside += performance.now() - start;
    return out;
  };
  for (const way of ["step", "loop"] as const) {
    const shares: number[] = [];
    for (let repeat = -1; repeat < repeats; repeat++) {
      inside = 0;
      const start = performance.now();
      let state = startState(graphsOf(model), [[504, 3575, 282, 4649, 314]]);
      if (way === "loop") await runChunk(graphsOf(model), state, { turns: steps, keepCaches: false });
      else for (let i = 0; i < steps; i++) state = (await runChunk(graphsOf(model), state, { turns: 1 })).next;
      const total = performance.now() - start;
      if (repeat >= 0) shares.push((total - inside) / total);
    }
    const percent = shares.map((s) => (100 * s).toFixed(2));
    console.log(
      `harness overhead, ${precision} ${way}: ${(100 * median(shares)).toFixed(2)} % of ${steps} steps [${percent}]`,
    );
  }
  await model.close();
}

/** Opening a cached model against creating its session alone, interleaved. */
async function opening(precision: "fp32" | "int4", repeats = 5) {
  await (await openModel(ref, { precision, threads })).close(); // builds it where it is not cached
  const resolved = await resolveModel(ref, { precision }), { base, spec, identity } = resolved;
  const { graph } = await buildOnDisk(base, spec, identity!, precision, () => weightsOf(resolved));
  const path = await graph("generate");
  const ours: number[] = [], theirs: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    await (await openSession(path, { threads })).release();
    const between = performance.now();
    await (await openModel(ref, { precision, threads })).close();
    theirs.push(between - start);
    ours.push(performance.now() - between);
  }
  const ratio = median(ours.map((ms, i) => ms / theirs[i]));
  console.log(
    `second opening, ${precision}: ${median(ours).toFixed(0)} ms, session alone ${median(theirs).toFixed(0)} ms, ` +
      `ratio ${ratio.toFixed(2)}`,
  );
}

for (const precision of ["fp32", "int4"] as const) {
  await overhead(precision);
  await opening(precision);
}
