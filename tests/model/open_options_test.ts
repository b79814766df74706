import assert from "node:assert/strict";
import { measurePeaks } from "../../lib/measure/peaks.ts";
import { openModel } from "../../lib/model/open_model.ts";
import { threadWarnings } from "../../lib/model/open_options.ts";
import type { GraphHost } from "../../lib/model/protocol.ts";
import { modelTable } from "../../lib/view/run_facts.ts";
import { fakeComparison } from "../view/fake_comparison.ts";
import { tinySpec } from "./tiny_spec.ts";

Deno.test("more threads than logical cores are a warning in the result, and no error", async () => {
  const message =
    "5 threads share 4 logical cores: they wait for one another, and speeds are lower than this machine's";
  assert.deepEqual(threadWarnings(5, 4), [message]);
  assert.deepEqual([threadWarnings(4, 4), threadWarnings(1, 1)], [[], []]);

  const cores = navigator.hardwareConcurrency;
  const infoOf = async (threads: number) => {
    const model = await openModel(tinySpec(), { threads, graphs: [] });
    await model.close();
    return model.info;
  };
  assert.equal((await infoOf(1)).warnings, undefined);
  const info = await infoOf(cores + 1);
  assert.deepEqual(info.warnings, threadWarnings(cores + 1));

  const comparison = fakeComparison();
  for (const name of Object.keys(comparison.raw.models).slice(1)) comparison.raw.models[name].info = info;
  const table = modelTable(comparison).toString();
  assert.match(table, /int4, 24 of 30 layers: \d+ threads share \d+ logical cores?: they wait/);

  const start = (): Promise<GraphHost> =>
    Promise.resolve({
      pid: 1,
      graphRuns: ({ options: { threads = 1 } }) => Promise.resolve({ ms: [1], provider: "cpu", threads }),
      close: () => Promise.resolve(),
    });
  const peaks = (threads: number) => measurePeaks({ hosts: 1, repeats: 1, bytes: 4096, threads, start });
  assert.deepEqual((await peaks(cores + 1)).warnings, threadWarnings(cores + 1));
  assert.equal((await peaks(1)).warnings, undefined);
});

Deno.test("threads that no machine has are refused", async () => {
  for (const threads of [1025, 1e9]) {
    await assert.rejects(openModel(tinySpec(), { threads }), /threads must be at most 1024, got/);
    await assert.rejects(openModel({ ref: tinySpec(), threads }), /threads must be at most 1024, got/);
  }
});
