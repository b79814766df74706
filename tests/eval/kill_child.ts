/**
 * An evaluation that the test kills: `deno run -A kill_child.ts <results.sqlite> <log> <ms a run>`. It says "scoring"
 * on stdout when its first run ends; every run's finished questions are a line of the log, written before they are saved.
 */
import { appendFileSync } from "node:fs";
import { QualityBenchmark } from "../../lib/eval/quality_benchmark.ts";
import { openModel } from "../../lib/model/open_model.ts";
import type { ModelHost, StartHost } from "../../lib/model/protocol.ts";
import { ResultStore } from "../../lib/store/results.ts";
import { tinySpec } from "../model/tiny_spec.ts";

const [path, log, runMs] = Deno.args;
const ref = { ref: tinySpec({ contextLength: 128 }), seed: 5 };

/** The model in this process, so that one kill ends all. */
const start: StartHost = async () => {
  const model = await openModel(ref, { threads: 1, graphs: ["score"] });
  return {
    open: { info: model.info },
    score: (requests, options) =>
      model.score(requests, {
        ...options,
        onProgress(done, finished) {
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(runMs)); // the tiny model itself takes less
          const asked = finished.map(({ index }) => requests[index]);
          appendFileSync(log, JSON.stringify(asked) + "\n");
          options?.onProgress?.(done, finished);
          console.log("scoring");
        },
      }),
    close: () => model.close(),
  } as Partial<ModelHost> as ModelHost;
};

const rows = Array.from({ length: 600 }, (_, i) => ({
  prompt: `Question ${i}: ${"abcdefghij".slice(i % 7)}?`,
  choices: [`yes ${i % 10}`, `no ${i % 9}`, `perhaps ${i % 8}`],
  answer: i % 3,
}));
const quality = new QualityBenchmark(ref, { threads: 1 }, start);
const { items, metrics, environment } = await quality.evaluateTask("mmlu", rows, {
  scoring: { tokenBudget: 64 },
  store: new ResultStore(path),
});
console.log(JSON.stringify({ items, metrics, reused: environment.reused }));
