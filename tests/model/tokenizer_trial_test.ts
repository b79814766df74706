import assert from "node:assert/strict";
import { LIBRARY } from "../../lib/model/native_tokenizer.ts";
import { runTrial } from "../../lib/model/tokenizer_trial.ts";
import deno from "../../deno.json" with { type: "json" };

const json = JSON.stringify({ model: { type: "BPE", vocab: { a: 0, b: 1 }, merges: [] } });
const shell = (script: string) => ["/bin/sh", "-c", script];

Deno.test("a tokenizer that opens passes its trial", async () => {
  assert.deepEqual(await runTrial(json, "a.json"), { opened: true });
});

Deno.test("a tokenizer that cannot be opened fails its trial with the field at fault", async () => {
  const bad = JSON.stringify({ ...JSON.parse(json), decoder: { type: "Sequence", decoders: [{ type: "Fuse" }, {}] } });
  await assert.rejects(runTrial(bad, "a.json"), {
    name: "SyntaxError",
    message: /^Cannot read the tokenizer a\.json: its decoder\.decoders\[1\] is unknown, incomplete or does not fit/,
  });
});

const endless: typeof ends = [
  ["never answers", shell("exec sleep 60"), /a\.json: in a trial the process that opened it took more than 0\.05 s/],
  ["is busy without end", shell("while :; do :; done"), /took more than 0\.05 s/],
];
const ends: [string, string[], RegExp][] = [
  [
    "ends with an error",
    shell("echo 'out of luck' >&2; exit 7"),
    /ended with code 7; its last words: out of luck; the/,
  ],
  ["is ended by a signal", shell("kill -ABRT $$"), /ended by SIGABRT/],
  ["ends without an answer", shell("cat > /dev/null"), /ended with code 0/],
  ["prints something else", shell("echo '{'"), /ended with code 0/],
];

for (const [what, command, message] of [...endless, ...ends]) {
  Deno.test({
    name: `a trial whose process ${what} is an error that says so`,
    ignore: Deno.build.os === "windows",
    async fn() {
      const seconds = endless.some(([name]) => name === what) ? 0.05 : 20; // a process of a busy machine takes its time
      await assert.rejects(runTrial(json, "a.json", { command, seconds }), { name: "SyntaxError", message });
    },
  });
}

Deno.test({
  name: "a trial has limits on its processor time and its memory",
  ignore: Deno.build.os === "windows",
  async fn() {
    const command = shell('printf \'{"opened":true,"t":"%s","d":"%s"}\' "$(ulimit -t)" "$(ulimit -d)"');
    const { t, d } = await runTrial(json, "a.json", { command, seconds: 3 }) as unknown as Record<string, string>;
    assert.equal(t, "3");
    assert.ok(d === "unlimited" ? Deno.build.os !== "linux" : Number(d) < 8 * 1024 * 1024, `${d} KiB`);
  },
});

Deno.test("what is remembered of a trial names the library that is pinned", () => {
  assert.equal(deno.imports.tokenizers, `npm:${LIBRARY.replace(" ", "@")}`);
});
