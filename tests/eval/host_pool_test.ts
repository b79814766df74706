import assert from "node:assert/strict";
import { fastest, splitsOf, splitText } from "../../lib/eval/host_pool.ts";
import { QualityBenchmark } from "../../lib/eval/quality_benchmark.ts";
import type { EvalResult } from "../../lib/eval/types.ts";
import { HostError } from "../../lib/model/host.ts";
import type { StartHost } from "../../lib/model/protocol.ts";
import { partialOf, requestStop, StopError } from "../../lib/progress.ts";
import { tinySpec } from "../model/tiny_spec.ts";
import { FakeHost } from "./fake_host.ts";

const rows = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    activity_label: `Roof ${i}`,
    ctx_a: "A man sits.",
    ctx_b: "he",
    endings: ["eats", "falls", "sings", `is number ${i}`],
    label: String(i % 4),
  }));

/** A benchmark on fake hosts; `make` gives each one by its number. */
function pool(make: (number: number) => FakeHost) {
  const hosts: FakeHost[] = [], asked: Parameters<StartHost>[1][] = [];
  const quality = new QualityBenchmark("fake", {}, (_, options) => {
    asked.push(options);
    hosts.push(make(hosts.length));
    return Promise.resolve(hosts.at(-1)!);
  });
  return { quality, hosts, asked };
}

Deno.test("splitsOf() gives the cores in equal parts, fewest processes first", () => {
  assert.deepEqual(splitsOf(2), [{ hosts: 1, threads: 2 }, { hosts: 2, threads: 1 }]);
  assert.deepEqual(splitsOf(6).map((s) => `${s.hosts}x${s.threads}`), ["1x6", "2x3", "3x2", "6x1"]);
});

Deno.test("more processes must be worth their memory", () => {
  const speeds = [{ hosts: 1, threads: 2, requestsPerS: 100 }, { hosts: 2, threads: 1, requestsPerS: 102 }];
  assert.equal(fastest(speeds).hosts, 1);
  speeds[1].requestsPerS = 110;
  assert.equal(fastest(speeds).hosts, 2);
  assert.equal(splitText(speeds[1], speeds), "2 hosts x 1 thread, 110.0 requests/s (1 host x 2 threads: 100.0)");
});

Deno.test("batches go to the next free host, results stay in order and do not depend on the split", async () => {
  const score = (r: { context?: string; continuation?: string }) => -`${r.context}${r.continuation}`.length;
  const run = async (hosts: number) => {
    const made = pool(() => new FakeHost(score as never));
    const { items, environment } = await made.quality.evaluateTask("hellaswag", rows(200), { hosts });
    return { items, environment, made };
  };
  const one = await run(1), three = await run(3);
  assert.deepEqual(three.items, one.items);
  assert.equal(three.made.hosts.length, 3);
  assert.ok(three.made.hosts.every((h) => h.calls > 0 && h.closed), "all work, all are closed");
  assert.equal(three.made.hosts.reduce((n, h) => n + h.seen.length, 0), 800);
  assert.equal(three.environment.split?.hosts, 3);
  assert.equal(three.made.asked[0]?.threads, three.environment.split?.threads);
});

Deno.test("two processes with a real model give the numbers of one, bit by bit", async () => {
  const quality = new QualityBenchmark({ ref: tinySpec({ contextLength: 256 }), seed: 1 }, { threads: 1 });
  const one = await quality.evaluateTask("hellaswag", rows(70), { store: null });
  const two = await quality.evaluateTask("hellaswag", rows(70), { hosts: 2, store: null });
  assert.deepEqual(two.items, one.items);
  assert.deepEqual(two.environment.split, { hosts: 2, threads: 1 });
});

Deno.test('hosts: "auto" measures each split on the first rows, says so, and names the speeds', async () => {
  const said: string[] = [], log = console.log;
  console.log = (text: string) => said.push(text);
  try {
    const quality = new QualityBenchmark({ ref: tinySpec({ contextLength: 256 }), seed: 1 }, { threads: 2 });
    const { environment, n } = await quality.evaluateTask("hellaswag", rows(20), { hosts: "auto", store: null });
    assert.equal(n, 20);
    const { split } = environment;
    assert.deepEqual(split?.measured?.map((m) => [m.hosts, m.threads]), [[1, 2], [2, 1]]);
    assert.ok(split?.measured?.every((m) => m.requestsPerS > 0));
    assert.equal(split!.hosts * split!.threads, 2);
  } finally {
    console.log = log;
  }
  assert.equal(said.length, 1);
  assert.match(said[0], /^hellaswag: \d hosts? x \d threads?, [\d.]+ requests\/s \(\d hosts? x \d threads?: [\d.]+\)$/);
});

Deno.test("a host that dies ends the work with its error, the others, and keeps what was finished", async () => {
  const made = pool((number) => {
    const host = new FakeHost();
    const score = host.score.bind(host);
    host.score = (requests, options) =>
      number === 1 && host.calls === 1
        ? Promise.reject(new HostError("The model host of fake (pid 7) ended by SIGKILL"))
        : score(requests, options);
    return host;
  });
  const error = await made.quality.evaluateTask("hellaswag", rows(400), { hosts: 2 }).then(
    () => assert.fail("it must not succeed"),
    (error) => error,
  );
  assert.ok(error instanceof HostError);
  assert.match(error.message, /pid 7\) ended by SIGKILL/);
  assert.ok(made.hosts.every((h) => h.closed));
  const partial = partialOf<EvalResult>(error);
  assert.ok(partial && partial.n >= 32 && partial.n < 400, `kept ${partial?.n}`);
  assert.equal(partial.n, partial.items.length);
});

Deno.test("a stop ends all hosts and keeps what was finished", async () => {
  const made = pool((number) => {
    const host = new FakeHost();
    const score = host.score.bind(host);
    host.score = (requests, options) => {
      if (number === 0 && host.calls === 2) requestStop();
      return score(requests, options);
    };
    return host;
  });
  const error = await made.quality.evaluateTask("hellaswag", rows(400), { hosts: 2 }).catch((error) => error);
  assert.ok(error instanceof StopError);
  assert.ok(made.hosts.every((h) => h.closed));
  assert.ok(partialOf<EvalResult>(error)!.n >= 32);
});

Deno.test("hosts out of range, or beside a host, are refused before one is started", async () => {
  const made = pool(() => new FakeHost());
  for (const hosts of [0, -1, 1.5, NaN]) {
    await assert.rejects(
      () => made.quality.evaluateTask("hellaswag", rows(1), { hosts }),
      { name: "RangeError", message: /hosts must be an integer >= 1, got/ },
    );
  }
  await assert.rejects(
    () => made.quality.evaluateTask("hellaswag", rows(1), { hosts: 2, host: new FakeHost() }),
    { name: "TypeError", message: /host and hosts are both given/ },
  );
  assert.equal(made.hosts.length, 0);
});
