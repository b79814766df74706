/** What can go wrong with the hub, one by one: what comes of each, and what it costs. */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { isFetched } from "../../../lib/store/hub/cache.ts";
import { HubError, type HubFault } from "../../../lib/store/hub/fault.ts";
import type { FetchLimits } from "../../../lib/store/hub/files.ts";
import { COMMIT, hubServer, type HubServerOptions, setEnv } from "../hub_server.ts";
import {
  fetchAll,
  FILE,
  INFO,
  MODEL,
  partialBytes,
  REPOSITORY,
  SECRET,
  STORED,
  WEIGHTS,
  weightsPath,
  when,
} from "./model.ts";

/** The file, broken off after so many bytes (of what was asked for). */
function cut(request: Request, after: number): Response {
  const from = Number(/bytes=(\d+)-/.exec(request.headers.get("Range") ?? "")?.[1] ?? 0);
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(WEIGHTS.slice(from, from + after)),
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 30)); // what was written is on its way
      controller.error(new Error("cut"));
    },
  }, { highWaterMark: 0 });
  return new Response(body, {
    status: from ? 206 : 200,
    headers: {
      "Content-Length": String(WEIGHTS.length - from),
      "Content-Range": `bytes ${from}-${WEIGHTS.length - 1}/${WEIGHTS.length}`,
    },
  });
}

function refusal(status: number, headers: Record<string, string> = {}): Response {
  return new Response("", { status, headers });
}

interface Fault extends HubServerOptions {
  limits?: FetchLimits;
  source?: string;
  env?: Record<string, string>;
  before?: () => Promise<void>;
  /** What comes of it: right files, or an error. */
  fault?: HubFault | "RangeError";
  message?: RegExp;
  waits?: number[];
  /** `Range` of the requests for the weights, in order. */
  ranges?: (string | null)[];
  /** Bytes that stay for the next time. */
  left?: number | null;
}

/** A half-finished file from before. */
const leave = (bytes: Uint8Array) => async () => {
  await mkdir(dirname(weightsPath()), { recursive: true });
  await writeFile(`${weightsPath()}.partial`, bytes);
};

const FAULTS: Record<string, Fault> = {
  "no fault": { waits: [] },
  "connection cut twice": {
    ...when(STORED, (request, nth) => nth < 2 ? cut(request, 100_000) : undefined),
  },
  "connection cut again and again": {
    ...when(STORED, (request, nth) => cut(request, nth === 0 ? 100_000 : 0)),
    fault: "network",
    // Where not even an answer's head comes, the connection itself is what failed.
    message:
      /(ended after 100000 of 300000 bytes \(.*\), again and again; what came is kept|, 5 times).*is there a network/,
    left: 100_000,
  },
  "half-finished from before": { before: leave(WEIGHTS.slice(0, 123_456)), ranges: [null, "bytes=123456-"] },
  "another file's half from before": {
    before: leave(new Uint8Array(1000)),
    ranges: [null, "bytes=1000-", null],
  },
  "more than the file has from before": { before: leave(new Uint8Array(400_000)), ranges: [null, null] },
  "a server without ranges": {
    before: leave(WEIGHTS.slice(0, 1000)),
    ...when(STORED, () => new Response(WEIGHTS.slice())),
  },
  "too short": {
    spoil: (path, bytes) => path === "config.json" ? bytes : bytes.slice(0, -7),
    fault: "damaged",
    message: /model\.safetensors has 299993 bytes there, and the hub's list says 300000/,
    left: null,
  },
  "a list that lies about the size": {
    list: (entry) => entry.lfs ? { ...entry, lfs: { ...entry.lfs, size: 1000 } } : entry,
    fault: "damaged",
    message: /has 300000 bytes there, and the hub's list says 1000/,
    left: null,
  },
  "endless": {
    ...when(STORED, () => new Response(new Blob([WEIGHTS, WEIGHTS]).stream())),
    fault: "damaged",
    message: /has more than the 300000 bytes that the hub announced/,
    left: null,
  },
  "other content": {
    spoil: (_path, bytes) => bytes.map((b, i) => i === 7 ? b ^ 1 : b),
    fault: "damaged",
    message: /the sha(1|256) of .* is [0-9a-f]+, the hub says/,
    left: null,
  },
  "a list with a file larger than any": {
    list: (entry) => entry.lfs ? { ...entry, lfs: { ...entry.lfs, size: 1e15 } } : entry,
    fault: "damaged",
    message: /its list says that model\.safetensors has 1000000000000000 bytes/,
  },
  "a list with impossible sizes": {
    list: (entry) => ({ ...entry, size: -1, lfs: undefined }),
    fault: "damaged",
    message: /its list says that config\.json has -1 bytes/,
  },
  "401 without a token": {
    ...when(INFO, () => refusal(401)),
    fault: "login",
    message: /no such repository \(401\): it is private or does not exist; look whether the name is right; .*HF_TOKEN/,
  },
  "401 with a token": {
    ...when(INFO, () => refusal(401)),
    env: { HF_TOKEN: SECRET },
    fault: "login",
    message: /does not take the token \(401\): it may be mistyped, expired or revoked/,
  },
  "403, gated": {
    ...when(STORED, () => refusal(403, { "X-Error-Code": "GatedRepo" })),
    env: { HF_TOKEN: SECRET },
    fault: "gated",
    message:
      /is gated.*\(403\); open http:\/\/127.*\/o\/m in a browser, sign in and accept its conditions, then set HF_TOKEN/,
  },
  "404, repository": {
    source: "hf:o/other",
    fault: "repository",
    message: /Cannot fetch hf:o\/other from http:.*Repository not found \(404\); look at http:.*\/o\/other/,
  },
  "404, revision": {
    source: "hf:o/m@v9",
    fault: "revision",
    message: /Cannot fetch hf:o\/m@v9 .*has no such revision \(404\); pass a branch, a tag or a commit/,
  },
  "429, seconds to wait": {
    ...when(INFO, (_, nth) => nth < 1 ? refusal(429, { "Retry-After": "7" }) : undefined),
    waits: [7000],
  },
  "429, a time to wait for": {
    ...when(INFO, (_, nth) => nth < 1 ? refusal(429, { "Retry-After": "Thu, 01 Jan 1970 00:02:00 GMT" }) : undefined),
    limits: { network: { now: () => 90_000 } },
    waits: [30_000],
  },
  "429, RateLimit": {
    ...when(STORED, (_, nth) => nth < 1 ? refusal(429, { RateLimit: '"resolvers";r=0;t=12' }) : undefined),
    waits: [12_000],
  },
  "429, two hours to wait": {
    ...when(INFO, () => refusal(429, { "Retry-After": "7200" })),
    fault: "busy",
    message: /too many requests \(429\), and it asks to wait 120 minutes; try again later/,
    waits: [],
  },
  "429 for ever": {
    ...when(INFO, () => refusal(429, { "Retry-After": "1" })),
    fault: "busy",
    message: /too many requests \(429\), 5 times/,
  },
  "503, then fine": {
    ...when(STORED, (_, nth) => nth < 2 ? refusal(503) : undefined),
    waits: [500, 1000],
  },
  "500 for ever": {
    ...when(STORED, () => refusal(500)),
    fault: "server",
    message: /it answers 500, 5 times; the fault is the hub's/,
  },
  "nothing comes": {
    ...when(STORED, () => new Response(new ReadableStream())),
    limits: { network: { idleMs: 20 } },
    fault: "network",
    message: /nothing came for 20 ms/,
  },
  "no room on the disk": {
    limits: { freeBytes: () => Promise.resolve(200_000) },
    fault: "disk",
    message:
      /needs 0\.3 MB and 100\.0 MB to spare, and the disk of .* has 0\.2 MB left; make room there, or set ARCHBENCH_CACHE/,
    ranges: [],
  },
  "more than may be fetched": {
    limits: { maxBytes: 1000, instead: "pass less" },
    fault: "RangeError",
    message: /Refused to fetch hf:o\/m: 0\.3 MB is more than the 0\.0 MB that is fetched unasked; pass less/,
    ranges: [],
  },
  "a page instead of JSON": {
    ...when(INFO, () => new Response("<html>Please log in</html>")),
    fault: "network",
    message: /the answer is no JSON: a proxy or a page to log in may answer/,
  },
  "an answer of another kind": {
    answer: (asked) => asked.includes("/tree/") ? Response.json([null, { type: "file", path: 7 }]) : undefined,
    fault: "damaged",
    message: /the answer is not what a hub answers/,
  },
  "points on and on": {
    ...when(FILE, () => refusal(302, { Location: FILE })),
    fault: "network",
    message: /it points on and on, 10 times/,
  },
};

const table: string[][] = [["fault", "requests", "waited", "what comes of it"]];

for (
  const [name, { limits, source, env = {}, before, fault, message, waits, ranges, left, ...server }] of Object.entries(
    FAULTS,
  )
) {
  Deno.test(`the hub, ${name}: ${fault ? `a named error` : "the right files"}`, async () => {
    await using hub = await hubServer({}, { models: { "o/m": MODEL }, ...server });
    const restore = setEnv(env);
    try {
      await before?.();
      const waited: number[] = [];
      const network = { wait: (ms: number) => Promise.resolve(void waited.push(ms)), ...limits?.network };
      const error = await fetchAll({ ...limits, network }, source).then(() => null, (e: Error) => e);
      if (fault) {
        assert.ok(error, "it must fail");
        assert.equal(error instanceof HubError ? error.fault : error.name, fault, error.message);
        assert.match(error.message, message!);
        assert.ok(!`${error.message} ${error.stack}`.includes(SECRET), "the token shows");
        assert.ok(!isFetched(REPOSITORY, COMMIT, { path: "model.safetensors", bytes: WEIGHTS.length, hash: "" }));
      } else if (error) throw error;
      if (waits) assert.deepEqual(waited, waits);
      if (ranges) assert.deepEqual(hub.ranges, ranges);
      if (left !== undefined) assert.equal(await partialBytes(), left);
      else if (!fault) assert.equal(await partialBytes(), null);
      const outcome = error ? error.message.replace(/^.*?from \S+ /, "").replaceAll(hub.url, "<hub>") : "right files";
      table.push([name, String(hub.asked.length), `${waited.reduce((a, b) => a + b, 0) / 1000} s`, outcome]);
    } finally {
      restore();
    }
  });
}

Deno.test("the table of faults, as the tests above saw them", () => {
  const widths = [0, 1, 2].map((i) => Math.max(...table.map((row) => row[i].length)));
  const line = (row: string[]) => row.map((cell, i) => i < 3 ? cell.padEnd(widths[i]) : cell.slice(0, 200)).join("  ");
  console.log(table.map(line).join("\n"));
});
