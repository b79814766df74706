import assert from "node:assert/strict";
import { measurePeaks } from "../../lib/measure/peaks.ts";
import { bytesPerWeight, copyProbe, PROBED_FORMATS, productProbe, readProbe } from "../../lib/measure/probe_graphs.ts";
import { startGraphHost } from "../../lib/model/host.ts";
import type { GraphHost } from "../../lib/model/protocol.ts";

/** Hosts whose every run takes as long as is said; each process has a factor of its own. */
function fakeHosts(ms: (name: string, host: number, run: number) => number) {
  const ran: string[][] = [], closed: number[] = [];
  const start = (): Promise<GraphHost> => {
    const host = ran.push([]) - 1;
    return Promise.resolve({
      pid: host,
      graphRuns({ name, repeats, options }) {
        const times = Array.from({ length: repeats }, () => ms(name, host, ran[host].push(name)));
        return Promise.resolve({ ms: times, provider: "cpu", threads: options.threads ?? 4 });
      },
      close: () => Promise.resolve(void closed.push(host)),
    });
  };
  return { start, ran, closed };
}

const near = (got: number, want: number) => assert.ok(Math.abs(got / want - 1) < 1e-12, `${got} is not ${want}`);

Deno.test("measurePeaks(): the best run of each process, averaged over processes", async () => {
  const bytes = 2 ** 20;
  // Processes 0 and 1 take 10 and 12 ms at best, every other run takes twice as long.
  const fake = fakeHosts((_name, host, run) => (10 + 2 * host) * (run % 2 ? 2 : 1));
  const peaks = await measurePeaks({ hosts: 2, repeats: 4, warmups: 2, bytes, threads: 2, start: fake.start });
  const work = 2 * 2048 ** 3, rates = [work / 0.010, work / 0.012];
  near(peaks.flopsPerS.fp32!.point, Math.sqrt(rates[0] * rates[1]));
  assert.equal(peaks.flopsPerS.fp32!.n, 2);
  assert.ok(peaks.flopsPerS.fp32!.low! < rates[1] && peaks.flopsPerS.fp32!.high! > rates[0]);
  near(peaks.copyBytesPerS.point, 2 * bytes / Math.sqrt(0.010 * 0.012));
  assert.deepEqual([peaks.provider, peaks.threads, peaks.samples.length], ["cpu", 2, 2 * 4 * 7]);
  const { machine } = peaks;
  assert.equal(machine.flopsPerS.int4, peaks.flopsPerS.int4!.point);
  assert.equal(machine.bytesPerS, peaks.readBytesPerS.fp32!.point);
  assert.equal(machine.weightBytesPerS!.int4, peaks.readBytesPerS.int4!.point);
  assert.ok(machine.measured && machine.memoryBytes > 1e8 && / 2 threads \(measured\)$/.test(machine.name));
  assert.deepEqual(fake.closed, [0, 1]);
  assert.notDeepEqual(fake.ran[0].slice(14), fake.ran[1].slice(14), "the order is shuffled");
});

Deno.test("one process has no interval, and a process that dies is an error and is closed", async () => {
  const one = await measurePeaks({ hosts: 1, formats: ["fp32"], bytes: 4096, start: fakeHosts(() => 1).start });
  assert.deepEqual([one.flopsPerS.fp32!.low, one.flopsPerS.int4], [null, undefined]);
  const dying = fakeHosts((name) => {
    if (name === "copy") throw new Error("gone");
    return 1;
  });
  await assert.rejects(() => measurePeaks({ hosts: 2, bytes: 4096, start: dying.start }), /gone/);
  assert.deepEqual(dying.closed.length >= 1, true);
});

Deno.test("what can't be probed is named", async () => {
  await assert.rejects(() => measurePeaks({ hosts: 0 }), /hosts must be an integer >= 1, got 0/);
  await assert.rejects(
    () => measurePeaks({ formats: ["fp8" as "fp32"] }),
    /formats\[0\] is "fp8"; did you mean "fp32"\? There are: fp32, int8, int4/,
  );
  await assert.rejects(() => measurePeaks({ formats: [] }), /formats must have at least 1 entry, got 0/);
});

Deno.test("probes count their work, and run in a host in every format", async () => {
  assert.equal(productProbe("fp32").work, 17_179_869_184);
  assert.equal(bytesPerWeight("int4"), 0.625);
  assert.equal(readProbe("int8", 1e6).work, Math.ceil(1e6 / (4096 * 1.125)) * 4096 * 1.125);
  assert.equal(copyProbe(4096).work, 8192);
  const host = await startGraphHost();
  try {
    for (const probe of [...PROBED_FORMATS.map((f) => readProbe(f, 1e5)), copyProbe(1e5)]) {
      const { ms, provider, threads } = await host.graphRuns({ ...probe.request, options: { threads: 1 }, repeats: 2 });
      assert.ok(ms.length === 2 && ms.every((t) => t > 0));
      assert.deepEqual([provider, threads], ["cpu", 1]);
    }
  } finally {
    await host.close();
  }
});
