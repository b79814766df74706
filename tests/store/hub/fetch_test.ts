/** Fetching models of the hub: who sees the token, what stays, and several at once. */
import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { requestStop } from "../../../lib/progress.ts";
import { NotCachedError } from "../../../lib/store/hub/cache.ts";
import { HubError } from "../../../lib/store/hub/fault.ts";
import { hubFiles } from "../../../lib/store/hub/files.ts";
import { hubListing } from "../../../lib/store/hub/listing.ts";
import { parseHubReference } from "../../../lib/store/hub/reference.ts";
import { COMMIT, hash, type HubServer, hubServer, setEnv } from "../hub_server.ts";
import {
  fetchAll,
  FILE,
  MODEL,
  partialBytes,
  REPOSITORY,
  SECRET,
  STORED,
  WEIGHTS,
  weightsPath,
  when,
} from "./model.ts";

Deno.test("the token goes to the hub alone, from the environment or its tools' file, and can be left out", async () => {
  const tokensOf = async (hub: HubServer) => {
    await fetchAll();
    return [new Set(hub.tokens), new Set(hub.storageTokens)];
  };
  const models = { "o/m": MODEL };
  for (
    const [env, want] of [
      [{ HF_TOKEN: ` ${SECRET}\n` }, `Bearer ${SECRET}`],
      [{}, null],
      [{ HF_TOKEN: SECRET, HF_HUB_DISABLE_IMPLICIT_TOKEN: "1" }, null],
    ] as const
  ) {
    await using hub = await hubServer({}, { models, elsewhere: true });
    const restore = setEnv(env);
    try {
      assert.deepEqual(await tokensOf(hub), [new Set([want]), new Set([null])]);
    } finally {
      restore();
    }
  }
  await using hub = await hubServer({}, { models, elsewhere: true });
  await writeFile(`${Deno.env.get("HF_HOME")}/token`, `${SECRET}\n`);
  assert.deepEqual(await tokensOf(hub), [new Set([`Bearer ${SECRET}`]), new Set([null])]);
  const restore = setEnv({ HF_TOKEN: "hf_with\nbreak", ARCHBENCH_CACHE: `${Deno.env.get("HF_HOME")}/other` });
  try {
    await assert.rejects(
      fetchAll(),
      (error: Error) =>
        /the token in HF_TOKEN has characters that no token has/.test(error.message) &&
        !error.message.includes("break"),
    );
  } finally {
    restore();
  }
});

Deno.test("what was fetched is read without a network, by its branch and by its commit; what was not is named", async () => {
  await using hub = await hubServer({}, { models: { "o/m": MODEL } });
  await fetchAll();
  const asked = hub.asked.length, restore = setEnv({ HF_HUB_OFFLINE: "1" });
  try {
    await fetchAll();
    await fetchAll({}, `hf:o/m@${COMMIT}`);
    assert.equal(hub.asked.length, asked);
    await assert.rejects(
      fetchAll({}, "hf:o/n"),
      (error) =>
        error instanceof NotCachedError &&
        /The files of hf:o\/n are not on this machine, and HF_HUB_OFFLINE/.test(error.message),
    );
  } finally {
    restore();
  }
});

Deno.test("a stop is heard at the next piece; the next run goes on from there", async () => {
  let stopped = false;
  const body = () =>
    new ReadableStream({
      start: (controller) => controller.enqueue(WEIGHTS.slice(0, 100_000)),
      async pull(controller) {
        while (!stopped && await partialBytes() !== 100_000) await new Promise((resolve) => setTimeout(resolve, 5));
        if (stopped) return;
        stopped = true;
        requestStop();
        controller.enqueue(WEIGHTS.slice(100_000, 150_000)); // and no more: the connection stays open
      },
    }, { highWaterMark: 0 });
  const stops = when(STORED, (_, nth) => nth === 0 ? new Response(body()) : undefined);
  await using hub = await hubServer({}, { models: { "o/m": MODEL }, ...stops });
  await assert.rejects(fetchAll(), { name: "StopError" });
  const there = await partialBytes();
  assert.ok(there! >= 100_000 && there! <= 150_000, `${there}`);
  await fetchAll();
  assert.equal(hub.ranges.at(-1), `bytes=${there}-`);
});

Deno.test({
  name: "a disk that fills up while a file comes is named as such",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using _hub = await hubServer({}, { models: { "o/m": MODEL } });
    await mkdir(dirname(weightsPath()), { recursive: true });
    await Deno.symlink("/dev/full", `${weightsPath()}.partial`); // every write finds it full
    await assert.rejects(
      fetchAll(),
      (error) =>
        error instanceof HubError && error.fault === "disk" && /No space left.*; make room there/.test(error.message),
    );
  },
});

Deno.test("an HF_ENDPOINT that is no address is named at once", async () => {
  await using _hub = await hubServer({});
  const restore = setEnv({ HF_ENDPOINT: "hub.local" });
  try {
    await assert.rejects(fetchAll(), {
      name: "RangeError",
      message: /HF_ENDPOINT must be the address of a hub.*"hub\.local"/,
    });
  } finally {
    restore();
  }
});

Deno.test("two at once fetch a model once: the second waits and finds it there", async () => {
  await using hub = await hubServer({}, { models: { "o/m": MODEL } });
  await fetchAll({ cachedOnly: true }).catch(() => {}); // the listing alone
  await Promise.all([fetchAll(), fetchAll(), fetchAll()]);
  assert.equal(hub.asked.filter((path) => path === FILE).length, 1);
});

Deno.test("two processes at once fetch a model once", async () => {
  await using hub = await hubServer({}, { models: { "o/m": MODEL } });
  const { commit, files } = await hubListing("hf:o/m", "model", parseHubReference("hf:o/m", "model"));
  const script = `import { hubFiles } from ${
    JSON.stringify(new URL("../../../lib/store/hub/files.ts", import.meta.url).href)
  };
    await hubFiles("hf:o/m", ${JSON.stringify(REPOSITORY)}, "${commit}", ${JSON.stringify(files)});`;
  const run = () => new Deno.Command(Deno.execPath(), { args: ["eval", "--quiet", script] }).output();
  for (const { success, stderr } of await Promise.all([run(), run()])) {
    assert.ok(success, new TextDecoder().decode(stderr));
  }
  assert.equal(hub.asked.filter((path) => path === FILE).length, 1);
  assert.deepEqual(new Uint8Array(await readFile(weightsPath())), WEIGHTS);
});

Deno.test("a file whose name would leave the folder, or means something in an address, is left out or fetched whole", async () => {
  const models = { "o/m": { "../../out.json": "{}", "a/..\\b.json": "{}", "odd #1?.json": "{1}" } };
  await using hub = await hubServer({}, { models });
  const { files } = await hubListing("hf:o/m", "model", parseHubReference("hf:o/m", "model"));
  assert.deepEqual(files.map(({ path }) => path), []); // "?" is no name on every system
  const odd = new TextEncoder().encode("{1}");
  await using second = await hubServer({}, { models: { "o/m": { "odd #1%20.json": odd } } });
  const [file] = (await hubListing("hf:o/m", "model", parseHubReference("hf:o/m", "model"))).files;
  assert.deepEqual(file, { path: "odd #1%20.json", bytes: 3, hash: `sha1:${hash("sha1", odd)}` });
  await hubFiles("hf:o/m", REPOSITORY, COMMIT, [file]);
  assert.deepEqual(await readdir(dirname(weightsPath())), ["odd #1%20.json"]);
  assert.ok(hub && second);
});
