import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { HostError, startHost } from "../../lib/model/host.ts";
import { openModel } from "../../lib/model/open_model.ts";
import { projectRoot } from "../../lib/store/paths.ts";
import { someIds, tinySpec } from "./tiny_spec.ts";

const options = { threads: 1 };
/** Long enough that a run is still on when the test ends it. */
const longRun = { prompt: { tokens: 8, seed: 0 }, newTokens: 16_000, way: "loop" as const, repeats: 1000 };
const roomy = () => tinySpec({ contextLength: 16_384 });

Deno.test("a host gives the numbers of the model in this process", async () => {
  const ref = { ref: tinySpec(), seed: 4 };
  const host = await startHost(ref, options);
  const model = await openModel(ref, options);
  try {
    assert.deepEqual(host.open.info, model.info);
    const requests = [{ contextIds: someIds.slice(0, 9), continuationIds: [1, 2, 3] }];
    assert.deepEqual(await host.score(requests), await model.score(requests));
    const settings = { maxNewTokens: 12, temperature: 0.8, seed: 3 };
    assert.deepEqual(await host.generate("ab", settings), await model.generate("ab", settings));
    assert.deepEqual(await host.encode(["é", "x"]), [[0xc3, 0xa9], [0x78]]);
  } finally {
    await host.close();
    await model.close();
  }
});

Deno.test("generateRuns() repeats one prompt: same ids in every repeat and both ways, times in order", async () => {
  const host = await startHost({ ref: tinySpec() }, options);
  try {
    const request = { prompt: { tokens: 5, seed: 7 }, newTokens: 9, repeats: 3 };
    const loop = await host.generateRuns({ ...request, way: "loop" });
    const step = await host.generateRuns({ ...request, way: "step" });
    for (const sample of [...loop, ...step]) {
      assert.deepEqual(sample.ids, loop[0].ids);
      assert.equal(sample.ids.length, 9);
      assert.ok(sample.startMs < sample.firstTokenMs && sample.firstTokenMs < sample.endMs);
      assert.ok(sample.counters.residentBytes > 0);
    }
    assert.equal(loop[0].tokenMs, null);
    assert.equal(step[0].tokenMs!.length, 9);
    assert.equal(step[0].tokenMs![0], step[0].firstTokenMs);
    const [all] = await host.forwardRuns({ batch: 3, seqLen: 8, seed: 0, repeats: 1, logits: "all" });
    const [last] = await host.forwardRuns({ batch: 3, seqLen: 8, seed: 0, repeats: 1 });
    assert.ok(all.endMs > all.startMs && last.endMs > last.startMs);
    assert.deepEqual(last.ids, [7, 15, 23].map((row) => all.ids[row]), "the last row of each sequence");
  } finally {
    await host.close();
  }
});

Deno.test("an error of the model keeps its kind and the host goes on", async () => {
  const host = await startHost({ ref: tinySpec() }, options);
  try {
    await assert.rejects(host.score([{ contextIds: [1], continuationIds: [999] }]), RangeError);
    assert.equal((await host.encode(["a"])).length, 1);
  } finally {
    await host.close();
  }
  await assert.rejects(
    startHost("no-such-model"),
    /Unknown model "no-such-model"; there are: smollm2-135m, gemma3-270m; pass .* the path of a \.gguf file/,
  );
});

Deno.test("an error of what is done with a part of the results ends that call alone", async () => {
  const host = await startHost({ ref: tinySpec() }, options);
  try {
    const full = () => {
      throw new Error("the disk is full");
    };
    const requests = [{ contextIds: [1], continuationIds: [2] }];
    await assert.rejects(host.score(requests, { onProgress: full }), /the disk is full/);
    assert.equal((await host.score(requests)).length, 1);
  } finally {
    await host.close();
  }
});

Deno.test("a killed host is an error that says so, and the parent goes on", async () => {
  const host = await startHost({ ref: roomy() }, options);
  const busy = host.generateRuns(longRun);
  Deno.kill(host.pid, "SIGKILL");
  await assert.rejects(busy, (error: Error) => {
    assert.ok(error instanceof HostError);
    assert.match(error.message, /ended by SIGKILL during "generateRuns"/);
    return true;
  });
  await assert.rejects(host.counters(), HostError);
  await host.close();
});

Deno.test("close() ends a busy host at once", async () => {
  const host = await startHost({ ref: roomy() }, options);
  const busy = host.generateRuns(longRun);
  const [result] = await Promise.allSettled([busy, host.close()]);
  assert.match(String((result as PromiseRejectedResult).reason), /was closed during "generateRuns"/);
  assert.equal(isAlive(host.pid), false);
});

Deno.test({
  name: "a busy host dies with its parent, also when that is killed",
  ignore: Deno.build.os !== "linux", // elsewhere a host only notices when it next reads
  async fn() {
    const script = `
      import { startHost } from ${JSON.stringify(new URL("../../lib/model/host.ts", import.meta.url).href)};
      const host = await startHost({ ref: ${JSON.stringify(roomy())} }, { threads: 1 });
      host.generateRuns(${JSON.stringify(longRun)});
      console.log(host.pid);
    `;
    const file = await Deno.makeTempFile({ suffix: ".ts" });
    await Deno.writeTextFile(file, script);
    const parent = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", "--config", `${projectRoot()}/deno.json`, file],
      cwd: fileURLToPath(new URL("../..", import.meta.url)),
      stdout: "piped",
    }).spawn();
    const reader = parent.stdout.getReader();
    const pid = Number(new TextDecoder().decode((await reader.read()).value));
    assert.ok(isAlive(pid), "the host runs");
    await reader.cancel();
    parent.kill("SIGKILL");
    await parent.status;
    const end = Date.now() + 60_000; // at once, on a machine that is not busy
    while (isAlive(pid) && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(isAlive(pid), false, "the host outlived its parent");
    await Deno.remove(file);
  },
});

/** Whether a process runs; one that is dead but not yet waited for does not. */
function isAlive(pid: number): boolean {
  try {
    Deno.kill(pid, "SIGCONT");
  } catch {
    return false;
  }
  if (Deno.build.os !== "linux") return true;
  try {
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}
