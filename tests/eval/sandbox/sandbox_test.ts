import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openSandbox } from "../../../lib/eval/sandbox/sandbox.ts";
import { projectRoot } from "../../../lib/store/paths.ts";
import { childrenOf } from "./probes.ts";

/** Waits until these processes are no more: at once, on a machine that is not busy. */
async function gone(pids: string[]): Promise<void> {
  const left = () => pids.filter((pid) => existsSync(`/proc/${pid}`));
  for (let i = 0; i < 1200 && left().length; i++) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual(left(), []);
}

const linux = Deno.build.os === "linux" && existsSync("/usr/bin/setpriv");

for (const language of ["python", "typescript"] as const) {
  Deno.test({
    name: `a ${language} program that loops dies with the process that opened the sandbox`,
    ignore: !linux,
    async fn() {
      const parent = new Deno.Command(Deno.execPath(), {
        args: [
          "run",
          "-A",
          "--config",
          join(projectRoot(), "deno.json"),
          join(import.meta.dirname!, "looping_parent.ts"),
          language,
        ],
        stdout: "piped",
        stderr: "inherit",
      }).spawn();
      const reader = parent.stdout.getReader();
      assert.match(new TextDecoder().decode((await reader.read()).value), /looping/);
      const children = childrenOf(parent.pid);
      assert.ok(children.length >= 2); // one loops, one is ready
      parent.kill("SIGKILL");
      await parent.status;
      await reader.cancel();
      await gone(children);
    },
  });

  Deno.test(`a ${language} sandbox replaces children that were killed, and ends those that run`, async () => {
    const sandbox = await openSandbox(language);
    const code = language === "python" ? "assert 1" : "const x: number = 1;";
    const children = childrenOf(Deno.pid);
    for (const pid of children) Deno.kill(Number(pid), "SIGKILL");
    await gone(children);
    assert.equal((await sandbox.run({ language, code })).verdict, "passed");
    const loop = sandbox.run({ language, code: language === "python" ? "while True: pass" : "for (;;);" });
    const waiting = sandbox.run({ language, code });
    const errors = Promise.all([loop, waiting].map((run) => run.then(() => "ended", (error) => error.message)));
    await new Promise((resolve) => setTimeout(resolve, 300));
    await sandbox.close();
    const closed = "Cannot run a program: the sandbox is closed; open another";
    assert.deepEqual(await errors, [closed, closed]);
    await assert.rejects(sandbox.run({ language, code }), { message: closed });
    assert.deepEqual(childrenOf(Deno.pid), []);
  });
}

Deno.test("openSandbox() names what is out of range, and run() what it was not opened for", async () => {
  await assert.rejects(openSandbox("ruby" as "python"), /language is "ruby"; there are: python, typescript/);
  await assert.rejects(openSandbox("python", { timeoutS: 0 }), /timeoutS must be a number from 0.001 to 3600, got 0/);
  await assert.rejects(openSandbox("python", { workers: 1.5 }), /workers must be an integer >= 1, got 1.5/);
  await assert.rejects(openSandbox("python", { memoryMib: 8 }), /memoryMib must be a number from 64 to 4096, got 8/);
  await assert.rejects(
    openSandbox("typescript", { mode: "loose" as "run" }),
    /mode is "loose"; there are: strict, run/,
  );
  const sandbox = await openSandbox("python");
  await assert.rejects(
    sandbox.run({ language: "typescript", code: "" }),
    /Cannot run typescript: this sandbox was opened for python/,
  );
  const long = await sandbox.run({ language: "python", code: "#".repeat(2 ** 20 + 1) });
  assert.deepEqual([long.verdict, long.reason], [
    "failed",
    "the program has 1048577 characters; at most 1048576 are run",
  ]);
  await sandbox.close();
});
