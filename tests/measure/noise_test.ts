import assert from "node:assert/strict";
import { noiseBetween, readNoise } from "../../lib/measure/noise.ts";

/** /proc of a machine with two cores, in ticks of 10 ms; `own` by process. */
function proc(ticks: { user?: number; nice?: number; system?: number; steal?: number }, own: Record<number, number>) {
  const { user = 0, nice = 0, system = 0, steal = 0 } = ticks;
  const files: Record<string, string> = {
    "/proc/pressure/cpu": "some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\nfull avg10=0.00 total=9\n",
    "/proc/stat": `cpu  ${user} ${nice} ${system} 9000 3 5 1 ${steal} 0 0\ncpu0 1 0 0 0\ncpu1 1 0 0 0\nintr 7\n`,
  };
  for (const [pid, time] of Object.entries(own)) {
    // A process may call itself anything.
    files[`/proc/${pid}/stat`] = `${pid} (a) R 1 2) S 1 1 1 0 -1 4194560 1 0 0 0 ${time - 1} 1 50 60 20 0 9 0 777`;
  }
  return (path: string) => files[path] ?? null;
}
const me = Deno.pid, host = me + 1;

Deno.test("readNoise() reads the kernel's counters, in ms, and our own processes' among them once each", () => {
  const read = proc({ user: 100, nice: 10, system: 50, steal: 7 }, { [me]: 20, [host]: 30 });
  const seen = { atMs: 5, cpuPressureMs: 2500, stealMs: 70, allCpuMs: 1600, ownCpuMs: 500, cores: 2 };
  assert.deepEqual(readNoise([host, me, host], { read, now: () => 5 }), seen);
  assert.deepEqual(readNoise([host + 1], { read, now: () => 5 }), { ...seen, ownCpuMs: null }); // it is gone
  const nothing = { atMs: 5, cpuPressureMs: null, stealMs: null, allCpuMs: null, ownCpuMs: null, cores: null };
  assert.deepEqual(readNoise([], { read: () => null, now: () => 5 }), nothing); // macOS, Windows
});

Deno.test("a reading that had to wait is taken anew, so that it belongs to its time", () => {
  let ms = 0, reads = 0;
  const of = proc({ user: 100 }, { [me]: 20 });
  const read = (path: string) => {
    if (path === "/proc/stat") ms += ++reads === 1 ? 70 : 1;
    return of(path);
  };
  assert.equal(readNoise([], { read, now: () => ms }).atMs, 70);
  assert.equal(reads, 2);
});

/** One second in which all, and we of it, used so many ticks. */
function second(all: number, own: number, { steal = 0, start = 1000 } = {}) {
  const before = readNoise([host], { read: proc({ user: start }, { [me]: 10, [host]: 10 }), now: () => 0 });
  const after = proc({ user: start + all, steal }, { [me]: 11, [host]: 9 + own });
  return noiseBetween(before, readNoise([host], { read: after, now: () => 1000 }));
}

Deno.test("what others used is what all used without what we did, and pressure on our own threads blames nobody", () => {
  const quiet = { cpuPressureMs: 0, stealMs: 0, othersCpuMs: 0, overMs: 1000, disturbed: false };
  assert.deepEqual(second(190, 190), quiet);
  assert.deepEqual(second(190, 130), { ...quiet, othersCpuMs: 600, disturbed: true }); // 0.6 of 2 cores
  assert.deepEqual(second(198, 190), { ...quiet, othersCpuMs: 80 });
  assert.deepEqual(second(188, 190), { ...quiet, othersCpuMs: -20 }); // ticks
  assert.deepEqual(second(190, 190, { steal: 20 }), { ...quiet, stealMs: 200, disturbed: true });
  const busy = noiseBetween(
    { ...readNoise([], { read: () => null }), atMs: 0, cpuPressureMs: 0 },
    { ...readNoise([], { read: () => null }), atMs: 1000, cpuPressureMs: 900 },
  );
  assert.deepEqual(busy, { cpuPressureMs: 900, stealMs: null, othersCpuMs: null, overMs: 1000, disturbed: false });
});

Deno.test("a counter that is not the machine's tells nothing: zeros of a sandbox, less than we used, more than there is", () => {
  assert.equal(second(0, 190, { start: 0 }).othersCpuMs, null);
  assert.equal(second(40, 190).othersCpuMs, null);
  assert.equal(second(390, 180).othersCpuMs, null); // 2.1 of 2 cores
});

Deno.test({
  name: "a process beside us is others', one of ours is not",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const beside = new Deno.Command("/bin/sh", { args: ["-c", "while :; do :; done"] }).spawn();
    try {
      const before = readNoise(), beforeOwn = readNoise([beside.pid]);
      let after = readNoise();
      // Beside other work it may take its time: half a second of the processor is waited for.
      const used = () => readNoise([beside.pid]).ownCpuMs! - beforeOwn.ownCpuMs! - (after.ownCpuMs! - before.ownCpuMs!);
      for (let i = 0; i < 600 && used() < 500; i++) {
        await new Promise((done) => setTimeout(done, 50));
        after = readNoise();
      }
      const afterOwn = readNoise([beside.pid]);
      const asOthers = noiseBetween(before, after).othersCpuMs, asOwn = noiseBetween(beforeOwn, afterOwn).othersCpuMs;
      if (asOthers == null || asOwn == null) return; // a sandbox without the machine's counters
      assert.ok(asOthers - asOwn > 300, `${asOthers} and ${asOwn} ms`);
    } finally {
      beside.kill("SIGKILL");
      await beside.status;
    }
  },
});
